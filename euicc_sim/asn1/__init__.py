"""The messages of SGP.22 and SGP.32: their ASN.1 types, and a codec between bytes and values.

No behaviour lives here.
"""
