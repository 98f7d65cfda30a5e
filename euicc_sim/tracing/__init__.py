"""Traces: what a card was asked and answered, for Wireshark, pySim-trace and people.

APDUs go in, as the card's own transport saw them; out come GSMTAP messages in pcapng files or sent
to a socket, the keys of downloads where they are asked for, and the journal that `watch` follows.
`conversation` is the way back, from a trace to ES10 messages.

Knows no card and no reader, and keeps no key unless it is told to. Start reading at `recorder`.
"""
