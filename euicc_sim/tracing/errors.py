"""The error of this package."""


class TraceError(Exception):
    """A trace that cannot be written or read. The text says what to do."""
