"""Cryptography of remote SIM provisioning, on top of the `cryptography` library.

Keys and bytes go in; signatures as r||s (`signature`), verdicts on certificate chains (`chain`),
shared secrets (`agreement`) and the segments of the BSP channel (`bsp`) come out; for a SIM, what
authentication answers (`aka`, `milenage`, `tuak`) and a concealed identity (`suci`). What is signed
is verified over the bytes as they came.

Knows no message, no function of a card and no file, and makes no random bytes: callers bring
them. Start reading at `signature`, the smallest.
"""
