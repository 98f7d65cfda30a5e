"""Bytes as people write them."""


def hx(text: str) -> bytes:
    """Hex digits, spaces as one likes."""
    return bytes.fromhex(text)
