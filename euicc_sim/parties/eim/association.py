"""How an eIM and a card come together: AddInitialEim, and the token that ties later packages to it.

SGP.32 v1.2 clauses 3.5.2, 5.9.4 and 2.11.1.1.
"""

from __future__ import annotations

from typing import Any

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.parties.messages.code_names import with_names
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.writing import written

MAX_COUNTER = 0x7FFFFF
"""The greatest counterValue that every card accepts: 8,388,607."""

TOKEN_WANTED = -1
"""The associationToken by which an eIM asks for one."""

Config = dict[str, Any]
"""A value of the type EimConfigurationData."""


def add_initial_eim(*configs: Config) -> bytes:
    """The AddInitialEim request (BF57) for one or more eIMs. Raises EimError."""
    if not configs:
        raise EimError("AddInitialEim adds at least one eIM. Give the configuration of one.")
    value = {"eimConfigurationDataList": list(configs)}
    return written("AddInitialEimRequest", value, "AddInitialEim")


def initial_tokens(answer: bytes) -> list[int | None]:
    """Read the answer to AddInitialEim: the token of each eIM in the order asked, None for none.

    Raises EimError when it is no such answer, or the card refused.
    """
    try:
        form, value = WIRE_1_2.decode("AddInitialEimResponse", answer)
    except Asn1Error as error:
        raise EimError(
            f"This is no answer to AddInitialEim: {error}. Give the whole object that begins BF57."
        ) from error
    if form == "addInitialEimError":
        _, code = with_names(WIRE_1_2.types["AddInitialEimResponse"], (form, value))
        raise EimError(f"The card added no eIM: {code}. {_ADVICE.get(code, _LOOK)}")
    return [token if name == "associationToken" else None for name, token in value]


_LOOK = "Check the request against the card's limits and certificates."
_ADVICE = {
    "associatedEimAlreadyExists": "It trusts one already, which can add others by a package.",
    "ciPKUnknown": "Leave the CI key identifier out, or take one from its EUICCInfo2.",
    "insufficientMemory": "Add fewer eIMs.",
    "counterValueOutOfRange": f"Take a counter of 0 to {MAX_COUNTER}.",
}
