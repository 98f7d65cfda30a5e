"""Traces of commands and responses, for Wireshark, pySim-trace and people.

GSMTAP messages in pcapng files or sent to a socket, session keys of downloads on request, the
journal that `watch` follows, and the way back from a trace to ES10 messages. Knows nothing of
cards or readers.
"""
