"""PrepareDownload: one-time keys that are made or used again, and every refusal of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from support.eims import ask, check_signature, tlv, value_of
from support.es10 import SELECT_ISDR, es10_sw
from support.fresh import pki_in
from support.hexes import hx
from support.kept import files
from support.mistakes import INVALID, UNSUPPORTED, broken_signature, spoilt, stranger
from support.server import (
    DP_PB,
    TRANSACTION,
    Certified,
    Recipe,
    Server,
    challenge,
    euicc_key,
    one_time_key,
    prepared,
    refusal,
)

from euicc_sim import Card
from keys import CertificateIssuer, Curve

Send = Callable[[bytes], bytes]


@pytest.fixture(params=list(Curve), ids=lambda one: one.value)
def curve(request: pytest.FixtureRequest) -> Curve:
    found: Curve = request.param
    return found


@pytest.fixture
def ci(pki_folder: Path, curve: Curve) -> CertificateIssuer:
    return pki_in(pki_folder).branch(curve).ci


@pytest.fixture
def server(ci: CertificateIssuer) -> Server:
    return Server.below(ci)


@pytest.fixture
def first(isdr: Send, server: Server) -> bytes:
    """The euiccSignature1 of a session with the server."""
    return server.session(isdr)


@pytest.fixture
def kept(card: Card) -> Iterator[None]:
    """Whatever the test does, the card keeps what it had before."""
    before, document = card.state, files(card.directory)
    yield
    assert card.state is before
    assert files(card.directory) == document


def refused(send: Send, server: Server, first: bytes, request: bytes, code: int) -> None:
    """That request is refused with that code; the right one is still answered then."""
    assert ask(send, request) == refusal("BF21", code)
    prepared(ask(send, server.prepare(first)))


# -- what is right


def test_the_card_signs_its_one_time_key_and_what_the_server_signed(
    isdr: Send, server: Server
) -> None:
    beginning = server.begin(isdr)
    first = value_of(beginning)[1]["euiccSignature1"]
    request = server.prepare(first)
    answer = ask(isdr, request)
    parts = prepared(answer)
    signature2 = request[request.index(hx("5F3740")) :][:67]
    check_signature(
        euicc_key(beginning), parts["euiccSignature2"], parts["euiccSigned2"] + signature2
    )
    assert parts["euiccSigned2"] == tlv(
        "30", tlv("80", TRANSACTION), tlv("5F49", one_time_key(answer))
    )


def test_the_one_time_key_is_a_point_on_the_curve_of_the_server(
    isdr: Send, server: Server, first: bytes, curve: Curve
) -> None:
    point = one_time_key(ask(isdr, server.prepare(first)))
    assert (len(point), point[0]) == (65, 4)
    ec.EllipticCurvePublicKey.from_encoded_point(curve.implementation, point)


def test_the_hash_of_the_confirmation_code_is_signed_as_it_came(
    isdr: Send, server: Server, first: bytes
) -> None:
    hash_cc = hashlib.sha256(hashlib.sha256(b"12345").digest() + TRANSACTION).digest()
    request = server.prepare(first, confirmation=True, hash_cc=hash_cc)
    assert prepared(ask(isdr, request))["euiccSigned2"].endswith(tlv("04", hash_cc))


def test_a_key_that_the_server_asks_for_is_used_again(
    isdr: Send, server: Server, first: bytes
) -> None:
    point = one_time_key(ask(isdr, server.prepare(first)))
    assert one_time_key(ask(isdr, server.prepare(first, otpk=point))) == point
    again = server.session(isdr)
    assert one_time_key(ask(isdr, server.prepare(again, otpk=point))) == point


@pytest.mark.parametrize("otpk", [None, bytes(65), b"\4", hx("04") + bytes(64)])
def test_otherwise_the_key_is_a_new_one(
    isdr: Send, server: Server, first: bytes, otpk: bytes | None
) -> None:
    point = one_time_key(ask(isdr, server.prepare(first)))
    assert one_time_key(ask(isdr, server.prepare(first, otpk=otpk))) != point


def test_the_last_key_for_a_server_is_the_one_that_is_kept(
    isdr: Send, server: Server, first: bytes
) -> None:
    old, new = (one_time_key(ask(isdr, server.prepare(first))) for _ in range(2))
    assert one_time_key(ask(isdr, server.prepare(first, otpk=new))) == new
    assert one_time_key(ask(isdr, server.prepare(first, otpk=old))) not in {old, new}


def test_the_key_for_one_server_is_not_that_of_another(
    isdr: Send, server: Server, first: bytes, ci: CertificateIssuer
) -> None:
    point = one_time_key(ask(isdr, server.prepare(first)))
    auth, pb = ci.issue_dp_auth("2.999.11"), ci.issue_dp_pb("2.999.11")
    other = Server(
        ci.ci_pk_id, Certified(auth.der, auth.private_key), Certified(pb.der, pb.private_key)
    )
    assert one_time_key(ask(isdr, other.prepare(other.session(isdr), otpk=point))) != point
    again = server.session(isdr)
    assert one_time_key(ask(isdr, server.prepare(again, otpk=point))) == point


def test_keys_of_only_so_many_servers_are_kept(
    isdr: Send, server: Server, first: bytes, ci: CertificateIssuer
) -> None:
    point = one_time_key(ask(isdr, server.prepare(first)))
    for number in range(11, 19):
        oid = f"2.999.{number}"
        auth = Recipe(ci, oid=oid).made()
        other = Server(ci.ci_pk_id, auth, Recipe(ci, DP_PB, oid).made())
        prepared(ask(isdr, other.prepare(other.session(isdr))))
    again = server.session(isdr)
    assert one_time_key(ask(isdr, server.prepare(again, otpk=point))) != point


def test_a_kept_key_on_another_curve_is_not_used(
    isdr: Send, server: Server, first: bytes, ci: CertificateIssuer, curve: Curve
) -> None:
    point = one_time_key(ask(isdr, server.prepare(first)))
    other = stranger("BRP" if curve is Curve.NIST else "NIST").private_key
    crossed = Recipe(ci, DP_PB, key=other).made()
    answer = ask(isdr, server.prepare(first, certificate=crossed, otpk=point))
    assert one_time_key(answer) != point


def test_a_reset_forgets_the_keys_and_a_seeded_card_makes_them_again(
    isdr: Send, card: Card, server: Server, first: bytes
) -> None:
    one, two = (one_time_key(ask(isdr, server.prepare(first))) for _ in range(2))
    card.reset()
    isdr(SELECT_ISDR)
    again = server.session(isdr)
    assert again == first
    assert one_time_key(ask(isdr, server.prepare(again, otpk=two))) == one


@pytest.mark.usefixtures("kept")
def test_no_private_key_is_written(isdr: Send, card: Card, server: Server, first: bytes) -> None:
    before = sorted(one.name for one in card.directory.iterdir())
    prepared(ask(isdr, server.prepare(first)))
    assert sorted(one.name for one in card.directory.iterdir()) == before
    assert "private=" not in repr(card._volatile)


# -- what is refused


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", INVALID)
def test_a_certificate_with_a_mistake_is_invalid(
    isdr: Send, server: Server, first: bytes, ci: CertificateIssuer, name: str
) -> None:
    wrong = spoilt(Recipe(ci, DP_PB), name)
    refused(isdr, server, first, server.prepare(first, certificate=wrong), 1)


@pytest.mark.usefixtures("kept")
def test_a_certificate_whose_signature_is_broken_is_invalid(
    isdr: Send, server: Server, first: bytes
) -> None:
    wrong = broken_signature(server.pb)
    refused(isdr, server, first, server.prepare(first, certificate=wrong), 1)


@pytest.mark.usefixtures("kept")
def test_the_certificate_for_authentication_is_not_for_packages(
    isdr: Send, server: Server, first: bytes
) -> None:
    refused(isdr, server, first, server.prepare(first, certificate=server.auth), 1)


@pytest.mark.usefixtures("kept")
def test_a_certificate_of_another_smdp_is_invalid(
    isdr: Send, server: Server, first: bytes, ci: CertificateIssuer
) -> None:
    wrong = Recipe(ci, DP_PB, "2.999.11").made()
    refused(isdr, server, first, server.prepare(first, certificate=wrong), 1)


@pytest.mark.usefixtures("kept")
def test_a_certificate_of_the_other_ci_is_invalid(
    isdr: Send, server: Server, first: bytes, pki_folder: Path, curve: Curve
) -> None:
    (other,) = (one for one in pki_in(pki_folder).branches if one.curve is not curve)
    wrong = Server.below(other.ci).pb
    refused(isdr, server, first, server.prepare(first, certificate=wrong), 1)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("what", ["another key", "no euiccSignature1", "63 bytes"])
def test_a_signature_that_is_not_over_both_is_invalid(
    isdr: Send, server: Server, first: bytes, what: str
) -> None:
    request = {
        "another key": lambda: server.prepare(
            first, certificate=Certified(server.pb.der, server.auth.key)
        ),
        "no euiccSignature1": lambda: server.prepare(bytes(64)),
        "63 bytes": lambda: server.prepare(first, signature=bytes(63)),
    }[what]()
    refused(isdr, server, first, request, 2)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_key_on_another_curve_is_unsupported(
    isdr: Send, server: Server, first: bytes, ci: CertificateIssuer, name: str
) -> None:
    wrong = Recipe(ci, DP_PB, key=UNSUPPORTED[name]()).made()
    refused(isdr, server, first, server.prepare(first, certificate=wrong), 3)


@pytest.mark.usefixtures("kept")
def test_without_an_authenticated_server_there_is_no_session_context(
    isdr: Send, server: Server
) -> None:
    assert ask(isdr, server.prepare(bytes(64))) == refusal("BF21", 4)
    challenge(isdr)
    assert ask(isdr, server.prepare(bytes(64))) == refusal("BF21", 4)


@pytest.mark.usefixtures("kept")
def test_a_new_challenge_ends_the_session_before_it(
    isdr: Send, server: Server, first: bytes
) -> None:
    challenge(isdr)
    assert ask(isdr, server.prepare(first)) == refusal("BF21", 4)


@pytest.mark.usefixtures("kept")
def test_a_refused_authentication_ends_the_session(
    isdr: Send, server: Server, first: bytes
) -> None:
    assert ask(isdr, server.authenticate(bytes(16))) == refusal("BF38", 4)
    assert ask(isdr, server.prepare(first)) == refusal("BF21", 4)


@pytest.mark.usefixtures("kept")
def test_an_sm_ds_has_no_profiles(isdr: Send, server: Server, ci: CertificateIssuer) -> None:
    ds = ci.issue_ds_auth(oid="2.999.10")
    first = server.session(isdr, certificate=Certified(ds.der, ds.private_key))
    assert ask(isdr, server.prepare(first)) == refusal("BF21", 4)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("tid", [b"\1", TRANSACTION[:15]])
def test_another_transaction_is_invalid(
    isdr: Send, server: Server, first: bytes, tid: bytes
) -> None:
    assert ask(isdr, server.prepare(first, tid=tid)) == refusal("BF21", 5, tid)
    prepared(ask(isdr, server.prepare(first)))


@pytest.mark.usefixtures("kept")
def test_a_confirmation_code_that_is_missing_is_an_undefined_error(
    isdr: Send, server: Server, first: bytes
) -> None:
    refused(isdr, server, first, server.prepare(first, confirmation=True), 127)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_hash_of_another_size_is_an_undefined_error(
    isdr: Send, server: Server, first: bytes, size: int
) -> None:
    refused(isdr, server, first, server.prepare(first, hash_cc=bytes(size)), 127)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("request_", ["BF2100", "BF21 02 3000", "BF21 04 3002 8000"])
def test_without_a_transaction_id_the_request_is_6a80(
    isdr: Send, server: Server, first: bytes, request_: str
) -> None:
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
    prepared(ask(isdr, server.prepare(first)))


@pytest.mark.usefixtures("kept")
def test_a_refusal_makes_no_key_and_forgets_none(
    isdr: Send, card: Card, server: Server, first: bytes
) -> None:
    point = one_time_key(ask(isdr, server.prepare(first)))
    before = card._volatile
    for request in (
        server.prepare(first, certificate=server.auth),
        server.prepare(first, signature=b""),
        server.prepare(first, tid=b"\1"),
        server.prepare(first, confirmation=True),
    ):
        value_of(ask(isdr, request))
        assert card._volatile == before
    assert one_time_key(ask(isdr, server.prepare(first, otpk=point))) == point


def test_checks_come_in_the_order_of_the_notes(
    isdr: Send, server: Server, first: bytes, ci: CertificateIssuer
) -> None:
    key = UNSUPPORTED["P-384"]()
    both = spoilt(Recipe(ci, DP_PB, key=key), "no keyUsage")
    off_curve = Recipe(ci, DP_PB, key=key).made()
    wrong = bytes(64)
    for request, answer in (
        (server.prepare(first, tid=b"\1", certificate=both), refusal("BF21", 5, b"\1")),
        (server.prepare(first, certificate=both), refusal("BF21", 1)),
        (server.prepare(first, certificate=off_curve), refusal("BF21", 3)),
        (server.prepare(first, signature=wrong, confirmation=True), refusal("BF21", 2)),
        (server.prepare(first, confirmation=True), refusal("BF21", 127)),
    ):
        assert ask(isdr, request) == answer


def test_the_log_says_whether_the_key_is_new(
    isdr: Send, card: Card, server: Server, first: bytes
) -> None:
    card.take_events()
    point = one_time_key(ask(isdr, server.prepare(first)))
    ask(isdr, server.prepare(first, otpk=point))
    ask(isdr, server.prepare(first, certificate=server.auth))
    assert [one.text for one in card.take_events()] == [
        "PrepareDownload: SM-DP+ 2.999.10, one-time key made",
        "PrepareDownload: SM-DP+ 2.999.10, one-time key as before",
        "PrepareDownload: invalidCertificate: the server's certificate is refused: "
        "its certificatePolicies do not make it one of DP_PB",
    ]
