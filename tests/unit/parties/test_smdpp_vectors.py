"""A whole download of the vectors: the SM-DP+ says what they say, byte for byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from support.bsp import BSP, STEPS
from support.euiccs import CHALLENGE, sgp22, vector22
from support.hexes import hx
from support.server import SERVER_CHALLENGE, TRANSACTION

from euicc_sim.parties.messages.interfaces import (
    CancelReason,
    ClientAuthentication,
    ServerAuthentication,
)
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.order_book import OrderBook
from euicc_sim.parties.smdpp.sessions import Identity
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys.credential import Credential

ADDRESS = "testsmdpplus1.example.com"
MATCHING_ID = "TS48v4_SAIP2.3_NoBERTLV"


def certificate(name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(hx(sgp22()["certificates"][name]["der"]))


def credential(name: str) -> Credential:
    scalar = int(sgp22()["keys"][name]["private"], 16)
    return Credential(certificate(name), ec.derive_private_key(scalar, ec.SECP256R1()))


def chosen() -> Callable[[int], bytes]:
    """The random bytes of the vectors, in the order in which an SM-DP+ wants them."""
    scalar = int(BSP["otDP"]["private"], 16)
    keys = BSP["ppk"]
    row = [
        TRANSACTION,
        SERVER_CHALLENGE,
        (scalar - 1).to_bytes(40),
        hx(keys["initialMacChainingValue"]),
        hx(keys["ppkEnc"]),
        hx(keys["ppkCmac"]),
    ]

    def random(size: int) -> bytes:
        found = row.pop(0)
        if len(found) != size:
            raise AssertionError(f"{size} random bytes are wanted, the vectors have {len(found)}")
        return found

    return random


@pytest.fixture
def smdpp() -> Smdpp:
    identity = Identity.below(certificate("CI"), credential("DPauth"), credential("DPpb"))
    order = Order(hx(BSP["upp"]), MATCHING_ID, metadata=hx(STEPS[1]["plaintext"]))
    return Smdpp(
        identities=(identity,),
        orders=OrderBook([order]),
        random=chosen(),
        host_id=hx(BSP["hostId"]),
        segment_size=1007,
    )


@pytest.fixture
def first(smdpp: Smdpp) -> ServerAuthentication:
    _, info1 = vector22("ES10b.GetEUICCInfo1")
    return smdpp.initiate_authentication(info1, CHALLENGE, ADDRESS)


@pytest.fixture
def second(smdpp: Smdpp, first: ServerAuthentication) -> ClientAuthentication:
    _, answer = vector22("ES10b.AuthenticateServer")
    return smdpp.authenticate_client(first.transaction_id, answer)


@pytest.fixture
def package(smdpp: Smdpp, second: ClientAuthentication) -> bytes:
    _, answer = vector22("ES10b.PrepareDownload")
    return smdpp.get_bound_profile_package(second.transaction_id, answer)


def test_the_authentication_is_that_of_the_vectors(first: ServerAuthentication) -> None:
    request, _ = vector22("ES10b.AuthenticateServer")
    assert first.transaction_id == TRANSACTION
    assert request[5:].startswith(
        first.server_signed1
        + hx("5F3740")
        + first.server_signature1
        + hx("0414")
        + first.ci_pk_id
        + first.certificate
    )


def test_the_preparation_is_that_of_the_vectors(second: ClientAuthentication) -> None:
    request, _ = vector22("ES10b.PrepareDownload")
    assert request[5:] == (
        second.smdp_signed2 + hx("5F3740") + second.smdp_signature2 + second.certificate
    )
    assert second.profile_metadata == hx(STEPS[1]["plaintext"])


def test_the_package_is_that_of_the_vectors(package: bytes) -> None:
    assert package == hx(BSP["boundProfilePackage"])


@pytest.mark.usefixtures("package")
def test_the_result_of_the_vectors_is_verified(smdpp: Smdpp) -> None:
    _, answer = vector22("ES10b.LoadBoundProfilePackage (final response, success)")
    found = smdpp.handle_notification(answer)
    assert found.installed
    assert (found.seq_number, found.event, found.address) == (1, "install", ADDRESS)
    assert found.iccid == "89000123456789012341"
    assert found.aid == hx("A0000005591010FFFFFFFF8900001000")
    assert found.sima_response == hx("3007A0053003800100")
    assert found.error is None


@pytest.mark.usefixtures("package")
def test_the_failure_of_the_vectors_is_verified(smdpp: Smdpp) -> None:
    _, answer = vector22("ES10b.LoadBoundProfilePackage (error response)")
    found = smdpp.handle_notification(answer)
    assert not found.installed
    assert found.command == "loadProfileElements"
    assert found.error == "installFailedDueToPEProcessingError"


def test_the_other_notification_of_the_vectors_is_verified(smdpp: Smdpp) -> None:
    _, answer = vector22("ES10b.RetrieveNotificationsList (by seq, other)")
    found = smdpp.handle_notification(answer[answer.index(hx("308204ED")) :])
    assert (found.seq_number, found.event) == (3, "enable")
    assert found.eid == BSP["eid"]


@pytest.mark.usefixtures("second")
def test_the_cancelling_of_the_vectors_is_verified(smdpp: Smdpp) -> None:
    _, answer = vector22("ES10b.CancelSession")
    assert smdpp.cancel_session(TRANSACTION, answer) is CancelReason.POSTPONED
