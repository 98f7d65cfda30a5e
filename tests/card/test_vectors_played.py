"""The vectors, played on a card that has their key: its answers are theirs, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from support.eims import ask, build, eim1, raw_package, tlv, trust, vector_key
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.published_pki import PUBLISHED, needs_published
from support.vector_card import CI, Given, vector_card
from support.vectors import entry, vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]


@pytest.fixture
def given(request: pytest.FixtureRequest) -> Given:
    found: Given = getattr(request, "param", Given())
    return found


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, given: Given) -> Iterator[Card]:
    with vector_card(tmp_path / "card", pki_folder, given) as card:
        yield card


# -- one package, one answer

PACKAGES: list[tuple[str, str, Given]] = [
    ("pkg_add_eim_token", "res_add_eim_token", Given(0)),
    ("pkg_add_eim_plain", "res_add_eim_ok", Given(1, number=2)),
    ("pkg_add_eim_plain", "res_add_eim_exists", Given(1, 0, number=2)),
    ("pkg_update_eim_key", "res_update_eim_ok", Given(2, number=3)),
    ("pkg_list_eim", "res_list_eim", Given(4, 0, number=5)),
    ("pkg_delete_eim", "res_delete_eim_ok", Given(5, 0, number=6)),
    ("pkg_delete_eim_self_last", "res_delete_eim_last", Given(6, number=7)),
    ("pkg_get_rat", "res_get_rat", Given(14, number=15)),
    ("pkg_config_immediate_enable", "res_config_immediate_enable", Given(15, number=16)),
    ("pkg_set_default_dp", "res_set_default_dp", Given(18, number=19)),
    ("pkg_token1_list_eim", "res_token1_list_eim", Given(0, 0, 1, number=21)),
    ("pkg_enable", "err_signed_replay", Given(9)),
    ("pkg_wrong_eid", "err_signed_invalid_eid", Given(20)),
    ("pkg_counter_too_big", "err_signed_counter_range", Given(0)),
    ("pkg_bad_signature", "err_unsigned", Given(0)),
    ("pkg_bad_signature", "err_unsigned", Given()),
]


@pytest.mark.parametrize(
    ("package", "answer", "given"),
    PACKAGES,
    indirect=["given"],
    ids=[f"{package}-{answer}-{at}" for at, (package, answer, _) in enumerate(PACKAGES)],
)
def test_a_package_has_the_answer_of_the_vectors(isdr: Send, package: str, answer: str) -> None:
    assert ask(isdr, vector(package)).hex() == vector(answer).hex()


@pytest.mark.parametrize("given", [Given(3, number=4)], indirect=True)
def test_an_unknown_eim_is_updated_as_in_the_vectors(isdr: Send) -> None:
    operation = ("updateEim", {"eimId": "nobody", "eimFqdn": "x"})
    package = build(eim1(), operation, counter=4)
    assert ask(isdr, package) == vector("res_update_eim_not_found")


@pytest.mark.parametrize("given", [Given(19, number=20)], indirect=True)
@pytest.mark.parametrize("arm", ["A0", "A1"])
def test_an_unknown_command_is_answered_as_in_the_vectors(isdr: Send, arm: str) -> None:
    package = raw_package(eim1(), tlv(arm, hx("AF00")), counter=20)
    assert ask(isdr, package) == vector("res_unknown_command")


@pytest.mark.parametrize("given", [Given(0, 0, 1)], indirect=True)
def test_an_unsigned_error_with_token_is_that_of_the_vectors(isdr: Send) -> None:
    package = bytearray(vector("pkg_token1_list_eim"))
    package[-1] ^= 1
    assert ask(isdr, bytes(package)) == vector("err_unsigned_token")


@pytest.mark.parametrize("given", [Given(0, 0, 128)], indirect=True)
def test_the_package_for_token_128_verifies(isdr: Send) -> None:
    answer = ask(isdr, vector("pkg_token128_list_eim"))
    assert hx("81 01 01 83 01 01") in answer
    assert hx("02 01 04 5F37 40") in ask(isdr, vector("pkg_token128_list_eim"))


@pytest.mark.parametrize("given", [Given(0)], indirect=True)
def test_the_greatest_counter_is_accepted(isdr: Send) -> None:
    answer = ask(isdr, vector("pkg_counter_max"))
    assert hx("81 03 7FFFFF 83 01 01") in answer


@pytest.mark.parametrize("given", [Given(7, number=8)], indirect=True)
def test_two_operations_of_one_package_have_two_results(isdr: Send) -> None:
    answer = ask(isdr, vector("pkg_multi_eco"))
    assert hx("A8 03 84 01 01 AB") in answer


NO_PROFILE = {
    "pkg_enable": "83 01 01",
    "pkg_enable_rollback": "83 01 01",
    "pkg_disable_delete": "84 01 01",
    "pkg_delete": "85 01 01",
    "pkg_list_profile_info": "BF2D 02 A0 00",
    "pkg_list_profile_info_tags": "BF2D 02 A0 00",
    "pkg_set_fallback": "8D 01 01",
    "pkg_unset_fallback": "8E 01 02",
}


@pytest.mark.parametrize("given", [Given(0)], indirect=True)
@pytest.mark.parametrize("package", list(NO_PROFILE))
def test_without_profiles_the_result_is_honest(isdr: Send, package: str) -> None:
    element = hx(NO_PROFILE[package])
    answer = ask(isdr, vector(package))
    assert tlv("30", element) + hx("5F37 40") in answer


# -- in a row


def test_the_first_vectors_in_a_row(isdr: Send) -> None:
    for request, answer in (
        ("get_eim_cfg_req_all", "get_eim_cfg_resp_empty"),
        ("add_initial_eim_req", "add_initial_eim_resp_ok"),
        ("get_eim_cfg_req_all", "get_eim_cfg_resp"),
        ("get_eim_cfg_req_one", "get_eim_cfg_resp"),
        ("add_initial_eim_req", "add_initial_eim_resp_exists"),
        ("pkg_add_eim_token", "res_add_eim_token"),
        ("pkg_add_eim_plain", "res_add_eim_exists"),
        ("retrieve_req_all", "retrieve_resp_none"),
        ("MemoryReset_req", "MemoryReset_resp"),
        ("get_eim_cfg_req_all", "get_eim_cfg_resp_empty"),
    ):
        assert ask(isdr, vector(request)).hex() == vector(answer).hex(), request


def test_two_eims_of_which_one_asks_for_a_token(isdr: Send) -> None:
    answer = ask(isdr, vector("add_initial_eim_req_two_token"))
    assert answer == vector("add_initial_eim_resp_two_token")


@pytest.mark.parametrize("given", [Given(eim2=0, eim2_token=1)], indirect=True)
def test_defaults_and_token_are_shown_as_in_the_vectors(isdr: Send) -> None:
    assert ask(isdr, vector("get_eim_cfg_req_all")) == vector("get_eim_cfg_resp_token")


def test_a_counter_out_of_range_is_answered_as_in_the_vectors(isdr: Send) -> None:
    request = bytearray(vector("add_initial_eim_req"))
    at = request.index(hx("83 01 00"))
    request[at : at + 3] = hx("83 01 FF")
    assert ask(isdr, bytes(request)) == vector("add_initial_eim_resp_counter")


# -- results that wait


@pytest.mark.parametrize(
    "given", [Given(9, number=9, results={8: vector("res_for_list")})], indirect=True
)
def test_a_stored_result_is_retrieved_and_removed_as_in_the_vectors(isdr: Send) -> None:
    assert entry("res_for_list")["hex"].startswith("BF516A")
    assert ask(isdr, vector("retrieve_req_epr")) == vector("retrieve_resp_epr")
    assert ask(isdr, vector("retrieve_req_seq")) == vector("retrieve_resp_epr")
    assert ask(isdr, vector("remove_notif_req")) == vector("remove_notif_resp_ok")
    assert ask(isdr, vector("remove_notif_req")) == vector("remove_notif_resp_none")


# -- short ones


def test_the_certificates_of_the_named_ci(isdr: Send) -> None:
    assert ask(isdr, vector("GetCerts_req_ci")) == ask(isdr, vector("GetCerts_req"))


def test_set_default_dp(isdr: Send) -> None:
    assert ask(isdr, vector("SetDefaultDp_req")) == vector("SetDefaultDp_resp")


def test_the_cards_key_is_that_of_the_vectors(card: Card) -> None:
    der = card.identity.credentials[0].euicc_certificate
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key == vector_key("euicc").public_key()


@needs_published
def test_a_card_of_the_published_pki_accepts_the_vectors_as_they_are(tmp_path: Path) -> None:
    with Card.create(tmp_path / "published", pki=PUBLISHED, seed=1, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        for request, answer in (
            ("add_initial_eim_req", "add_initial_eim_resp_ok"),
            ("get_eim_cfg_req_all", "get_eim_cfg_resp"),
        ):
            assert ask(card.transmit, vector(request)) == vector(answer)
        assert hx("A8 03 84 01 01") in ask(card.transmit, vector("pkg_add_eim_token"))
        assert ask(card.transmit, vector("GetCerts_req_ci"))[:2] == hx("BF56")


@needs_published
def test_a_card_of_the_published_pki_trusts_and_works(tmp_path: Path) -> None:
    with Card.create(tmp_path / "published", pki=PUBLISHED, seed=1, fsync=False) as card:
        eim = eim1(extra={"euiccCiPKId": bytes.fromhex(CI)})
        trust(card.transmit, eim)
        assert eim.load(card.transmit, ("listEim", {}))
