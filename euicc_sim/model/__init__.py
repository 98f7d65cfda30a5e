"""What the card remembers, as frozen values; transitions are functions that return new ones.

`Identity` is what a card is made with and never changes, `State` what it keeps over power cuts
(eIMs, Profiles, results, Notifications), `Volatile` what a reset takes away (sessions, challenges).
A value goes in, another comes out: nothing here changes anything, so nobody has to undo anything.

Knows no bytes of the wire, no JSON, no ASN.1 library, no other package. Start reading at `state`.
"""
