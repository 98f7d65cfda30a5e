"""What the other parties complain of."""


class EimError(Exception):
    """Something an eIM cannot do or cannot believe; its text is for a person, with a next step."""


class NotGenuineError(EimError):
    """An answer that the card did not sign over these bytes."""
