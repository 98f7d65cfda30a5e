"""What the card remembers, as frozen values; transitions are methods that return a new value.

Knows nothing of wire encodings, JSON or ASN.1.
"""
