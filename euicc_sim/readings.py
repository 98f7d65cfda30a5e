"""How this card reads rules that its specification notes leave open. One place, each with a name.

The clauses are of SGP.32 v1.2 where nothing else is said. Change a reading here and the tests
that name it will say what else it changes.
"""

from apdu.status import SW

OWN_UPDATE_KEEPS_PACKAGE_COUNTER = True
"""5.9.1: an eIM that lowers its own counter by updateEim still ends with the package's value,
since the counter is written after the operations. A counter reset of oneself is so impossible."""

LOWER_COUNTER_WITHOUT_NEW_KEY = "commandError"
"""3.5: updateEim that lowers the counter without a new eimPublicKeyData."""

UNUSABLE_EIM_KEY = "commandError"
"""5.9.4, 3.5.1: an eimPublicKeyData that is no P-256 or brainpoolP256r1 key."""

DUPLICATE_IN_ADD_INITIAL_EIM = "commandError"
"""5.9.4: the same eimId twice in one request; a card may check, this one does."""

UNREADABLE_PACKAGE = SW.WRONG_DATA
"""5.9.1: a BF51 whose eimId (1 to 128 characters of UTF-8) cannot be read has no answer form."""

EMPTY_MEMORY_RESET = "nothingToDelete"
"""5.9.5: resetResult when nothing that was asked for was there."""

DEFAULT_DP_ADDRESS_MAX = 255
"""SGP.22 5.7.4: characters of a default SM-DP+ address; a longer one is undefinedError."""
