"""AuthenticateServer: whom the card believes, what it signs then, and every refusal of its own."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.eims import ask, check_signature, eim1, objects, tlv, trust, value_of
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.fresh import fresh_card, pki_in
from support.hexes import hx
from support.kept import files
from support.mistakes import (
    BROKEN_RULES,
    INVALID,
    UNSUPPORTED,
    broken_signature,
    spoilt,
    stranger,
)
from support.published_pki import PUBLISHED, needs_published
from support.server import (
    ADDRESS,
    CONTEXT,
    DP_AUTH,
    SERVER_CHALLENGE,
    TRANSACTION,
    Certified,
    Recipe,
    Server,
    authenticated,
    challenge,
    euicc_key,
    prepared,
    refusal,
)

from euicc_sim import Card
from keys import CertificateIssuer, Curve, Role, TestPki
from keys.credential import is_issued_by
from keys.profiles import DP_OID, ROLE_DS_AUTH, dp_extensions

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
def kept(card: Card) -> Iterator[None]:
    """Whatever the test does, the card keeps what it had before."""
    before, document = card.state, files(card.directory)
    yield
    assert card.state is before
    assert files(card.directory) == document


def refused(send: Send, server: Server, request: bytes, code: int) -> None:
    """That request is refused with that code, and then there is no session at all."""
    info = ask(send, hx("BF2200"))
    assert ask(send, request) == refusal("BF38", code)
    assert ask(send, server.authenticate(bytes(16))) == refusal("BF38", 4)
    cancel = tlv("BF41", tlv("80", TRANSACTION), hx("810100"))
    assert ask(send, cancel) == hx("BF41 03 810105")
    assert ask(send, hx("BF2200")) == info


# -- what is right


def test_the_card_signs_what_it_was_asked(isdr: Send, server: Server) -> None:
    answer = server.begin(isdr)
    parts = authenticated(answer)
    check_signature(euicc_key(answer), parts["euiccSignature1"], parts["euiccSigned1"])
    assert parts["euiccSigned1"] == tlv(
        "30",
        tlv("80", TRANSACTION),
        tlv("83", ADDRESS.encode()),
        tlv("84", SERVER_CHALLENGE),
        ask(isdr, hx("BF2200")),
        CONTEXT,
    )


def test_the_chain_in_the_answer_ends_at_the_ci_that_was_named(
    isdr: Send, server: Server, ci: CertificateIssuer
) -> None:
    parts = authenticated(server.begin(isdr))
    euicc = x509.load_der_x509_certificate(parts["euiccCertificate"])
    eum = x509.load_der_x509_certificate(parts["eumCertificate"])
    assert is_issued_by(euicc, eum)
    assert is_issued_by(eum, ci.certificate)


@pytest.mark.usefixtures("kept")
def test_nothing_is_written_to_the_disk(isdr: Send, server: Server) -> None:
    server.session(isdr)


def test_an_sm_ds_is_believed_too(isdr: Send, server: Server, ci: CertificateIssuer) -> None:
    ds = ci.issue_ds_auth()
    server.session(isdr, certificate=Certified(ds.der, ds.private_key))


def test_an_expired_certificate_is_accepted_since_the_card_has_no_clock(
    isdr: Send, server: Server, ci: CertificateIssuer
) -> None:
    expired = Recipe(ci, not_after=datetime(2002, 1, 1, tzinfo=UTC)).made()
    assert x509.load_der_x509_certificate(expired.der).not_valid_after_utc.year == 2002
    server.session(isdr, certificate=expired)


def test_a_server_key_on_the_other_curve_is_accepted(
    isdr: Send, server: Server, ci: CertificateIssuer, curve: Curve
) -> None:
    other = stranger("BRP" if curve is Curve.NIST else "NIST").private_key
    server.session(isdr, certificate=Recipe(ci, key=other).made())


@pytest.mark.usefixtures("lenient")
def test_the_signature_covers_the_bytes_as_they_came(isdr: Send, server: Server) -> None:
    ((_, whole, content),) = objects(server.server_signed1(challenge(isdr)))
    long_form = b"\x30\x82" + len(content).to_bytes(2) + content
    assert long_form != whole
    authenticated(ask(isdr, server.authenticate(b"", signed=long_form)))


def test_of_the_device_nothing_is_judged(isdr: Send, server: Server) -> None:
    device = tlv("A1", tlv("80", bytes(8)), tlv("A1", tlv("9F70", b"\1")))
    context = tlv("A0", device)
    answer = es10(isdr, server.authenticate(challenge(isdr), context=context))
    assert authenticated(answer)["euiccSigned1"].endswith(context)


def test_asking_for_information_does_not_disturb_the_session(isdr: Send, server: Server) -> None:
    request = server.authenticate(challenge(isdr))
    for other in ("BF2000", "BF2200", "BF3E035C015A", "BF3C00", "BF2D00"):
        ask(isdr, hx(other))
    authenticated(ask(isdr, request))


@pytest.mark.parametrize("size", [1, 16])
def test_a_transaction_id_has_1_to_16_bytes(isdr: Send, server: Server, size: int) -> None:
    assert replace(server, transaction=bytes(range(size))).session(isdr)


@needs_published
def test_a_server_with_the_certificates_that_gsma_publishes_is_believed(
    tmp_path: Path, curve: Curve
) -> None:
    pki = TestPki.load(PUBLISHED)
    auth, pb = (pki.credential(role, curve) for role in (Role.DP_AUTH, Role.DP_PB))
    server = Server(
        pki.branch(curve).ci.ci_pk_id,
        Certified(auth.der, auth.private_key),
        Certified(pb.der, pb.private_key),
    )
    with Card.create(tmp_path / "published", pki=PUBLISHED, seed=1, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        first = server.session(card.transmit)
        assert prepared(ask(card.transmit, server.prepare(first)))


def test_each_extension_of_a_server_may_be_critical(
    isdr: Send, server: Server, ci: CertificateIssuer
) -> None:
    right = dp_extensions(server.auth.key.public_key(), ci.ci_pk_id, DP_AUTH, DP_OID)
    critical = tuple((value, True) for value, _ in right)
    server.session(isdr, certificate=Recipe(ci, instead=critical).made())


def test_an_unknown_extension_that_is_not_critical_is_passed_over(
    isdr: Send, server: Server, ci: CertificateIssuer
) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.99"), hx("0500"))
    server.session(isdr, certificate=Recipe(ci, instead=((unknown, False),)).made())


# -- what is refused


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", INVALID)
def test_a_certificate_with_a_mistake_is_invalid(
    isdr: Send, server: Server, ci: CertificateIssuer, name: str
) -> None:
    wrong = spoilt(Recipe(ci), name)
    refused(isdr, server, server.authenticate(challenge(isdr), certificate=wrong), 1)


@pytest.mark.usefixtures("kept")
def test_a_certificate_whose_signature_is_broken_is_invalid(isdr: Send, server: Server) -> None:
    wrong = broken_signature(server.auth)
    refused(isdr, server, server.authenticate(challenge(isdr), certificate=wrong), 1)


@pytest.mark.usefixtures("kept")
def test_the_certificate_for_packages_is_not_for_authentication(isdr: Send, server: Server) -> None:
    refused(isdr, server, server.authenticate(challenge(isdr), certificate=server.pb), 1)


@pytest.mark.usefixtures("kept")
def test_a_ci_is_no_server(isdr: Send, server: Server, ci: CertificateIssuer) -> None:
    own = Certified(ci.certificate.public_bytes(Encoding.DER), ci.private_key)
    refused(isdr, server, server.authenticate(challenge(isdr), certificate=own), 1)


@pytest.mark.usefixtures("kept")
def test_any_sequence_is_no_certificate(isdr: Send, server: Server) -> None:
    wrong = Certified(hx("3003020105"), server.auth.key)
    request = server.authenticate(challenge(isdr), certificate=wrong)
    refused(isdr, server, request, 1)


@pytest.mark.usefixtures("kept")
def test_a_certificate_of_the_other_ci_is_invalid(
    isdr: Send, server: Server, pki_folder: Path, curve: Curve
) -> None:
    (other,) = (one for one in pki_in(pki_folder).branches if one.curve is not curve)
    wrong = Server.below(other.ci).auth
    refused(isdr, server, server.authenticate(challenge(isdr), certificate=wrong), 1)


@pytest.mark.usefixtures("kept")
def test_a_signature_of_another_key_is_invalid(isdr: Send, server: Server) -> None:
    signed = server.authenticate(given := challenge(isdr), certificate=server.pb)
    signature = signed[signed.index(hx("5F3740")) + 3 :][:64]
    refused(isdr, server, server.authenticate(given, signature=signature), 2)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_size_is_invalid(isdr: Send, server: Server, size: int) -> None:
    refused(isdr, server, server.authenticate(challenge(isdr), signature=bytes(size)), 2)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_key_on_another_curve_is_unsupported(
    isdr: Send, server: Server, ci: CertificateIssuer, name: str
) -> None:
    wrong = Recipe(ci, key=UNSUPPORTED[name]()).made()
    refused(isdr, server, server.authenticate(challenge(isdr), certificate=wrong), 3)


@pytest.mark.usefixtures("kept")
def test_without_a_challenge_there_is_no_session_context(isdr: Send, server: Server) -> None:
    refused(isdr, server, server.authenticate(bytes(16)), 4)


@pytest.mark.usefixtures("kept")
def test_a_challenge_serves_once(isdr: Send, server: Server) -> None:
    request = server.authenticate(challenge(isdr))
    authenticated(ask(isdr, request))
    refused(isdr, server, request, 4)


@pytest.mark.usefixtures("kept")
def test_a_challenge_does_not_outlive_a_reset(isdr: Send, card: Card, server: Server) -> None:
    request = server.authenticate(challenge(isdr))
    card.reset()
    isdr(SELECT_ISDR)
    refused(isdr, server, request, 4)


def test_a_server_that_is_configured_under_another_oid_is_an_invalid_oid(
    isdr: Send, card: Card, server: Server
) -> None:
    expect(isdr, (2, 999, 11), ADDRESS)
    before, document = card.state, files(card.directory)
    refused(isdr, server, server.authenticate(challenge(isdr)), 5)
    assert card.state is before
    assert files(card.directory) == document


@pytest.mark.parametrize(
    ("oid", "address"), [((2, 999, 10), ADDRESS), ((2, 999, 11), "other.example.com")]
)
def test_a_server_that_is_configured_so_or_not_at_all_is_believed(
    isdr: Send, server: Server, oid: tuple[int, ...], address: str
) -> None:
    expect(isdr, oid, address)
    server.session(isdr)


@pytest.mark.parametrize(
    ("off", "configuration"),
    [
        ("the flag", {"defaultSmdpOid": (2, 999, 11), "defaultSmdpAddress": ADDRESS}),
        ("the OID", {"immediateEnableFlag": 0, "defaultSmdpAddress": ADDRESS}),
        ("the address", {"immediateEnableFlag": 0, "defaultSmdpOid": (2, 999, 11)}),
    ],
)
def test_no_oid_is_expected_of_a_server_by_a_configuration_that_lacks(
    isdr: Send, server: Server, off: str, configuration: dict[str, Any]
) -> None:
    configure(isdr, **configuration)
    server.session(isdr)


def expect(send: Send, oid: tuple[int, ...], address: str) -> None:
    """Configure the SM-DP+ of immediate enable."""
    configure(send, immediateEnableFlag=0, defaultSmdpOid=oid, defaultSmdpAddress=address)


def configure(send: Send, **fields: Any) -> None:
    """Configure immediate enable by a package."""
    eim = eim1()
    trust(send, eim)
    eim.load(send, ("configureImmediateEnable", fields))


@pytest.mark.usefixtures("kept")
def test_a_signature_over_another_challenge_is_a_mismatch(isdr: Send, server: Server) -> None:
    given = bytearray(challenge(isdr))
    given[-1] ^= 1
    refused(isdr, server, server.authenticate(bytes(given)), 6)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("ci_pk_id", [b"", bytes(20)])
def test_a_ci_that_the_card_does_not_know_is_unknown(
    isdr: Send, server: Server, ci_pk_id: bytes
) -> None:
    refused(isdr, server, server.authenticate(challenge(isdr), ci_pk_id=ci_pk_id), 7)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda server, given: server.authenticate(given, context=hx("A000")),
        lambda server, given: server.authenticate(given, context=hx("A100")),
        lambda server, given: server.authenticate(given, context=b""),
        lambda server, given: server.authenticate(given[:15]),
        lambda server, given: tlv("BF38", server.server_signed1(given)),
    ],
    ids=["no device", "another context", "no context", "a short challenge", "nothing but that"],
)
def test_a_request_that_is_not_whole_is_an_undefined_error(
    isdr: Send, server: Server, spoil: Callable[[Server, bytes], bytes]
) -> None:
    refused(isdr, server, spoil(server, challenge(isdr)), 127)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "request_",
    ["BF3800", "BF38 02 3000", "BF38 04 3002 8000", "BF38 05 3003 810101", "BF38 02 0500"],
)
def test_without_a_transaction_id_the_request_is_6a80_and_the_challenge_stays(
    isdr: Send, server: Server, request_: str
) -> None:
    request = server.authenticate(challenge(isdr))
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
    authenticated(ask(isdr, request))


# -- in which order


def test_checks_come_in_the_order_of_the_notes(
    isdr: Send, server: Server, ci: CertificateIssuer
) -> None:
    """Each request has one mistake less than the one before it, and another code."""
    expect(isdr, (2, 999, 11), ADDRESS)
    off_curve = Recipe(ci, key=UNSUPPORTED["P-384"](), role=INVALID_ROLE).made()
    no_role = Recipe(ci, role=INVALID_ROLE).made()
    strange = Recipe(ci, oid="2.999.12").made()
    elsewhere = replace(server, address="elsewhere.example.com")
    wrong = bytes(16)
    steps = [
        (server.authenticate(wrong, ci_pk_id=b"", certificate=off_curve), 7),
        (server.authenticate(wrong, certificate=off_curve), 3),
        (server.authenticate(wrong, certificate=no_role, signature=b""), 1),
        (server.authenticate(wrong, certificate=strange, signature=b""), 5),
        (elsewhere.authenticate(wrong, certificate=strange, signature=b""), 2),
        (elsewhere.authenticate(wrong, certificate=strange), 6),
    ]
    assert ask(isdr, steps[0][0]) == refusal("BF38", 4)
    for request, code in steps:
        challenge(isdr)
        assert ask(isdr, request) == refusal("BF38", code)


INVALID_ROLE = x509.ObjectIdentifier("2.23.146.1.2.1.3")


# -- what the card says of it, and older cards


def test_the_log_says_who_it_was_and_why_not(isdr: Send, card: Card, server: Server) -> None:
    card.take_events()
    server.session(isdr)
    server.begin(isdr, signature=b"")
    lines = [one.text for one in card.take_events() if one.name == "AuthenticateServer"]
    assert lines == [
        f"AuthenticateServer: SM-DP+ 2.999.10 at {ADDRESS}",
        "AuthenticateServer: invalidSignature: serverSignature1 is not the server's signature "
        "over these bytes",
    ]


def test_the_log_says_that_it_was_an_smds(isdr: Send, card: Card, ci: CertificateIssuer) -> None:
    server = replace(Server.below(ci), auth=Recipe(ci, ROLE_DS_AUTH).made())
    card.take_events()
    server.session(isdr)
    assert card.take_events()[-1].text == f"AuthenticateServer: SM-DS 2.999.10 at {ADDRESS}"


@pytest.mark.parametrize(("key", "named"), [(b"", "(empty)"), (hx("AB" * 20), "AB" * 20)])
def test_the_log_names_the_ci_key_that_the_card_does_not_know(
    isdr: Send, card: Card, server: Server, key: bytes, named: str
) -> None:
    assert server.begin(isdr, ci_pk_id=key) == refusal("BF38", 7)
    wanted = f"AuthenticateServer: ciPKUnknown: no certificate below CI key {named}"
    assert card.take_events()[-1].text == wanted


@pytest.mark.parametrize("curve", [Curve.NIST])
@pytest.mark.parametrize("name", INVALID)
def test_the_log_names_the_rule_that_a_certificate_breaks(
    isdr: Send, card: Card, server: Server, ci: CertificateIssuer, name: str
) -> None:
    wrong = spoilt(Recipe(ci), name)
    assert server.begin(isdr, certificate=wrong) == refusal("BF38", 1)
    assert f": {BROKEN_RULES[name]}" in card.take_events()[-1].text


def resigned(one: Certified, ci: CertificateIssuer, change: Callable[[bytes], bytes]) -> Certified:
    """A certificate whose TBSCertificate has other bytes, signed by the CI all the same."""
    ((_, _, certificate),) = objects(one.der)
    (_, _, signed), (_, algorithm, _), _ = objects(certificate)
    new = tlv("30", change(signed))
    signer: Any = ci.private_key
    signature = signer.sign(new, ec.ECDSA(SHA256()))
    return replace(one, der=tlv("30", new, algorithm, tlv("03", b"\0", signature)))


def test_a_certificate_of_version_1_that_has_extensions_all_the_same_is_invalid(
    isdr: Send, card: Card, server: Server, ci: CertificateIssuer
) -> None:
    wrong = resigned(server.auth, ci, lambda tbs: tbs.removeprefix(hx("A003020102")))
    assert wrong.der != server.auth.der
    assert server.begin(isdr, certificate=wrong) == refusal("BF38", 1)
    assert ": its version is not 3" in card.take_events()[-1].text


def test_a_certificate_with_a_negative_serial_number_is_invalid(
    isdr: Send, card: Card, ci: CertificateIssuer, server: Server
) -> None:
    right = Recipe(ci).made()
    wrong = resigned(right, ci, lambda tbs: tbs.replace(hx("0202 0100"), hx("0202 FF00"), 1))
    assert wrong.der != right.der
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library only warns, and a program is not a test
        assert server.begin(isdr, certificate=wrong) == refusal("BF38", 1)
    assert "serial number" in card.take_events()[-1].text


def test_a_card_made_before_ci_certificates_were_kept_opens_and_knows_no_ci(
    tmp_path: Path, pki_folder: Path
) -> None:
    folder = tmp_path / "old"
    fresh_card(folder, pki_folder)
    document = json.loads((folder / "card.json").read_text())
    for one in document["card"]["credentials"]:
        assert one.pop("ciCertificate")
    (folder / "card.json").write_text(json.dumps(document))
    server = Server.below(pki_in(pki_folder).branches[0].ci)
    with Card.open(folder, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert server.begin(card.transmit) == refusal("BF38", 7)
        assert "no ciCertificate" in card.take_events()[-1].text


def test_the_judge_reads_an_answer_as_the_server_would(isdr: Send, server: Server) -> None:
    kind, value = value_of(server.begin(isdr))
    assert kind == "authenticateResponseOk"
    assert value["euiccSigned1"]["transactionId"] == TRANSACTION
    assert value["euiccSigned1"]["serverAddress"] == ADDRESS
