"""`euicc-sim decode`."""


def decode() -> None:
    """Print any ES10 object as a named tree."""
