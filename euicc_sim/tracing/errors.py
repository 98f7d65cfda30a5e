"""What can go wrong with a trace."""


class TraceError(Exception):
    """A trace that cannot be written or read: a sentence that says what to do."""
