"""Cryptography of ES10, on top of the `cryptography` library."""
