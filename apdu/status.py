"""Status words of ISO/IEC 7816-4, and the exception that carries one.

Knows numbers and their names, not what a command means.
"""

from enum import IntEnum, unique


@unique
class SW(IntEnum):
    """The status words this project answers with (ISO/IEC 7816-4 table 6, ETSI TS 102 221)."""

    OK = 0x9000
    EOF_REACHED = 0x6282
    FILE_DEACTIVATED = 0x6283
    MORE_TO_READ = 0x62F1
    MORE_TO_WRITE = 0x63F1
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    CHANNEL_NOT_SUPPORTED = 0x6881
    SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
    LAST_COMMAND_EXPECTED = 0x6883
    CHAINING_NOT_SUPPORTED = 0x6884
    COMMAND_INCOMPATIBLE = 0x6981
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_BLOCKED = 0x6983
    REFERENCED_DATA_INVALIDATED = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    NO_CURRENT_EF = 0x6986
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NOT_ENOUGH_MEMORY = 0x6A84
    WRONG_P1P2 = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    WRONG_INS = 0x6D00
    WRONG_CLA = 0x6E00
    INTERNAL_ERROR = 0x6F00
    MAX_VALUE_REACHED = 0x9850
    INCORRECT_MAC = 0x9862
    CONTEXT_NOT_SUPPORTED = 0x9864


_NOT_REFUSALS = frozenset(
    (SW.OK, SW.EOF_REACHED, SW.FILE_DEACTIVATED, SW.MORE_TO_READ, SW.MORE_TO_WRITE)
)


def refuses(sw: int) -> bool:
    """Whether a status word is a refusal.

    Success, 61XX (more data), 91XX (a proactive command) and 6CXX (a corrected Le) are not, nor are
    the warnings that come with data: end of file reached, file deactivated, more data (ISO/IEC
    7816-4 table 5, ETSI TS 102 221 10.2.1).
    """
    return sw not in _NOT_REFUSALS and sw >> 8 not in (0x61, 0x6C, 0x91)


def counts_tries(sw: int) -> bool:
    """Whether a status word is 63 CX, which answers a PIN query with the tries left."""
    return sw & 0xFFF0 == 0x63C0


class StatusError(Exception):
    """A command answered with a status word alone.

    `sw` is any 16-bit status word (including 6C LL), `why` one sentence for the log, `advice` the
    likely mistake or the next step, if there is one. `about` names what was requested, where that
    is more than an instruction. Raises ValueError without a reason.
    """

    def __init__(self, sw: int, why: str, advice: str = "") -> None:
        if not why.strip():
            raise ValueError(f"{sw:04X} needs a reason")
        super().__init__(f"{sw:04X}: {why}")
        self.sw = sw
        self.why = why
        self.advice = advice
        self.about = ""

    @property
    def reason(self) -> str:
        """Why, and the advice."""
        return f"{self.why}; {self.advice}" if self.advice else self.why
