"""What parties complain of: sentences with a next step, and the codes that ES9+ has for them."""

from __future__ import annotations

from enum import Enum


class EimError(Exception):
    """Something an eIM cannot do or cannot believe; its text is for a person, with a next step."""


class UnknownFormError(EimError):
    """An answer of a form that the version which is spoken does not have."""


class NotGenuineError(EimError):
    """An answer that the card did not sign over these bytes."""


class LpaError(Exception):
    """What did not come about: a sentence with the next step.

    `code` is the name or number by which the card or the server said why, None when neither did:
    a result code such as "catBusy", an errorReason, a status word such as "6A88", or the status
    codes of the server such as "8.2.6/3.8". `result` is a ProfileInstallationResult (BF37) that
    came with it.
    """

    def __init__(self, sentence: str, code: str | None = None, result: bytes | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.result = result


class EimUnreachableError(LpaError):
    """The eIM does not answer at all."""


class Refusal(Enum):
    """Subject code and reason code, SGP.22 v2.5 clauses 5.2.6 and 5.6."""

    MALFORMED = ("1", "2.1")
    ELEMENT_MISSING = ("1", "2.2")
    UNSUPPORTED = ("1", "3.1")
    EUICC_MESSAGE = ("8.1", "2.1")
    EUICC_SIGNATURE = ("8.1", "6.1")
    OTHER_EID = ("8.1.1", "3.8")
    EUM_CERTIFICATE = ("8.1.2", "6.1")
    EUM_CERTIFICATE_EXPIRED = ("8.1.2", "6.3")
    EUICC_CERTIFICATE = ("8.1.3", "6.1")
    EUICC_CERTIFICATE_EXPIRED = ("8.1.3", "6.3")
    PROFILE_NOT_PREPARED = ("8.2", "3.7")
    MATCHING_ID = ("8.2.6", "3.8")
    CONFIRMATION_CODE_MISSING = ("8.2.7", "2.2")
    CONFIRMATION_CODE = ("8.2.7", "3.8")
    CONFIRMATION_CODE_TRIES = ("8.2.7", "6.4")
    OTHER_SMDP = ("8.8", "3.10")
    ADDRESS = ("8.8.1", "3.8")
    CI_KEYS = ("8.8.2", "3.1")
    NO_SERVER_CERTIFICATE = ("8.8.4", "3.7")
    TRANSACTION = ("8.10.1", "3.9")
    CI_KEY = ("8.11.1", "3.9")


class SmdppError(Exception):
    """What an SM-DP+ does not do: a sentence with the next step, and ES9+ status codes.

    `subject` and `reason` are the dotted codes of SGP.22 clause 5.2.6, such as 8.2.6 and 3.8;
    `refusal` is None for codes that no refusal of ours has.
    """

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal: Refusal | None = refusal
        self.subject, self.reason = refusal.value


class RemoteSmdppError(SmdppError):
    """The refusal of an SM-DP+ at the other end of a line, which may have any status codes."""

    def __init__(self, subject: str, reason: str, sentence: str) -> None:
        Exception.__init__(self, sentence)
        self.subject, self.reason = subject, reason
        self.refusal = next((one for one in Refusal if one.value == (subject, reason)), None)
