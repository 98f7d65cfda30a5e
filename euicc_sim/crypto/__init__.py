"""The cryptography that ES10 needs, built on the `cryptography` library."""
