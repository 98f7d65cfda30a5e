"""What an eIM makes of answers, held against vectors that were made without it."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from support.fresh import pki_in
from support.hexes import hx
from support.vectors import entry, sgp32, vector

from apdu import tlv
from euicc_sim.crypto.signature import sign
from euicc_sim.parties.eim.eim import Eim, take_added_tokens, take_initial_answer
from euicc_sim.parties.messages.errors import EimError, NotGenuineError
from euicc_sim.parties.messages.euicc_certificates import certificate_der, eid_of, euicc_public_key
from euicc_sim.parties.messages.package_results import (
    Form,
    Outcome,
    PackageAnswer,
    read_result,
    verify_result,
)

RESULTS = [
    one["name"]
    for one in sgp32()["vectors"]
    if one["type"] == "EuiccPackageResult" and one.get("association_token_do")
]
EID = "89049032123451234512345678901235"


def key() -> ec.EllipticCurvePublicKey:
    found = load_der_public_key(bytes.fromhex(sgp32()["keys"]["euicc"]["spki"]))
    assert isinstance(found, ec.EllipticCurvePublicKey)
    return found


def token_of(name: str) -> int | None:
    return int(entry(name)["association_token_do"][4:], 16) or None


@pytest.mark.parametrize("name", RESULTS)
def test_signed_answers_verify(name: str) -> None:
    answer = verify_result(vector(name), key(), token=token_of(name))
    assert answer.genuine
    assert answer.form is (Form.SIGNED_ERROR if name.startswith("err") else Form.RESULT)


@pytest.mark.parametrize("name", ["res_list_eim", "err_signed_replay"])
def test_no_flipped_bit_verifies(name: str) -> None:
    good = vector(name)
    for at in range(8 * len(good)):
        bad = bytearray(good)
        bad[at // 8] ^= 1 << at % 8
        try:
            answer = verify_result(bytes(bad), key())
        except EimError:
            continue
        assert not answer.genuine


def test_another_token_does_not_verify() -> None:
    with pytest.raises(NotGenuineError, match="with token 2"):
        verify_result(vector("res_token1_list_eim"), key(), token=2)


def test_the_signature_rule_of_version_1_0_is_not_ours() -> None:
    with pytest.raises(NotGenuineError, match="no token"):
        verify_result(vector("res_enable_ok_v101"), key())


def test_the_head_of_a_result() -> None:
    answer = read_result(vector("res_enable_ok"))
    assert answer == PackageAnswer(
        Form.RESULT,
        "eim1.example.com",
        9,
        hx("A1B2C3D4"),
        8,
        (Outcome("enable", "ok"),),
    )
    assert answer.done
    assert not answer.genuine


@pytest.mark.parametrize(
    ("name", "outcomes", "done"),
    [
        ("res_add_eim_token", [Outcome("addEim", "ok", 1)], True),
        ("res_add_eim_ok", [Outcome("addEim", "ok")], True),
        ("res_add_eim_exists", [Outcome("addEim", "associatedEimAlreadyExists")], False),
        ("res_delete_eim_last", [Outcome("deleteEim", "lastEimDeleted")], True),
        ("res_update_eim_not_found", [Outcome("updateEim", "eimNotFound")], False),
        (
            "res_list_eim",
            [
                Outcome(
                    "listEim",
                    "ok",
                    [
                        {"eimId": "eim1.example.com", "eimIdType": "eimIdTypeFqdn"},
                        {"eimId": "eim2.example.com"},
                    ],
                )
            ],
            True,
        ),
        ("res_disable_delete", [Outcome("disable", "ok"), Outcome("delete", "ok")], True),
        ("res_stop_on_error", [Outcome("disable", "profileNotInEnabledState")], False),
        ("res_get_rat", [Outcome("getRAT", "ok", [])], True),
        ("res_set_default_dp", [Outcome("setDefaultDpAddress", "ok")], True),
        (
            "res_unknown_command",
            [Outcome("processingTerminated", "unknownOrDamagedCommand")],
            False,
        ),
    ],
)
def test_outcomes_have_the_names_of_the_standard(
    name: str, outcomes: list[Outcome], done: bool
) -> None:
    answer = read_result(vector(name))
    assert list(answer.outcomes) == outcomes
    assert answer.done is done


def test_profiles_are_listed_with_the_names_of_their_states() -> None:
    (outcome,) = read_result(vector("res_list_profile_info")).outcomes
    assert isinstance(outcome.value, list)
    first = outcome.value[0]
    assert isinstance(first, dict)
    assert first["iccid"] == hx("98001032547698103214")
    assert first["profileState"] == "enabled"


def test_a_code_without_a_name_is_its_number() -> None:
    result = vector("res_stop_on_error").replace(hx("840102"), hx("84010B"))
    assert read_result(result).outcomes == (Outcome("disable", "11"),)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("err_signed_replay", "replayError"),
        ("err_signed_invalid_eid", "invalidEid"),
        ("err_signed_counter_range", "counterValueOutOfRange"),
    ],
)
def test_signed_errors(name: str, error: str) -> None:
    answer = read_result(vector(name))
    assert answer.error == error
    assert answer.seq_number is None
    assert not answer.done


@pytest.mark.parametrize("name", ["err_unsigned", "err_unsigned_token", "err_unsigned_v13"])
def test_an_unsigned_error_is_read_and_never_genuine(name: str) -> None:
    answer = verify_result(vector(name), key())
    assert answer.form is Form.UNSIGNED_ERROR
    assert not answer.genuine
    assert answer.token == (1 if name == "err_unsigned_token" else None)


def test_an_eim_verifies_its_own_answers_only() -> None:
    with pytest.raises(EimError, match=r"of 'eim1\.example\.com', not of 'eim2'"):
        Eim.create("eim2").verify(vector("res_list_eim"), key())


@pytest.mark.parametrize("data", ["", "BF51", "BF5100", "BF5703A00105", "BF5102A000"])
def test_other_bytes_are_no_answer(data: str) -> None:
    with pytest.raises(EimError, match="begins with BF51"):
        verify_result(hx(data), key())


def test_a_second_signature_is_refused() -> None:
    data = hx(entry("res_list_eim")["signed_object"])
    signature = tlv(0x5F37, hx(entry("res_list_eim")["signature"]))
    assert verify_result(tlv(0xBF51, tlv(0xA0, data, signature)), key()).genuine
    for extra in (tlv(0x80, b"x"), tlv(0xDF37, bytes(64))):
        with pytest.raises(EimError, match="one signature"):
            verify_result(tlv(0xBF51, tlv(0xA0, data, signature, extra)), key())


def test_the_token_of_add_initial_eim_goes_to_its_eim() -> None:
    one, two = Eim.create("eim1"), Eim.create("eim2")
    one.token = 7
    take_initial_answer(vector("add_initial_eim_resp_two_token"), one, two)
    assert [one.token, two.token] == [None, 1]


def test_an_answer_about_other_eims_changes_nothing() -> None:
    eim = Eim.create("eim1")
    with pytest.raises(EimError, match="about 2 eIMs, not 1"):
        take_initial_answer(vector("add_initial_eim_resp_two_token"), eim)
    with pytest.raises(EimError, match="associatedEimAlreadyExists"):
        take_initial_answer(vector("add_initial_eim_resp_exists"), eim)
    with pytest.raises(EimError, match="not an answer to AddInitialEim"):
        take_initial_answer(vector("res_list_eim"), eim)
    assert eim.token is None


def test_the_token_of_add_eim_is_taken_from_a_genuine_answer_only() -> None:
    eim = Eim.create("eim2.example.com")
    with pytest.raises(EimError):
        take_added_tokens(read_result(vector("res_add_eim_token")), eim)
    answer = verify_result(vector("res_add_eim_token"), key())
    with pytest.raises(EimError, match="1 addEim operations, not 0"):
        take_added_tokens(answer)
    take_added_tokens(answer, eim)
    assert eim.token == 1
    take_added_tokens(verify_result(vector("res_add_eim_exists"), key()), eim)
    assert eim.token == 1


@pytest.fixture
def der(pki_folder: Path) -> bytes:
    return pki_in(pki_folder).issue_euicc(EID, 1)[0].euicc_certificate


def test_a_certificate_comes_as_der_pem_or_get_certs_answer(der: bytes) -> None:
    pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    inside = der[4:]
    answer = tlv(0xBF56, tlv(0xA0, tlv(0xA5, inside), tlv(0xA6, inside)))
    assert {certificate_der(one) for one in (der, pem, answer)} == {der}
    assert eid_of(der) == EID


def test_a_result_verifies_with_a_certificate(der: bytes, pki_folder: Path) -> None:
    card_key = pki_in(pki_folder).issue_euicc(EID, 1)[0].private_key
    data = hx(entry("res_list_eim")["signed_object"])
    signature = sign(card_key, data + hx("840100"))
    result = tlv(0xBF51, tlv(0xA0, data, tlv(0x5F37, signature)))
    assert verify_result(result, der).genuine


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not a certificate"),
        (b"-----BEGIN nothing", "not a certificate"),
        (hx("BF5603810101"), "invalidCiPKId"),
        (hx("BF5602A000"), "damaged"),
    ],
)
def test_what_is_no_certificate_is_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(EimError, match=sentence):
        euicc_public_key(data)
