"""How this card reads rules that its specification notes leave open. One place, each with a name.

The clauses are of SGP.32 v1.2 where nothing else is said. Change a reading here and the tests
that name it will say what else it changes.
"""

from apdu.status import SW

OWN_UPDATE_KEEPS_PACKAGE_COUNTER = True
"""5.9.1: an eIM that lowers its own counter by updateEim still ends with the package's value,
since the counter is written after the operations. A counter reset of oneself is so impossible."""

FRESH_COUNTER_NEEDS_A_TOKEN = True
"""5.9.1 and 3.5: an eIM that deletes and adds itself in one package keeps the fresh counter only
with a fresh association token. Without one it gets the package's counter, or that very package
could be accepted for ever."""

LOWER_COUNTER_WITHOUT_NEW_KEY = "commandError"
"""3.5: updateEim that lowers the counter without an eimPublicKeyData that is not there already."""

UNUSABLE_EIM_KEY = "commandError"
"""5.9.4, 3.5.1: an eimPublicKeyData that is no P-256 or brainpoolP256r1 key."""

UNKNOWN_EIM_ID_TYPE = "commandError"
"""2.11.1.1.1: an eimIdType that is none of OID (1), FQDN (2) and proprietary (3)."""

DUPLICATE_IN_ADD_INITIAL_EIM = "commandError"
"""5.9.4: the same eimId twice in one request; a card may check, this one does."""

UNREADABLE_PACKAGE = SW.WRONG_DATA
"""5.9.1: a BF51 whose eimId (1 to 128 characters of UTF-8) cannot be read has no answer form."""

EMPTY_MEMORY_RESET = "nothingToDelete"
"""5.9.5: resetResult when nothing that was asked for was there."""

DEFAULT_DP_ADDRESS_MAX = 255
"""SGP.22 5.7.4: characters of a default SM-DP+ address; a longer one is undefinedError."""

FAILED_AUTHENTICATION_ENDS_SESSION = True
"""SGP.22 5.7.13: a refused AuthenticateServer uses the challenge up and ends the RSP session that
there may be; the server has to begin anew with GetEUICCChallenge."""

FAILED_PREPARATION_ENDS_SESSION = False
"""SGP.22 5.7.5: a refused PrepareDownload changes nothing, so that it can be sent again, and
CancelSession can still sign for the server."""

CONFIGURED_SMDP_OID_IS_EXPECTED = True
"""SGP.22 5.7.13: invalidOid is for a server that the card expects under another OID. The only
thing that tells a card whom to expect is the immediate-enable configuration (SGP.32 3.4.4): where
it is switched on and holds both OID and address, a server of that address must have that OID."""

ONE_TIME_KEYS_OUTLIVE_RESET = False
"""SGP.22 5.7.5: a one-time key pair is kept for a second attempt (bppEuiccOtpk) through new RSP
sessions, but only until the next reset; it is never written to a file."""

UNKNOWN_CANCEL_REASON = "undefinedReason"
"""SGP.22 5.7.14: what is signed for a reason that v2.5 does not know."""

EMERGENCY_PROFILE_IS_FOR_EMERGENCIES = True
"""3.4.1, 5.9.22: neither an eIM nor an LPA can enable or disable the Emergency Profile; they are
told disallowedByPolicy. ImmediateEnable says undefinedError."""

SECOND_SWITCH_IN_A_PACKAGE = "undefinedError"
"""3.3.1: a package with a second enable or disable, or with disable after enable."""

PACKAGE_SWITCHES_NEED_REFRESH = True
"""3.4.1, 3.4.2: a package has no refreshFlag, so enable and disable in it are catBusy while a
proactive session runs. The functions that have the flag are so only when it is set."""

PPR1_HOLDS_AGAINST_TEST_PROFILES = True
"""3.4.1: an eIM cannot stop a Profile with PPR1 by enabling a test Profile; what SGP.22 3.2.1
allows is the end user's."""

WAYS_BACK_OVERRULE_PPR1 = True
"""5.9.16, 5.9.20 to 5.9.23: ProfileRollback, the fallback functions and those of the Emergency
Profile do not ask whether PPR1 lets the enabled Profile be disabled."""

ROLLBACK_ENDS_WITHOUT_REFRESH = True
"""5.9.15, 5.9.22, 5.9.23: ImmediateEnable and the functions of the Emergency Profile end the
authorisation of a rollback whether or not the refreshFlag is set."""

IMMEDIATE_ENABLE_NEEDS_A_SERVER = True
"""5.9.15: immediate enabling that is on, but for neither an OID nor an address, is not available;
otherwise it would be for each SM-DP+."""

IMMEDIATE_ENABLE_IS_REPLACED_WHOLE = True
"""3.4.4, 5.9.17: an OID or address that a new configuration lacks is removed; otherwise the old
one would stay."""

PPR1_NEEDS_TO_BE_THE_ONLY_OPERATIONAL_PROFILE = True
"""SGP.22 2.9.2.1: an operational Profile with PPR1 is not installed beside another one."""
