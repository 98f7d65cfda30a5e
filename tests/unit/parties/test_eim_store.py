"""What an eIM keeps of its cards: on the disk before it answers, whole whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from msgspec import inspect
from msgspec.structs import fields

from euicc_sim.parties.eim.server.card_records import (
    CardRecord,
    EimStore,
    Forward,
    Order,
    Result,
    UnknownEidError,
    parse,
)
from euicc_sim.parties.eim.server.orders import order_of
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.json_document import write_document

EID = "89049032123451234512345678901235"
OTHER = "89049032123451234512345678901332"
OLD = Path(__file__).parents[2] / "golden" / "parties" / "card-of-an-eim-0.2.0.json"


@pytest.fixture
def store(tmp_path: Path) -> EimStore:
    store = EimStore(tmp_path / "cards")
    store.add(CardRecord(eid=EID, counter=7, token=1))
    return store


def test_a_record_is_a_file_of_its_owner(store: EimStore) -> None:
    (file,) = store.folder.iterdir()
    assert file.name == f"{EID}.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["counter"] == 7


def test_a_card_is_added_once(store: EimStore) -> None:
    store.add(CardRecord(eid=EID, counter=0))
    assert store.card(EID).counter == 7
    assert store.eids() == [EID]


def test_a_change_is_kept_whole(store: EimStore) -> None:
    order = order_of(["enable:89000123456789012341,rollback", "listProfileInfo"], "now")
    with store.changing(EID) as record:
        record.add(order)
        record.data["tac"] = "35290611"
    again = EimStore(store.folder).card(EID)
    assert again.queue == [order]
    assert again.next_order == 2
    assert again.data == {"tac": "35290611"}


def test_an_error_changes_nothing(store: EimStore) -> None:
    def fail() -> None:
        with store.changing(EID) as record:
            record.counter = 99
            raise EimError("no")

    with pytest.raises(EimError, match="no"):
        fail()
    assert store.card(EID).counter == 7


@pytest.mark.parametrize("eid", ["", "1", "../" + "0" * 29, "0" * 33, "0" * 31 + "x"])
def test_a_name_that_is_no_eid_reaches_no_file(store: EimStore, eid: str) -> None:
    with pytest.raises(EimError, match="is not an EID"):
        store.card(eid)


def test_an_unknown_card_is_told_from_a_broken_one(store: EimStore) -> None:
    with pytest.raises(UnknownEidError, match="euicc-sim eim order"):
        store.card(OTHER)
    with pytest.raises(UnknownEidError), store.changing(OTHER):
        pass
    (store.folder / f"{OTHER}.json").write_text("{}")
    with pytest.raises(EimError, match=r"is not the record of a card: at eid"):
        store.card(OTHER)
    (store.folder / f"{OTHER}.json").write_text("[")
    with pytest.raises(EimError, match="not JSON"):
        store.card(OTHER)
    (store.folder / f"{OTHER}.json").write_bytes((store.folder / f"{EID}.json").read_bytes())
    with pytest.raises(EimError, match=f"belongs to the card {EID}"):
        store.card(OTHER)


def test_an_empty_folder_has_no_cards(tmp_path: Path) -> None:
    assert EimStore(tmp_path / "none").eids() == []


@pytest.mark.slow
def test_two_writers_lose_nothing(store: EimStore) -> None:
    def count() -> None:
        for _ in range(20):
            with store.changing(EID) as record:
                record.counter += 1

    threads = [Thread(target=count) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert store.card(EID).counter == 7 + 60


WRITER = """
import sys
from pathlib import Path
from euicc_sim.parties.eim.server.card_records import EimStore
store = EimStore(Path(sys.argv[1]))
while True:
    with store.changing(sys.argv[2]) as record:
        record.counter += 1
        record.data = {"filler": "x" * 20000, "counter": record.counter}
    print(record.counter, flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_time_leaves_a_whole_record(store: EimStore) -> None:
    said = 7
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.folder), EID],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            if writer.stdout is None:
                raise AssertionError
            for _ in range(5):
                said = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            said = max([said, *(int(one) for one in writer.stdout.read().split())])
        record = store.card(EID)
        assert record.counter >= said
        assert record.data["counter"] == record.counter
        assert store.eids() == [EID]


def different(declared: inspect.Type) -> Any:
    """A value of a declared type that no default is."""
    match declared:
        case inspect.StrType():
            return EID if declared.pattern else "text"
        case inspect.IntType():
            return 5
        case inspect.BoolType():
            return True
        case inspect.BytesType():
            return b"\x01\xab"
        case inspect.LiteralType():
            return declared.values[-1]
        case inspect.AnyType():
            return {"known": True}
        case inspect.ListType():
            return [different(declared.item_type)]
        case inspect.DictType():
            return {"name": different(declared.value_type)}
        case inspect.UnionType():
            return different(next(t for t in declared.types if not isinstance(t, inspect.NoneType)))
        case inspect.StructType():
            return declared.cls(**{one.name: different(one.type) for one in declared.fields})
    raise AssertionError(declared)


def test_every_field_of_a_record_is_kept() -> None:
    record = different(inspect.type_info(CardRecord))
    again = parse(write_document(record))
    for kind, one, other in (
        (CardRecord, record, again),
        (Order, record.queue[0], again.queue[0]),
        (Result, record.results[0], again.results[0]),
        (Forward, record.notifications[0], again.notifications[0]),
    ):
        for field in fields(kind):
            value = getattr(one, field.name)
            assert value != field.default or field.name == "schema", f"{field.name} is the default"
            assert getattr(other, field.name) == value, f"{field.name} of {kind.__name__} is lost"


def test_a_record_of_0_2_0_opens() -> None:
    record = parse(OLD.read_bytes())
    assert record.queue[0].confirmation_code == "1234"
    assert record.results[0].outcomes[0].value == [{"eimId": "a"}]
    assert parse(write_document(record)) == record


def test_a_confirmation_code_is_in_no_text_of_an_order() -> None:
    assert "1234" not in repr(parse(OLD.read_bytes()).queue[0])
