"""Errors of the parties: sentences with a next step, and ES9+ status codes."""

from __future__ import annotations

from enum import Enum


class EimError(Exception):
    """Something an eIM cannot do or cannot trust; a sentence with the next step."""


class UnknownFormError(EimError):
    """An answer of a form that does not exist in the version in use."""


class NotGenuineError(EimError):
    """An answer without the card's signature over these bytes."""


class LpaError(Exception):
    """A failure of an LPA or IPA: a sentence with the next step.

    `code` is the reason that the card or the server gave, None if neither did: a result code such
    as "catBusy", an errorReason, a status word such as "6A88", or the server's status codes such as
    "8.2.6/3.8". `result` is the ProfileInstallationResult (BF37), if there is one.
    """

    def __init__(self, sentence: str, code: str | None = None, result: bytes | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.result = result


class EimUnreachableError(LpaError):
    """The eIM cannot be reached."""


class Refusal(Enum):
    """Subject code and reason code, SGP.22 v2.5 clauses 5.2.6, 5.3 and 5.6."""

    MALFORMED = ("1", "2.1")
    ELEMENT_MISSING = ("1", "2.2")
    UNSUPPORTED = ("1", "3.1")
    EUICC_MESSAGE = ("8.1", "2.1")
    EUICC_SIGNATURE = ("8.1", "6.1")
    EID_MISSING = ("8.1.1", "2.2")
    OTHER_EID = ("8.1.1", "3.8")
    EID_DIFFERS = ("8.1.1", "3.10")
    EUM_CERTIFICATE = ("8.1.2", "6.1")
    EUM_CERTIFICATE_EXPIRED = ("8.1.2", "6.3")
    EUICC_CERTIFICATE = ("8.1.3", "6.1")
    EUICC_CERTIFICATE_EXPIRED = ("8.1.3", "6.3")
    NOT_RELEASED = ("8.2", "1.2")
    PROFILE_NOT_PREPARED = ("8.2", "3.7")
    ICCID_STATE = ("8.2.1", "1.2")
    ICCID_TAKEN = ("8.2.1", "3.3")
    ICCID_UNKNOWN = ("8.2.1", "3.9")
    PROFILE_TYPE_UNAVAILABLE = ("8.2.5", "3.7")
    PROFILE_TYPE_DIFFERS = ("8.2.5", "3.10")
    NOT_ELIGIBLE = ("8.2.5", "4.3")
    MATCHING_ID_TAKEN = ("8.2.6", "3.3")
    MATCHING_ID = ("8.2.6", "3.8")
    MATCHING_ID_DIFFERS = ("8.2.6", "3.10")
    CONFIRMATION_CODE_MISSING = ("8.2.7", "2.2")
    CONFIRMATION_CODE = ("8.2.7", "3.8")
    CONFIRMATION_CODE_TRIES = ("8.2.7", "6.4")
    OTHER_SMDP = ("8.8", "3.10")
    ADDRESS = ("8.8.1", "3.8")
    CI_KEYS = ("8.8.2", "3.1")
    SVN = ("8.8.3", "3.1")
    NO_SERVER_CERTIFICATE = ("8.8.4", "3.7")
    UNAVAILABLE = ("8.8", "5.1")
    ORDER_EXPIRED = ("8.8.5", "4.10")
    DOWNLOAD_TRIES = ("8.8.5", "6.4")
    SMDS = ("8.9", "5.1")
    SMDS_ADDRESS = ("8.9.1", "3.8")
    SMDS_CI_KEYS = ("8.9.2", "3.1")
    SMDS_SVN = ("8.9.3", "3.1")
    NO_SMDS_CERTIFICATE = ("8.9.4", "3.7")
    EVENT_TAKEN = ("8.9.5", "3.3")
    EVENT_UNKNOWN = ("8.9.5", "3.9")
    TRANSACTION = ("8.10.1", "3.9")
    CI_KEY = ("8.11.1", "3.9")


class SmdppError(Exception):
    """A refusal by an SM-DP+ or SM-DS: a sentence with the next step, and status codes of ES9+.

    `subject` and `reason` are the dotted codes of SGP.22 clause 5.2.6, such as 8.2.6 and 3.8;
    `refusal` is None for codes that our SM-DP+ does not use.
    """

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal: Refusal | None = refusal
        self.subject, self.reason = refusal.value


class RemoteSmdppError(SmdppError):
    """A refusal by a remote SM-DP+, with whatever status codes it sent."""

    def __init__(self, subject: str, reason: str, sentence: str) -> None:
        Exception.__init__(self, sentence)
        self.subject, self.reason = subject, reason
        self.refusal = next((one for one in Refusal if one.value == (subject, reason)), None)
