"""Formats that the card receives: Bound Profile Packages and profile packages (SAIP)."""
