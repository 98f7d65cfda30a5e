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
