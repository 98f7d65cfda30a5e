"""Traces: what a card was asked and answered, for Wireshark, pySim-trace and people.

GSMTAP messages in pcapng files or sent to a socket, the keys of downloads where they are asked
for, the journal that `watch` follows, and the way back from a trace to ES10 messages. Knows no
card and no reader.
"""
