"""The steps of a server in mutual authentication (SGP.22 v2.5 clauses 3.1.2, 5.6.1 and 5.6.3).

    info = check_info(SMDPP, euicc_info1, challenge, asked=address, own=address)
    session = Session(transaction_id, choose(SMDPP, identities, *lists), server_challenge)
    answer = greeting(session, challenge, address)
    euicc = authentic(session, read_authentication(response), identities)

Signatures are verified over the bytes as received. Keeps no state.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from apdu.tlv import children, whole
from euicc_sim.asn1.sgp22.common import EUICCInfo1, EUICCInfo1Value
from euicc_sim.asn1.sgp22.download import (
    AuthenticateResponseOkValue,
    AuthenticateServerResponse,
    ServerSigned1,
)
from euicc_sim.asn1.sgp32.profiles import EUICCInfo2Value
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.crypto.signature import sign
from euicc_sim.parties.authentication.identities import Identity
from euicc_sim.parties.authentication.server_kind import ServerKind
from euicc_sim.parties.authentication.transactions import Session
from euicc_sim.parties.messages.address import same_server
from euicc_sim.parties.messages.encoding import shown
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc, authority_of, check_euicc
from euicc_sim.parties.messages.interfaces import ServerAuthentication
from euicc_sim.parties.messages.notifications import Signed, read_message, signed_part

CHALLENGE_SIZE = 16
TRANSACTION_ID_SIZE = 16
LOWEST_SVN, HIGHEST_SVN = b"\x02\x00\x00", b"\x02\xff\xff"
"""Any version 2 of SGP.22; cards of version 3 name one too, and their own in highestSvn."""

V = TypeVar("V")

_SEQUENCE = 0x30
_ENCODED_ANEW = (
    "An IoT card's euiccInfo2 has ipaMode (90) and iotSpecificInfo (B4), and this one does not: "
    "software that knows SGP.22 alone drops both when it encodes the message anew. Use a card of "
    "--type consumer with it."
)
_LEVEL_LOST = (
    "A card of SGP.22 v2.7 has euiccMinimumSecurityLevel (95) at the end of euiccInfo2, and this "
    "one does not: software that knows earlier versions alone drops it when it encodes the message "
    "anew. Use a card of --sgp22 2.5 with it."
)
_SVN_WITH_LEVEL = b"\x02\x07\x00"


def check_info(
    kind: ServerKind,
    euicc_info1: bytes,
    challenge: bytes,
    *,
    asked: str,
    own: str,
    lowest: bytes = LOWEST_SVN,
    highest: bytes = HIGHEST_SVN,
    wire: Wire = WIRE_1_2,
) -> EUICCInfo1Value:
    """EUICCInfo1 (BF20) of a card that calls the server `asked`, which is `own`.

    Raises SmdppError for another server, a malformed message, and an svn below `lowest` or above
    `highest`, 3 bytes each.
    """
    if not same_server(asked, own):
        raise SmdppError(
            kind.address, f"This {kind.name} is {own}, not {asked}. Use its own address."
        )
    info = read_message(wire[EUICCInfo1], euicc_info1)
    if len(challenge) != CHALLENGE_SIZE:
        raise SmdppError(
            Refusal.EUICC_MESSAGE,
            f"The card's challenge has {len(challenge)} bytes, not {CHALLENGE_SIZE}. "
            "Get one from the card with GetEUICCChallenge.",
        )
    if not lowest <= info["svn"] <= highest:
        raise SmdppError(
            kind.svn,
            f"The card is of SGP.22 v{_dotted(info['svn'])}, and this {kind.name} is for "
            f"v{_dotted(lowest)} to v{_dotted(highest)}. Use a card of one of these.",
        )
    return info


def greeting(
    session: Session[Identity], challenge: bytes, address: str, wire: Wire = WIRE_1_2
) -> ServerAuthentication:
    """The answer to InitiateAuthentication: what the server at `address` signs for the card."""
    identity = session.identity
    signed = wire[ServerSigned1].encode(
        {
            "transactionId": session.transaction_id,
            "euiccChallenge": challenge,
            "serverAddress": address,
            "serverChallenge": session.challenge,
        },
    )
    return ServerAuthentication(
        session.transaction_id,
        signed,
        sign(identity.auth.private_key, signed),
        identity.ci_pk_id,
        identity.auth.der,
    )


def read_authentication(
    message: bytes, wire: Wire = WIRE_1_2
) -> Signed[AuthenticateResponseOkValue]:
    """The ok alternative of AuthenticateServerResponse (BF38).

    Raises SmdppError for others, with the card's error code.
    """
    found = read_message(wire[AuthenticateServerResponse], message)
    match found:
        case ("authenticateResponseOk", value):
            return signed_answer(value, message)
        case ("authenticateResponseError", error):
            raise refused_by_card("AuthenticateServerResponse", error["authenticateErrorCode"])
    raise refused_by_card("AuthenticateServerResponse", found)


def signed_answer(value: V, message: bytes) -> Signed[V]:
    """The ok alternative of a card's answer: its signed object and the signature."""
    outer = whole(message)
    inside = children(message, outer.value, outer.end)[0]
    return signed_part(value, message[inside.value : inside.end], _SEQUENCE)


def refused_by_card(name: str, code: object) -> SmdppError:
    """The error for a card's answer of that name, in which it refused with that code."""
    return SmdppError(
        Refusal.EUICC_SIGNATURE,
        f"The card refused: {name} has {shown(code)}. Check what it was sent.",
    )


def _lost(info: EUICCInfo2Value) -> str:
    """The likely cause of a wrong signature: what is missing in EUICCInfo2; empty if nothing is."""
    if info["svn"] >= _SVN_WITH_LEVEL and "euiccMinimumSecurityLevel" not in info:
        return _LEVEL_LOST
    return "" if "iotSpecificInfo" in info else _ENCODED_ANEW


def authentic(
    session: Session[Identity],
    answer: Signed[AuthenticateResponseOkValue],
    identities: Sequence[Identity],
    at: datetime | None = None,
) -> Euicc:
    """The card that signed the server's challenge. Raises SmdppError.

    `at` is when its certificates must be valid, None for no check.
    """
    ok = answer.value
    euicc = genuine(ok["euiccCertificate"], ok["eumCertificate"], identities, at)
    if euicc.ci_pk_id != session.identity.ci_pk_id:
        raise _other_ci(euicc.ci_pk_id)
    signed = ok["euiccSigned1"]
    try:
        answer.check(euicc, "euiccSignature1")
    except SmdppError as error:
        if why := _lost(signed["euiccInfo2"]):
            raise SmdppError(Refusal.EUICC_SIGNATURE, f"{error} {why}") from error
        raise
    session.check_transaction(signed["transactionId"])
    if signed["serverChallenge"] != session.challenge:
        raise SmdppError(
            Refusal.EUICC_SIGNATURE,
            "The card signed a different challenge than that of this transaction. "
            "Begin again with InitiateAuthentication.",
        )
    return euicc


def genuine(
    certificate: bytes, eum: bytes, identities: Sequence[Identity], at: datetime | None = None
) -> Euicc:
    """The card of a message's euiccCertificate and eumCertificate, below a known CI."""
    authority = authority_of(eum)
    found = next((one for one in identities if one.ci_pk_id == authority), None)
    if found is None:
        raise _other_ci(authority)
    return check_euicc(certificate, eum, found.ci, at)


def _other_ci(ci_pk_id: bytes) -> SmdppError:
    return SmdppError(
        Refusal.CI_KEY,
        f"The card's certificates are below the CI key {ci_pk_id.hex().upper()}, which is not "
        "that of this transaction. Let it answer with those below euiccCiPKIdToBeUsed.",
    )


def _dotted(version: bytes) -> str:
    return ".".join(str(one) for one in version)
