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
