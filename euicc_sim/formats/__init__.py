"""Formats that the card receives: Bound Profile Packages and profile packages (SAIP).

`bpp` follows a Bound Profile Package while it comes in pieces of any size, and gives its segments
as they are whole. `saip` looks through an unprotected Profile Package, says what stands in it and
whether this card could install it, and makes the answer of the installation.

Both take bytes from outside, so both expect anything. They do not know who asks, what becomes of a
Profile, or any key. Start reading at `bpp`.
"""
