"""Ways for other programs to reach a card: vpcd (PC/SC), TCP, pipes, lpac's stdio.

A transport takes frames from a socket or a pipe, calls `reset`, `power_off` and `transmit` of
whatever card it was given, and sends back the bytes. `link` keeps a connection to vpcd up, `shared`
lets several ways reach one card, one command at a time. `pcsc` and `readers` go the other way: they
open a card in a reader for our own programs.

Knows nothing of what the bytes mean, nor that the card is ours. Start reading at `vpcd`, which has
the framing of the most used way, then `link`.
"""
