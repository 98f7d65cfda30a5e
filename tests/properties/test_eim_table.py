"""The card's contact list beside a plain dict: whatever is sent, both come out the same.

The dict is `support.model.Table`, the messages are the judge's; nothing here asks the card's code
what is right.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.es10 import SELECT_ISDR, es10_sw
from support.judge import judged
from support.kept import document
from support.model import MAX_COUNTER, Entry, Operation, Order, Table
from support.packages import (
    EID,
    add_initial_eim,
    config,
    covered,
    der,
    der_integer,
    key,
    key_arm,
    package,
    result_of,
    token_object,
    verified,
)

from euicc_sim import Card
from euicc_sim.store.directory import Disk

ROOM, RESULTS = 4, 5
STEPS = 20
KEYS = {
    one.name: one
    for one in (
        key(1),
        key(2),
        key(3),
        key(4, "brainpoolP256r1"),
        key(5, in_certificate=True),
        key(6, "P-384"),
        key(7, "secp256k1"),
    )
}
UNUSABLE = ["P-384 6", "secp256k1 7"]
USABLE = [name for name in KEYS if name not in UNUSABLE]
IDS = ["eim1", "eim2", "eim3", "Eim1", "é" * 128, "eim5.example.com"]
UNKNOWN_CI = bytes(20)
RESET_EIMS = bytes.fromhex("BF6404 8202 0204")

eim_ids = st.sampled_from(IDS)
counters = st.integers(0, 30)
bad_counters = st.sampled_from([MAX_COUNTER + 1, -1, -(2**31), 2**40])
fail_points = st.sampled_from([None, None, None, 0, 1])
flaws = st.sampled_from([None] * 12 + ["key", "no key", "counter", "no counter", "token", "ci"])
optional_fields: dict[str, st.SearchStrategy[Any]] = {
    "eimFqdn": st.sampled_from(["", "a.example", "ü"]),
    "eimIdType": st.sampled_from([1, 2, 3]),
    "eimSupportedProtocol": st.sampled_from([(1, 1), (0b101, 3), (1, 5), (0, 0)]),
    "euiccCiPKId": st.sampled_from([0, 1]),
    "indirectProfileDownload": st.just(0),
}


@st.composite
def entries(draw: st.DrawFn, flaws: st.SearchStrategy[str | None] = flaws) -> Entry:
    """eIM Configuration Data to add: acceptable but for the flaw."""
    entry: Entry = {
        "eimId": draw(eim_ids),
        "key": draw(st.sampled_from(USABLE)),
        "counterValue": draw(st.one_of(counters, counters, st.just(MAX_COUNTER - 1))),
    }
    if draw(st.booleans()):
        entry["associationToken"] = -1
    _draw_optional(draw, entry)
    _spoil(draw, entry, draw(flaws))
    return entry


@st.composite
def updates(draw: st.DrawFn) -> Entry:
    """eIM Configuration Data of an update: often only one field."""
    entry: Entry = {"eimId": draw(eim_ids), "key": None}
    if draw(st.booleans()):
        entry["key"] = draw(st.sampled_from(USABLE))
    if draw(st.booleans()):
        entry["counterValue"] = draw(st.one_of(counters, st.sampled_from([500, MAX_COUNTER])))
    _draw_optional(draw, entry)
    _spoil(draw, entry, draw(flaws))
    return entry


def _draw_optional(draw: st.DrawFn, entry: Entry) -> None:
    for name in draw(st.sets(st.sampled_from(sorted(optional_fields)), max_size=2)):
        entry[name] = draw(optional_fields[name])


def _spoil(draw: st.DrawFn, entry: Entry, flaw: str | None) -> None:
    match flaw:
        case "key":
            entry["key"] = draw(st.sampled_from(UNUSABLE))
        case "no key":
            entry["key"] = None
        case "counter":
            entry["counterValue"] = draw(bad_counters)
        case "no counter":
            entry.pop("counterValue", None)
        case "token":
            entry["associationToken"] = draw(st.sampled_from([0, 1, -2, 2**70]))
        case "ci":
            entry["euiccCiPKId"] = UNKNOWN_CI


operations: st.SearchStrategy[Operation] = st.one_of(
    st.tuples(st.just("addEim"), entries()),
    st.tuples(st.just("addEim"), entries()),
    st.tuples(st.just("updateEim"), updates()),
    st.tuples(st.just("deleteEim"), st.builds(lambda one: {"eimId": one}, eim_ids)),
    st.tuples(st.just("listEim"), st.just({})),
)


def _id(entry: Entry) -> str:
    name: str = entry["eimId"]
    return name


class FailingDisk(Disk):
    """A disk whose n-th operation from now on fails, once; its syncs are not real."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.failed = False

    def arm(self, left: int | None) -> None:
        self.left, self.failed = left, False

    def _operation(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left, self.failed = None, True
            raise OSError(5, "Input/output error")

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        self._operation()
        return super().write(path, content)

    def append(self, path: Path, content: bytes, size: int) -> int:
        self._operation()
        return super().append(path, content, size)

    def truncate(self, path: Path, size: int) -> int:
        self._operation()
        return super().truncate(path, size)

    def sync(self, fd: int) -> None:
        self._operation()

    def sync_data(self, fd: int) -> None:
        self._operation()

    def replace(self, draft: Path, final: Path) -> None:
        self._operation()
        super().replace(draft, final)


class EimTable(RuleBasedStateMachine):
    """Commands to a card and to the model, and the same answers from both."""

    def __init__(self, template: Path) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=template.parent))
        self.directory = self.folder / "card"
        shutil.copytree(template, self.directory)
        self.disk = FailingDisk()
        self.card = self._open()
        identity = json.loads((self.directory / "card.json").read_text())["card"]
        self.card_keys = {
            bytes.fromhex(one["euiccCiPKId"]): _public_key(one["euiccCertificate"])
            for one in identity["credentials"]
        }
        self.ci_ids = list(self.card_keys)
        self.model = Table(EID, self.ci_ids, ROOM, RESULTS)
        self.sent: list[tuple[bytes, Order]] = []

    def teardown(self) -> None:
        self.card.close()
        shutil.rmtree(self.folder)

    def _open(self) -> Card:
        card = Card.open(self.directory, disk=self.disk)
        assert card.transmit(SELECT_ISDR)[0] == 0x61
        return card

    # -- the way in

    def _send(
        self, request: bytes, apply: Callable[[Table], Any], fail_at: int | None
    ) -> tuple[bytes, Any]:
        """Send a request; give the answer and the model's, which moves on with the card.

        When the disk failed the answer is 6581 and the model stays: then both are empty.
        """
        after = self.model.copy()
        expected = apply(after)
        self.disk.arm(fail_at)
        answer, sw = es10_sw(self.card.transmit, request)
        failed = self.disk.failed
        self.disk.arm(None)
        if failed:
            assert (answer, sw) == (b"", 0x6581)
            return b"", None
        assert sw == 0x9000, f"{request.hex()} was answered {sw:04X}"
        assert fail_at is None or after == self.model, "a change was answered without a save"
        self.model = after
        return answer, expected

    def _entry(self, drawn: Entry) -> Entry:
        """An entry with the card's own CI identifiers in place of their numbers."""
        ci = drawn.get("euiccCiPKId")
        return drawn if ci in (None, UNKNOWN_CI) else drawn | {"euiccCiPKId": self.ci_ids[ci]}

    # -- rules

    @initialize(drawn=st.lists(entries(st.none()), min_size=1, max_size=2, unique_by=_id))
    def begin(self, drawn: list[Entry]) -> None:
        self._add_initial_eim(drawn, None)

    @precondition(lambda self: not self.model.eims)
    @rule(drawn=st.lists(entries(), max_size=3), fail_at=fail_points)
    def add_initial_eim(self, drawn: list[Entry], fail_at: int | None) -> None:
        self._add_initial_eim(drawn, fail_at)

    @precondition(lambda self: not self.model.eims)
    @rule(drawn=st.lists(entries(st.none()), min_size=3, max_size=ROOM + 1, unique_by=_id))
    def add_many_initial_eims(self, drawn: list[Entry]) -> None:
        self._add_initial_eim(drawn, None)

    def _add_initial_eim(self, drawn: list[Entry], fail_at: int | None) -> None:
        wanted = [self._entry(one) for one in drawn]
        request = add_initial_eim(*map(_value, wanted))
        answer, expected = self._send(request, lambda table: table.add_initial(wanted), fail_at)
        if expected is None:
            return
        name, value = judged("AddInitialEimResponse", answer)
        if expected[0] == "error":
            assert (name, value) == ("addInitialEimError", expected[1])
        else:
            assert name == "addInitialEimOk"
            assert value == [
                ("addOk", 0) if one is None else ("associationToken", one) for one in expected[1]
            ]

    @precondition(lambda self: self.model.eims)
    @rule(
        data=st.data(),
        drawn=st.lists(operations, max_size=4),
        step=st.sampled_from([1, 1, 1, 2, 5]),
        transaction=st.none() | st.binary(min_size=1, max_size=16),
        fail_at=fail_points,
    )
    def load_package(
        self,
        data: st.DataObject,
        drawn: list[Operation],
        step: int,
        transaction: bytes | None,
        fail_at: int | None,
    ) -> None:
        self._load(self._order(self._any_eim(data), drawn, step, transaction), fail_at)

    @precondition(lambda self: self.model.eims)
    @rule(data=st.data(), drawn=st.lists(operations, min_size=2, max_size=6))
    def load_long_package(self, data: st.DataObject, drawn: list[Operation]) -> None:
        self._load(self._order(self._any_eim(data), drawn, 1, None), None)

    @precondition(lambda self: self.model.eims)
    @rule(
        data=st.data(),
        drawn=st.lists(operations, max_size=2),
        step=st.sampled_from([1, 1, 1, 0, -1, -100, MAX_COUNTER, 2**40]),
        changes=st.fixed_dictionaries(
            {},
            optional={
                "eid": st.just(bytes(16)),
                "eim_id": eim_ids,
                "signed_by": st.sampled_from(USABLE),
                "signed_token": st.sampled_from([None, -1, 1, 2, 3, 4, 5]),
            },
        ),
    )
    def load_wrong_package(
        self, data: st.DataObject, drawn: list[Operation], step: int, changes: dict[str, Any]
    ) -> None:
        order = self._order(self._any_eim(data), drawn, step, None)
        self._load(replace(order, **changes), None)

    def _any_eim(self, data: st.DataObject) -> Entry:
        return self.model.eims[data.draw(st.sampled_from(list(self.model.eims)))]

    def _order(
        self, sender: Entry, drawn: list[Operation], step: int, transaction: bytes | None
    ) -> Order:
        return Order(
            eim_id=sender["eimId"],
            eid=EID,
            counter=sender["counterValue"] + step,
            signed_by=sender["key"],
            signed_token=sender.get("associationToken"),
            operations=tuple((name, self._entry(content)) for name, content in drawn),
            transaction=transaction,
        )

    def _load(self, order: Order, fail_at: int | None) -> None:
        request = package(
            order.eim_id,
            order.counter,
            [(name, _value(content)) for name, content in order.operations],
            key=KEYS[order.signed_by],
            token=order.signed_token,
            eid=order.eid,
            transaction=order.transaction,
        )
        self.sent.append((request, order))
        self._check_package(request, order, fail_at)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), fail_at=fail_points)
    def send_a_package_again(self, data: st.DataObject, fail_at: int | None) -> None:
        request, order = data.draw(st.sampled_from(self.sent))
        self._check_package(request, order, fail_at)

    def _check_package(self, request: bytes, order: Order, fail_at: int | None) -> None:
        sender = self.model.eims.get(order.eim_id, {})
        number = self.model.next_seq
        answer, expected = self._send(request, lambda table: table.load(order), fail_at)
        if expected is None:
            return
        form, value = result_of(answer)
        assert form == expected[0]
        echo: dict[str, Any] = {"eimId": order.eim_id}
        if order.transaction is not None:
            echo["eimTransactionId"] = order.transaction
        if form == "unsigned":
            shown = {} if expected[1] is None else {"associationToken": expected[1]}
            assert value == echo | shown
            return
        echo["counterValue"] = order.counter
        if form == "error":
            assert value == echo | {"euiccPackageErrorCode": expected[1]}
        else:
            assert value == echo | {"seqNumber": number, "euiccResult": expected[1]}
        data, signature = covered(answer)
        verified(
            self.card_keys[sender["euiccCiPKId"]],
            signature,
            data + token_object(sender.get("associationToken")),
        )

    @rule(
        what=st.sampled_from(
            ["reset eIMs", "reset card", "open again", "open again", "add initial", "remove"]
        ),
        drawn=entries(),
        number=st.integers(-1, 30),
        fail_at=fail_points,
    )
    def upkeep(self, what: str, drawn: Entry, number: int, fail_at: int | None) -> None:
        match what:
            case "reset eIMs":
                self._reset_eim_config_data(fail_at)
            case "reset card":
                self.card.reset()
                assert self.card.transmit(SELECT_ISDR)[0] == 0x61
            case "open again":
                self.card.close()
                self.card = self._open()
            case "add initial":
                self._add_initial_eim([drawn], fail_at)
            case "remove":
                self._remove_result(number, fail_at)

    def _reset_eim_config_data(self, fail_at: int | None) -> None:
        answer, expected = self._send(RESET_EIMS, Table.reset_eims, fail_at)
        if expected is not None:
            assert judged("EuiccMemoryResetResponse", answer) == expected

    def _remove_result(self, number: int, fail_at: int | None) -> None:
        request = der(0xBF30, der(0x80, der_integer(number)))
        answer, code = self._send(request, lambda table: table.remove(number), fail_at)
        if code is not None:
            assert answer == bytes.fromhex(f"BF30038001{code:02X}")

    # -- after each step

    @invariant()
    def the_card_shows_what_the_model_has(self) -> None:
        answer, sw = es10_sw(self.card.transmit, bytes.fromhex("BF5500"))
        assert sw == 0x9000
        shown = judged("GetEimConfigurationDataResponse", answer)["eimConfigurationDataList"]
        assert shown == [_value(one) for one in self.model.configuration()]

    @invariant()
    def the_file_has_the_models_counters(self) -> None:
        kept = document(self.directory)
        assert {one["eimId"]: one["counterValue"] for one in kept["eims"]} == self.model.counters()
        assert kept["nextSeqNumber"] == self.model.next_seq
        assert kept["nextAssociationToken"] == self.model.next_token
        assert [one["seqNumber"] for one in kept["results"]] == self.model.results


def _public_key(certificate: str) -> ec.EllipticCurvePublicKey:
    key = x509.load_der_x509_certificate(bytes.fromhex(certificate)).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def _value(entry: Entry) -> dict[str, Any]:
    """An entry of the model as the judge writes it."""
    fields = {name: value for name, value in entry.items() if name not in ("eimId", "key")}
    name = entry.get("key")
    if name is not None:
        fields["eimPublicKeyData"] = key_arm(KEYS[name])
    return config(entry["eimId"], **fields) if "eimId" in entry else {}


@pytest.mark.slow
def test_the_contact_list_is_what_the_rules_make_of_it(tmp_path: Path, pki_folder: Path) -> None:
    template = tmp_path / "template"
    Card.create(template, pki=pki_folder, seed=1, max_eims=ROOM, results=RESULTS).close()
    run_state_machine_as_test(
        lambda: EimTable(template),  # type: ignore[arg-type]
        settings=settings(
            settings(),
            stateful_step_count=STEPS if os.environ.get("CI") else 12,
            suppress_health_check=list(HealthCheck),
        ),
    )
