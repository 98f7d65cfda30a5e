"""An eIM delivers its packages to a listening IPA: TransferEimPackage (SGP.32 clause 6.3.2.8)."""

from __future__ import annotations

from euicc_sim.asn1 import esipa
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa.functions import (
    TransferEimPackageRequestValue,
    TransferEimPackageResponseValue,
)
from euicc_sim.parties.eim.server.esipa_functions import EsipaFunctions
from euicc_sim.parties.messages.errors import EimError, LpaError
from euicc_sim.parties.messages.interfaces import Esipa

PACKAGES_AT_MOST = 100

_NAMES = {
    "euiccPackageRequest": "a package",
    "ipaEuiccDataRequest": "a data request",
    "profileDownloadTriggerRequest": "a download",
}


def push(functions: EsipaFunctions, eid: str, ipa: Esipa) -> int:
    """Deliver to an IPA all that is queued for its card; return the number of packages it took.

    `ipa` carries a message to it. Raises EimError when it cannot be reached or does not answer as
    an IPA; without an answer a package stays queued. A download stays in the queue until the IPA
    reports its outcome with ProvideEimPackageResult.
    """
    for count in range(PACKAGES_AT_MOST):
        found = functions.next_for(eid)
        if found is None:
            return count
        try:
            answer = ipa.exchange(esipa.to_ipa(("transferEimPackageRequest", found)))
        except LpaError as error:
            raise EimError(f"{_NAMES[found[0]]} was not delivered to {eid}: {error}") from error
        if not _took(functions, eid, ipa, answer):
            return count + 1
    raise EimError(f"{PACKAGES_AT_MOST} packages were delivered to {eid}. Check its queue.")


def _took(functions: EsipaFunctions, eid: str, ipa: Esipa, answer: bytes) -> bool:
    """Take the answer; return whether the next package may follow."""
    found = _read(answer)
    numbers = functions.take_transferred(eid, found)
    if found[0] in ("eimPackageReceived", "eimPackageReceivedWithCid"):
        return False
    if numbers:
        acknowledged: TransferEimPackageRequestValue = ("eimAcknowledgements", numbers)
        try:
            ipa.exchange(esipa.to_ipa(("transferEimPackageRequest", acknowledged)))
        except LpaError as error:
            raise EimError(f"The acknowledgement was not delivered to {eid}: {error}") from error
    return True


def _read(answer: bytes) -> TransferEimPackageResponseValue:
    try:
        found = esipa.from_ipa(answer)
    except Asn1Error as error:
        raise EimError(f"The IPA's answer cannot be read: {error}. Check the IPA.") from error
    if found[0] != "transferEimPackageResponse":
        raise EimError(f"The IPA answered with {found[0]}. Check the IPA.")
    return found[1]
