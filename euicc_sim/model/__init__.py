"""What the card remembers, as frozen values; transitions are functions that return new ones.

Knows no bytes of the wire, no JSON, no ASN.1 library.
"""
