"""The one error of this package."""


class PkiError(Exception):
    """A key, certificate, folder or number that cannot be used.

    Its text is for a person: what was found, where, and what to do next.
    """
