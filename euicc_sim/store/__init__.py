"""A card's directory: what is in it, how it is read, written, made and copied."""
