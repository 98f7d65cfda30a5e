"""Profiles on the card: listing them, switching between them, and the ways back."""
