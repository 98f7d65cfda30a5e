"""How this card interprets rules that the specification leaves open. Each reading has a name.

Clauses are those of SGP.32 v1.2 unless another document is named. Change a reading here, and the
tests that name it show what else changes.
"""

from typing import Final, NamedTuple

from apdu.status import SW

IOT_SELECT_SAYS_SVN = False
"""3.8.4: the answer of an IoT card's ISD-R to SELECT has E1 (its configuration) in place of E0 (the
svn of SGP.22 5.7.1); real cards answer so."""

OWN_UPDATE_KEEPS_PACKAGE_COUNTER = True
"""5.9.1: the counter of a package is written after its operations, so an eIM that changes its own
counter with updateEim still ends up with the package's value: it cannot reset its own counter."""

FRESH_COUNTER_NEEDS_A_TOKEN = True
"""5.9.1 and 3.5: an eIM that deletes and adds itself in one package keeps its new counter only with
a new association token. Without one it gets the package's counter; otherwise the card would accept
that same package again and again."""

LOWER_COUNTER_WITHOUT_NEW_KEY: Final = "commandError"
"""3.5: updateEim lowers the counter but does not have a new eimPublicKeyData."""

UNUSABLE_EIM_KEY: Final = "commandError"
"""5.9.4, 3.5.1: an eimPublicKeyData that is not a P-256 or brainpoolP256r1 key."""

UNKNOWN_EIM_ID_TYPE: Final = "commandError"
"""2.11.1.1.1: an eimIdType other than OID (1), FQDN (2) or proprietary (3)."""

DUPLICATE_IN_ADD_INITIAL_EIM: Final = "commandError"
"""5.9.4: the same eimId twice in one request; checking is optional for a card, this one does."""

UNREADABLE_PACKAGE = SW.WRONG_DATA
"""5.9.1: no response exists for a BF51 without a readable eimId (1 to 128 characters of UTF-8)."""

EMPTY_MEMORY_RESET: Final = "nothingToDelete"
"""5.9.5: resetResult when there was nothing of what the request asked to delete."""

DEFAULT_DP_ADDRESS_MAX = 255
"""SGP.22 5.7.4: the longest default SM-DP+ address, in characters; a longer one is
undefinedError."""

FAILED_AUTHENTICATION_ENDS_SESSION = True
"""SGP.22 5.7.13: a refused AuthenticateServer uses up the challenge and ends the RSP session, if
there is one; the server has to start over with GetEUICCChallenge."""

FAILED_PREPARATION_ENDS_SESSION = False
"""SGP.22 5.7.5: a refused PrepareDownload changes nothing: it can be sent again, and CancelSession
still works for the server."""

CONFIGURED_SMDP_OID_IS_EXPECTED = True
"""SGP.22 5.7.13: invalidOid is for a server whose OID is not the expected one. Only the
immediate-enable configuration (SGP.32 3.4.4) tells a card what to expect: if it is switched on and
has both OID and address, a server with that address must have that OID."""

ONE_TIME_KEYS_OUTLIVE_RESET = False
"""SGP.22 5.7.5: a one-time key pair is kept for a second attempt (bppEuiccOtpk) through new RSP
sessions, but only until the next reset; it is never written to a file."""

UNKNOWN_CANCEL_REASON = 127
"""SGP.22 5.7.14: the reason to sign in place of one that v2.5 does not define: undefinedReason."""

EMERGENCY_PROFILE_IS_FOR_EMERGENCIES = True
"""3.4.1, 5.9.22: neither an eIM nor an LPA can enable or disable the Emergency Profile; the answer
is disallowedByPolicy. ImmediateEnable answers undefinedError."""

SECOND_SWITCH_IN_A_PACKAGE: Final = "undefinedError"
"""3.3.1: a package with a second enable or disable, or with disable after enable."""

PACKAGE_SWITCHES_NEED_REFRESH = True
"""3.4.1, 3.4.2: a package has no refreshFlag, so its enable and disable are catBusy during a
proactive session. Functions that have the flag are catBusy only when it is set."""

PPR1_HOLDS_AGAINST_TEST_PROFILES = True
"""3.4.1: an eIM cannot disable a Profile with PPR1 by enabling a test Profile; SGP.22 3.2.1 allows
that to the end user only."""

WAYS_BACK_OVERRULE_PPR1 = True
"""5.9.16, 5.9.20 to 5.9.23: ProfileRollback, the fallback functions and those of the Emergency
Profile disable the enabled Profile even if it has PPR1."""

ROLLBACK_ENDS_WITHOUT_REFRESH = False
"""5.9.15, 5.9.22, 5.9.23: ImmediateEnable and the functions of the Emergency Profile revoke the
authorisation of a rollback only if the refreshFlag is set."""

IMMEDIATE_ENABLE_NEEDS_A_SERVER = True
"""5.9.15: immediate enabling that is switched on but has neither an OID nor an address is not
available; otherwise it would apply to every SM-DP+."""

IMMEDIATE_ENABLE_IS_REPLACED_WHOLE = True
"""3.4.4, 5.9.17: an OID or address that is missing from a new configuration is removed; otherwise
the old one would stay."""

PPR1_NEEDS_TO_BE_THE_ONLY_OPERATIONAL_PROFILE = True
"""SGP.22 2.9.2.1: an operational Profile with PPR1 cannot be installed while there is another."""

PROFILE_SECURITY_LEVEL_TAG = 0x8A
"""SGP.22 v2.7 2.5.6, installFailedDueToInsufficientMinimumSecurityLevel: the field of a package's
ProfileHeader, one byte, with the level that the Profile asks of the card. The eUICC Profile Package
specification v3.3.1 ends with iotOptions, 9; this is the next tag. A package without it asks for
nothing."""

EMPTY_LIST_ALLOWS_EVERY_SERVER = True
"""SGP.22 v2.7 2.5.6, installFailedDueToServerAddressAbsentInEuiccAllowList: a card with an empty
list of servers installs test Profiles of every SM-DP+; otherwise it would install none."""

RES_SIZES: Final = (4, 8, 16, 32)
"""SAIP, AlgoParameter.algorithmOptions of TUAK and the USIM test algorithm: bits 1 and 2 are the
size of RES in bytes, by this table; only 02, 16 bytes, has been seen (TS.48, test algorithm)."""

SQN_DELTA_OPTION, SQN_AGE_OPTION = 0x02, 0x04
"""SAIP, PE-AKAParameter.sqnOptions: the bits that switch on the limits sqnDelta (ahead) and
sqnAgeLimit (behind); without them TS 33.102 C.2 leaves both open."""


class WrongForm(NamedTuple):
    """A form that the standards do not allow, in the requests that a client sends today.

    `function` is the tag of the request. `place` and `form` are those of `asn1.deviations`, and
    `client` has the version that was seen to send it.
    """

    function: int
    place: str
    form: str
    client: str


WRONG_FORMS = (
    WrongForm(0xBF31, "refreshFlag", "value", "pySim-shell 597f1e0"),
    WrongForm(0xBF32, "refreshFlag", "value", "pySim-shell 597f1e0"),
    WrongForm(0xBF2B, "searchCriteria.euiccPackageResults", "bare", "YggdraSIM 2.0.0"),
    WrongForm(0xBF33, "iccid", "wrapped", "YggdraSIM 2.0.0"),
    WrongForm(0xBF33, "isdpAid", "wrapped", "YggdraSIM 2.0.0"),
    WrongForm(0xBF33, "", "unknown", "YggdraSIM 2.0.0"),
)
"""SGP.22 3.1: what a card serves although it is wrong, and chips refuse it. All other wrong forms
are refused with 6A80 and the reason; `card set --lenient` serves all that
can be understood, `card set --strict` not even these."""

WRONG_FORMS_ANYWHERE = {"zeros": "euicc-go 1f7e0d0"}
"""SGP.22 3.1: the same for forms that are served in every request: euicc-go has bits for all its
names in each BIT STRING, and chips read what the bits say."""

WRONG_FORMS_FROM_SERVERS = ("length", "value", "default", "unknown")
"""SGP.22 3.1: the same for what a client only passes on: BER that any decoder reads, but for a
strict card."""
