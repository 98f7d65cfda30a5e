"""LoadBoundProfilePackage, piece by piece: bound by our SM-DP+, cut as a test likes, and judged.

Packages come from the off-card parties; results are read by the judge and
checked by the cryptography library. Nothing of the card's is used but to look into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from euicc_sim import Card
from euicc_sim.parties.lpa.es10_messages import authenticate_server, prepare_download
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import Curve
from support.bpp import by_lpac
from support.eims import ask, check_signature, objects, tlv, value_of
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, SMDP, A, smdpp
from support.server import euicc_key

Send = Callable[[bytes], bytes]

INTERRUPTED = 11
SMDP_OID = (2, 999, 10)
SIMA_OK = hx("3007 A005 3003 800100")
NOT_EXPECTED = (b"", 0x6985)
"""A piece that no download waits for."""


# -- preparing and loading


@dataclass(frozen=True)
class Bound:
    """A package that waits to be loaded; its session, and the key that will sign its result."""

    package: bytes
    transaction: bytes
    key: ec.EllipticCurvePublicKey
    iccid: bytes = A
    address: str = SMDP

    def changed(self, change: Callable[[bytes], bytes]) -> Bound:
        """The same with other bytes."""
        return replace(self, package=change(self.package))

    @property
    def chains(self) -> list[bytes]:
        """Its pieces, as lpac cuts them."""
        return list(by_lpac(self.package))


def seeded(pki_folder: Path, *orders: Order, curve: Curve = Curve.NIST, **options: Any) -> Smdpp:
    """The SM-DP+ of a PKI, on one curve, whose keys and identifiers repeat in each run."""
    source = Random(1)  # noqa: S311 that it can be told is what it is for
    return smdpp(pki_folder, *orders, curve=curve, random=source.randbytes, **options)


def prepare(send: Send, server: Smdpp, matching_id: str = A_DIGITS, *, iccid: bytes = A) -> Bound:
    """Authentication and preparation, up to the package."""
    send(SELECT_ISDR)
    challenge = value_of(ask(send, hx("BF2E00")))["euiccChallenge"]
    first = server.initiate_authentication(ask(send, hx("BF2000")), challenge, server.address)
    answer = ask(send, authenticate_server(first, matching_id))
    offer = server.authenticate_client(first.transaction_id, answer)
    prepared = ask(send, prepare_download(offer, None))
    package = server.get_bound_profile_package(first.transaction_id, prepared)
    return Bound(package, first.transaction_id, euicc_key(answer), iccid, server.address)


def load(send: Send, chains: Iterable[bytes]) -> bytes:
    """Send the pieces; the one answer that there is. What comes after it must be refused."""
    answer = b""
    for chain in chains:
        if answer:
            refused = es10_sw(send, chain)
            if refused != NOT_EXPECTED:
                raise AssertionError(f"{chain[:8].hex()} after the end: {refused}")
        else:
            answer = es10(send, chain)
    return answer


def installed(send: Send, bound: Bound, chains: Iterable[bytes] | None = None) -> dict[str, Any]:
    """Load it all; the successResult, which comes with the last piece and not before."""
    pieces = bound.chains if chains is None else list(chains)
    for chain in pieces[:-1]:
        if answer := es10(send, chain):
            raise AssertionError(answer.hex())
    result = result_of(es10(send, pieces[-1]), bound)
    form, final = result["finalResult"]
    if form != "successResult":
        raise AssertionError(f"{final}")
    found: dict[str, Any] = final
    return found


# -- results


def result_of(answer: bytes, bound: Bound) -> dict[str, Any]:
    """The data of a ProfileInstallationResult, which the card signed."""
    value: dict[str, Any] = value_of(answer)["profileInstallationResultData"]
    ((_, _, inside),) = objects(answer)
    (_, signed, _), (_, _, signature) = objects(inside)
    check_signature(bound.key, signature, signed)
    return value


def error_data(
    bound: Bound,
    number: int,
    error: tuple[int, int],
    *,
    iccid: bytes | None = None,
    sima: bytes | None = None,
) -> dict[str, Any]:
    """ProfileInstallationResultData of a failure, as the judge reads it."""
    metadata: dict[str, Any] = {
        "seqNumber": number,
        "profileManagementOperation": (1, 1),
        "notificationAddress": bound.address,
    }
    final: dict[str, Any] = dict(zip(("bppCommandId", "errorReason"), error, strict=True))
    return {
        "transactionId": bound.transaction,
        "notificationMetadata": metadata if iccid is None else metadata | {"iccid": iccid},
        "smdpOid": SMDP_OID,
        "finalResult": (
            "errorResult",
            final if sima is None else final | {"simaResponse": sima},
        ),
    }


def waiting(send: Send) -> list[bytes]:
    """The notifications that wait on the card, each whole (BF37 or 30), by BF2B."""
    ((_, _, body),) = objects(ask(send, hx("BF2B00")))
    ((_, _, found),) = objects(body)
    return [whole for _, whole, _ in objects(found)]


def listed(send: Send) -> list[dict[str, Any]]:
    """The metadata of the notifications that wait, by BF28."""
    form, found = value_of(ask(send, hx("BF2800")))
    if form != "notificationMetadataList":
        raise AssertionError(f"{form}")
    return list(found)


def profiles(send: Send) -> dict[bytes, dict[str, Any]]:
    """All that GetProfilesInfo tells of each Profile, by ICCID."""
    tags = hx("5A4F9F70909192939495B6B7B899BF22")
    form, found = value_of(ask(send, tlv("BF2D", tlv("5C", tags))))
    if form != "profileInfoListOk":
        raise AssertionError(f"{form}")
    return {one["iccid"]: one for one in found}


_LOOKS = ("BF2000", "BF2200", "BF3C00", "BF4300", "BF5500", "BF2B04A0028200")


@dataclass
class Watch:
    """What a card is and shows before something that must fail."""

    send: Send
    card: Card

    def __post_init__(self) -> None:
        """Look."""
        self.send(SELECT_ISDR)
        self.state = self.card.state
        self.shown = self._shown()
        self.waiting, self.listed = waiting(self.send), listed(self.send)

    def _shown(self) -> list[object]:
        looks = [ask(self.send, hx(one)) for one in _LOOKS]
        return [*looks, profiles(self.send), stored(self.card)]

    def check_error(
        self,
        answer: bytes,
        bound: Bound,
        error: tuple[int, int],
        *,
        iccid: bytes | None = None,
        sima: bytes | None = None,
    ) -> None:
        """The answer is the signed result of that failure, which waits till removed: no more."""
        number = self.state.next_seq
        expected = error_data(bound, number, error, iccid=iccid, sima=sima)
        if (found := result_of(answer, bound)) != expected:
            raise AssertionError(f"{found} is not {expected}")
        if [*self.waiting, answer] != waiting(self.send):
            raise AssertionError("the result is not what waits now")
        if [*self.listed, expected["notificationMetadata"]] != listed(self.send):
            raise AssertionError("the result is not listed")
        if self._shown() != self.shown:
            raise AssertionError("something else has changed")
        one = b"\0"[: number >> 7 & 1] + number.to_bytes()
        if ask(self.send, tlv("BF30", tlv("80", one))) != hx("BF30 03 800100"):
            raise AssertionError("the result cannot be removed")
        self.check_only_a_number_more()

    def check_only_a_number_more(self) -> None:
        """Nothing is different any more, but for the number that was used."""
        if (waiting(self.send), self._shown()) != (self.waiting, self.shown):
            raise AssertionError("something has changed")
        if self.card.state != replace(self.state, next_seq=self.state.next_seq + 1):
            raise AssertionError("something is kept")


def packages(directory: Path) -> dict[bytes, bytes]:
    """The files in profiles/ by the ICCIDs that they are named by."""
    found = (directory / "profiles").glob("*")
    return {from_digits(one.name.removesuffix(".upp")): one.read_bytes() for one in found}


def stored(card: Card) -> dict[bytes, bytes]:
    """The packages of a card; fails for files that it does not know, or that are not its own."""
    found = packages(card.directory)
    if found != {one.iccid: one.package for one in card.state.profiles}:
        raise AssertionError(f"there are files of {sorted(found)}")
    return found


def from_digits(digits: str) -> bytes:
    """An ICCID in printed order (18 to 20 digits) as on the wire."""
    padded = digits.ljust(20, "F")
    return hx("".join(b + a for a, b in zip(padded[::2], padded[1::2], strict=True)))


# -- where in a package something is


def sections(package: bytes) -> list[tuple[str, bytes]]:
    """Tag and content of BF23 and what follows it."""
    ((_, _, inside),) = objects(package)
    return [(tag, content) for tag, _, content in objects(inside)]


def marks(package: bytes) -> Iterator[tuple[int, str]]:
    """Where each section's head ends in the package (for BF23: all of it), and its tag."""
    at = len(package) - sum(len(tlv(*one)) for one in sections(package))
    for tag, content in sections(package):
        size = len(tlv(tag, content))
        yield at + (size if tag == "BF23" else size - len(content)), tag
        at += size


COMMANDS = {"BF23": 0, "A0": 1, "A1": 2, "A2": 4, "A3": 5}
"""The BppCommandId of each section."""


def command_at(package: bytes, position: int) -> int | None:
    """The command that has begun when so many bytes have come; None before the first is done."""
    begun: Sequence[int] = [COMMANDS[tag] for end, tag in marks(package) if end <= position]
    return begun[-1] if begun else None
