"""Parties speak the version they are given, and use what they know of what a later one says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from support.esipa import EID, World, fetch, kept, provide
from support.euiccs import PaperEuicc, shared_pki
from support.hexes import hx
from support.phone import SpeakingCard

from apdu import tlv
from euicc_sim.asn1.sgp22.packages import StoreMetadataRequestValue
from euicc_sim.asn1.types import Type
from euicc_sim.asn1.wire import VERSIONS, token_object
from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.eim import initial_tokens
from euicc_sim.parties.ipa.es10b import IpaCard
from euicc_sim.parties.ipa.triggered_download import DownloadMode, Downloads
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.errors import EimError, LpaError, UnknownFormError
from euicc_sim.parties.messages.euicc_certificates import Euicc
from euicc_sim.parties.messages.interfaces import RspServer
from euicc_sim.parties.messages.notifications import read_installation, read_pending
from euicc_sim.parties.messages.package_results import Outcome, read_result, verify_result
from euicc_sim.parties.smdpp.card_answers import result_facts

PARTIES = Path(__file__).parents[3] / "euicc_sim" / "parties"
METADATA = StoreMetadataRequestValue(iccid=bytes(10), serviceProviderName="", profileName="")
STRANGE = bytes.fromhex("8F0101")
"""An element that no version has."""
NOTIFICATION = PaperEuicc.below(shared_pki()).notification()
STRANGE_NOTIFICATION = bytes.fromhex("BF660101")


@pytest.fixture
def euicc() -> PaperEuicc:
    return PaperEuicc.below(shared_pki())


def result(euicc: PaperEuicc, *elements: bytes, transaction: bytes = b"") -> bytes:
    """An EuiccPackageResult with the counter 5 and the number 7, signed without a token."""
    named = tlv(0x82, transaction) if transaction else b""
    signed = tlv(
        0x30,
        tlv(0x80, b"eim1.example.com") + tlv(0x81, b"\5") + named + tlv(0x83, b"\7"),
        tlv(0x30, *elements),
    )
    return tlv(0xBF51, tlv(0xA0, signed, euicc.sign(signed + token_object(None))))


# -- the result of a package


def test_a_result_with_an_operation_that_is_not_known_is_used(euicc: PaperEuicc) -> None:
    message = result(euicc, hx("830100"), STRANGE, hx("840101"))
    answer = verify_result(message, euicc.credential.euicc_certificate)
    assert answer.genuine
    assert (answer.counter, answer.seq_number) == (5, 7)
    assert answer.outcomes == (
        Outcome("enable", "ok"),
        Outcome("?", "? 8F", STRANGE),
        Outcome("disable", "iccidOrAidNotFound"),
    )
    assert [one.done for one in answer.outcomes] == [True, False, False]


def test_an_answer_to_an_operation_that_is_not_known_is_kept(euicc: PaperEuicc) -> None:
    answer = read_result(result(euicc, tlv(0xA8, STRANGE), tlv(0xAB, hx("8C0100")), hx("8A0100")))
    assert answer.outcomes == (
        Outcome("addEim", "? 8F", STRANGE),
        Outcome("listEim", "? 8C", hx("8C0100")),
        Outcome("updateEim", "ok"),
    )


def test_a_result_of_a_form_that_is_not_known_is_a_sentence() -> None:
    with pytest.raises(UnknownFormError, match=r"has the form \? 8F, which SGP.32 v1.2 does not"):
        read_result(tlv(0xBF51, STRANGE))


def test_an_added_eim_whose_answer_is_not_known_has_no_token() -> None:
    assert initial_tokens(tlv(0xBF57, tlv(0xA0, hx("840105"), STRANGE))) == [5, None]


# -- an eIM with many cards


def away(address: str) -> RspServer:
    raise LpaError(f"{address} is away.")


@pytest.fixture
def world(tmp_path: Path, euicc: PaperEuicc) -> World:
    world = World(tmp_path / "cards", away)
    world.service.set_card(EID, certificate=euicc.credential.euicc_certificate, counter=4)
    return world


def test_an_eim_server_takes_what_it_knows_of_a_result(world: World, euicc: PaperEuicc) -> None:
    world.service.order(EID, [f"enable:{'89001234567890123456'}", "getRAT"])
    fetch(world)
    transaction = kept(world).queue[0].transaction_id or b""
    message = result(euicc, hx("830100"), STRANGE, transaction=transaction)
    assert provide(world, "euiccPackageResult", message) == ("eimAcknowledgements", [7])
    (found,) = kept(world).results
    assert (found.verified, found.counter, found.message) == (True, 5, message)
    assert [(one.operation, one.result, one.value) for one in found.outcomes] == [
        ("enable", "ok", None),
        ("?", "? 8F", "8F0101"),
    ]


def test_a_notification_that_is_not_known_does_not_hold_up_the_others(
    world: World, euicc: PaperEuicc
) -> None:
    world.service.order(EID, ["data:A0"])
    fetch(world)
    data = {"notificationsList": [STRANGE_NOTIFICATION, NOTIFICATION]}
    answer = provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", data))
    assert answer == ("eimAcknowledgements", [2])
    assert [one.message for one in kept(world).notifications] == [NOTIFICATION]
    assert any("notification ? BF66" in one for one in world.said)


def test_a_result_of_a_form_that_is_not_known_does_not_hold_up_notifications(
    world: World, euicc: PaperEuicc
) -> None:
    value = {"euiccPackageResult": tlv(0xBF51, STRANGE), "notificationList": [NOTIFICATION]}
    assert provide(world, "ePRAndNotifications", value) == ("eimAcknowledgements", [2])
    assert kept(world).results == []


# -- LPA, IPA, SM-DP+


def answering(answer: bytes) -> SpeakingCard:
    return SpeakingCard(lambda _: answer)


def test_an_lpa_lists_the_profiles_that_it_knows() -> None:
    profile = tlv(0xE3, tlv(0x5A, hx("98001032547698103214")), tlv(0x9F70, b"\1"))
    card = answering(tlv(0xBF2D, tlv(0xA0, STRANGE, profile)))
    (found,) = Lpa(card).profiles()
    assert (found.iccid, found.enabled) == ("89000123456789012341", True)


def test_an_lpa_is_refused_in_a_way_that_it_does_not_know() -> None:
    with pytest.raises(LpaError, match=r"list its Profiles: \? 8F") as caught:
        Lpa(answering(tlv(0xBF2D, STRANGE))).profiles()
    assert caught.value.code == "? 8F"


def test_an_lpa_hears_of_an_end_that_it_does_not_know(euicc: PaperEuicc) -> None:
    from euicc_sim.parties.lpa.profile_download import _outcome

    message = euicc.result(b"\1", final=STRANGE)
    with pytest.raises(LpaError, match=r"reports \? 8F for the Profile") as caught:
        _outcome(message, METADATA, VERSIONS["1.2"])
    assert caught.value.result == message


def test_an_ipa_leaves_a_notification_that_it_does_not_know_on_the_card() -> None:
    said: list[str] = []
    card = IpaCard(answering(b""))
    downloads = Downloads(
        card, _NoEim(), None, DownloadMode.DIRECT, said.append, remains=said.append
    )
    downloads.bring(STRANGE_NOTIFICATION)
    assert said == [
        "a notification remains on the card: a notification ? BF66 is none of SGP.32 v1.2"
    ]


class _NoEim:
    def exchange(self, message: bytes) -> bytes:
        raise AssertionError(message)


def test_an_ipa_is_refused_a_list_in_a_way_that_it_does_not_know() -> None:
    with pytest.raises(LpaError, match=r"refused to list its notifications: \? 8F"):
        IpaCard(answering(tlv(0xBF2B, STRANGE))).notifications()


def test_an_smdpp_keeps_what_it_knows_of_an_installation(euicc: PaperEuicc) -> None:
    data = read_installation(euicc.result(b"\1", final=STRANGE)).value
    key = euicc.credential.private_key.public_key()
    found = result_facts(Euicc(EID, key, b""), data["profileInstallationResultData"])
    assert (found.seq_number, found.error, found.installed) == (1, "? 8F", False)


def test_a_pending_notification_with_an_end_that_is_not_known_is_read(euicc: PaperEuicc) -> None:
    found = read_pending(euicc.result(b"\1", final=STRANGE))
    assert (found.seq_number, found.transaction_id, found.installed) == (1, b"\1", False)


# -- the version that a party is given


def test_an_eim_of_v1_0_1_orders_nothing_that_came_later() -> None:
    old = VERSIONS["1.0.1"]
    with pytest.raises(EimError, match="setFallbackAttribute"):
        operations.set_fallback_attribute("89001234567890123456", wire=old)
    assert operations.set_fallback_attribute("89001234567890123456", wire=VERSIONS["1.1"]).raw


def test_an_eim_of_v1_3_keeps_what_v1_3_adds_to_a_profile() -> None:
    profile = tlv(0xE3, tlv(0x5A, hx("98001032547698103214")), tlv(0xBF64, hx("0400")))
    message = tlv(0xBF2D, tlv(0xA0, profile))
    card = answering(message)
    (new,), (old,) = Lpa(card, VERSIONS["1.3"]).profiles(), Lpa(card).profiles()
    assert new.fields["iotSpecificProfileInfo"] == tlv(0xBF64, hx("0400"))
    assert "iotSpecificProfileInfo" not in old.fields


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_the_messages_of_the_parties(version: str) -> None:
    used = {
        getattr(import_module(node.module), one.name)
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(("euicc_sim.asn1.sgp22", "euicc_sim.asn1.sgp32"))
        and node.module
        for one in node.names
    }
    messages = [one for one in used if isinstance(one, type) and issubclass(one, Type)]
    assert len(messages) > 30
    assert [one for one in messages if one not in VERSIONS[version]] == []


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PARTIES.rglob("*.py")):
        yield path.relative_to(PARTIES).as_posix(), ast.parse(path.read_text())


def test_no_party_has_a_version_but_as_a_default() -> None:
    """WIRE_1_2 stands where an argument or a field has its default, and where that is left out."""
    found = []
    for name, tree in trees():
        allowed: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                allowed |= {*node.args.defaults, *filter(None, node.args.kw_defaults)}
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                allowed |= set(ast.walk(node.value))
            if isinstance(node, ast.Compare):
                allowed |= set(ast.walk(node))
        found += [
            f"{name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id == "WIRE_1_2" and node not in allowed
        ]
    assert found == []


def takers() -> dict[str, int]:
    """Functions and classes that take a wire, and how many arguments stand before it."""
    found = {}
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [one.arg for one in node.args.args if one.arg not in ("self", "cls")]
                if "wire" in names:
                    found[node.name] = names.index("wire")
                elif any(one.arg == "wire" for one in node.args.kwonlyargs):
                    found[node.name] = 1000
            if isinstance(node, ast.ClassDef):
                fields = [
                    one.target.id
                    for one in node.body
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                ]
                init = [
                    one.args.args
                    for one in node.body
                    if isinstance(one, ast.FunctionDef) and one.name == "__init__"
                ]
                if init:
                    fields = [one.arg for one in init[0][1:]]
                if "wire" in fields:
                    found[node.name] = fields.index("wire")
    del found["__init__"]
    return found


def called(node: ast.Call, imported: set[str]) -> str:
    """The function or class that is called by its name, or as one of an imported module or class.

    What other objects do under the same name is nothing that takes a wire.
    """
    func = node.func
    if isinstance(func, ast.Attribute):
        base = func.value
        return func.attr if isinstance(base, ast.Name) and base.id in imported else ""
    return func.id if isinstance(func, ast.Name) else ""


def imports(tree: ast.Module) -> set[str]:
    return {
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for one in node.names
    }


def test_whoever_takes_a_wire_is_given_one() -> None:
    known, found = takers(), []
    assert {"read_result", "Lpa", "IpaCard", "prepare_download", "delete_eim"} <= set(known)
    for name, tree in trees():
        imported = imports(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or called(node, imported) not in known:
                continue
            words = {one.arg for one in node.keywords}
            if len(node.args) <= known[called(node, imported)] and not words & {"wire", None}:
                found.append(f"{name}:{node.lineno} {called(node, imported)}")
    assert found == []
