"""What an eIM keeps of its cards: on the disk before it answers, whole whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from msgspec import inspect
from msgspec.structs import fields
from sqlalchemy import Connection, event

from euicc_sim.parties.eim.server.card_records import (
    NOTIFICATIONS,
    CardRecord,
    Forward,
    Order,
    Relayed,
    Result,
    StorageError,
    UnknownEidError,
)
from euicc_sim.parties.eim.server.orders import order_of
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.servers.database import EimDatabase, sqlite_file
from euicc_sim.servers.database.folder_of_cards import kept_cards

EID = "89049032123451234512345678901235"
OTHER = "89049032123451234512345678901332"
OLD = Path(__file__).parents[2] / "golden" / "parties" / "card-of-an-eim-0.2.0.json"
NOW, LATER = "2026-01-02T03:04:05+00:00", "2026-01-02T03:05:05+00:00"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EimDatabase]:
    with closing(EimDatabase(tmp_path / "eim.db", fsync=False)) as store:
        with store.changing(EID, CardRecord(eid=EID, counter=7, token=1)):
            pass
        yield store


def result(message: bytes | None, **others: Any) -> Result:
    return Result(kind="package", words=[], at=NOW, state="done", message=message, **others)


def ordered(store: EimDatabase, *words: str) -> list[Order]:
    orders = [order_of([one], NOW) for one in words]
    with store.changing(EID) as card:
        for one in orders:
            card.add(one)
    return orders


def test_the_files_are_their_owners_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with (
            closing(EimDatabase(tmp_path / "eim.db")) as store,
            store.changing(EID, CardRecord(eid=EID)) as card,
        ):
            card.record.counter = 1
            modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"eim.db": 0o600, "eim.db-wal": 0o600, "eim.db-shm": 0o600}


def test_a_card_is_added_once(store: EimDatabase) -> None:
    with store.changing(EID, CardRecord(eid=EID, counter=0)) as card:
        assert card.record.counter == 7
    assert [tuple(one) for one in store.cards()] == [(EID, 0, 0, None, None)]


def test_a_change_is_kept_whole(store: EimDatabase, tmp_path: Path) -> None:
    order = order_of(["enable:89000123456789012341,rollback", "listProfileInfo"], "now")
    with store.changing(EID) as card:
        card.add(order)
        card.record.data["tac"] = "35290611"
    with closing(EimDatabase(tmp_path / "eim.db")) as again:
        assert again.queue(EID) == [order]
        assert (again.card(EID).next_order, again.card(EID).data) == (2, {"tac": "35290611"})


def test_an_error_changes_nothing(store: EimDatabase) -> None:
    def fail() -> None:
        with store.changing(EID) as card:
            card.record.counter = 99
            card.add(order_of(["getRAT"], NOW))
            card.keep(result(b"\1"))
            card.forward(Forward(address="a.b", message=b"\1", sender=EID))
            raise EimError("no")

    with pytest.raises(EimError, match="no"):
        fail()
    assert store.card(EID).counter == 7
    assert (store.queue(EID), store.results(EID), store.waiting(EID)) == ([], [], [])


def test_an_order_that_a_draft_returned_is_kept_when_it_differs(store: EimDatabase) -> None:
    ordered(store, "getRAT", "listEim")
    with store.changing(EID) as card:
        first = card.next(NOW)
        assert first is not None
        first.held = True
        second = card.next(NOW)
        assert second is not None
        assert (first.number, second.number) == (1, 2)
        second.transaction_id = b"\7"
        assert card.order(transaction=b"\7") is second
    assert [one.held for one in store.queue(EID)] == [True, False]
    assert store.card_of(b"\7") == EID


def test_an_order_may_go_before_the_others(store: EimDatabase) -> None:
    ordered(store, "getRAT", "listEim")
    with store.changing(EID) as card:
        card.add(order_of(["data"], NOW), first=True)
        card.add(order_of(["data:80"], NOW), first=True)
    assert [one.number for one in store.queue(EID)] == [4, 3, 1, 2]


def test_a_postponed_order_is_next_when_its_time_has_come(store: EimDatabase) -> None:
    ordered(store, "getRAT")
    with store.changing(EID) as card:
        order = card.order(number=1)
        assert order is not None
        order.not_before = LATER
    assert store.idle(EID, NOW) is not None
    assert store.idle(EID, LATER) is None


def test_one_message_is_one_result(store: EimDatabase) -> None:
    for _ in range(3):
        with store.changing(EID) as card:
            card.keep(result(b"\1"))
            card.keep(result(None))
    assert [one.message for one in store.results(EID)] == [b"\1", None, None, None]


def test_only_the_last_results_are_kept_and_a_forgotten_one_does_not_come_back(
    tmp_path: Path,
) -> None:
    with closing(EimDatabase(tmp_path / "eim.db", keep_results=2)) as store:
        with store.changing(EID, CardRecord(eid=EID)):
            pass
        for number in (1, 2, 3, 1):
            with store.changing(EID) as card:
                card.keep(result(bytes((number,))))
        assert [one.message for one in store.results(EID)] == [b"\2", b"\3"]
        assert [one.message for one in store.results(EID, after=2)] == [b"\3"]
        assert store.cards()[0].results == 3
    with closing(EimDatabase(tmp_path / "eim.db", keep_results=1)) as store:
        assert [one.message for one in store.results(EID)] == [b"\3"]


@pytest.mark.parametrize("eid", ["", "1", "../" + "0" * 29, "0" * 33, "0" * 31 + "x"])
def test_a_name_that_is_not_an_eid_is_refused(store: EimDatabase, eid: str) -> None:
    with pytest.raises(EimError, match="is not an EID"):
        store.card(eid)
    with pytest.raises(EimError, match="is not an EID"), store.changing(eid, CardRecord(eid=eid)):
        pass


def test_an_unknown_card_is_told(store: EimDatabase) -> None:
    for ask in (store.card, store.queue, store.results):
        with pytest.raises(UnknownEidError, match="euicc-sim eim order"):
            ask(OTHER)
    with pytest.raises(UnknownEidError), store.changing(OTHER):
        pass


# -- notifications


def test_a_notification_is_claimed_by_one(store: EimDatabase) -> None:
    store.forward(Forward(address="a.b", message=b"\1", sender=EID))
    one = store.claim(NOW, LATER)
    assert one is not None
    assert one.message == b"\1"
    assert store.claim(NOW, LATER) is None
    assert store.claim(LATER, LATER) is not None
    store.passed_on(one, None, None)
    assert store.next_forward() is None


def test_an_unreachable_server_postpones_all_that_waits_for_it(store: EimDatabase) -> None:
    for number, address in enumerate(("a.b", "c.d", "a.b")):
        store.forward(Forward(address=address, message=bytes((number,)), sender=EID))
    one = store.claim(NOW, NOW)
    assert one is not None
    store.passed_on(one, "away", LATER)
    there = store.claim(NOW, LATER)
    assert there is not None
    assert there.address == "c.d"
    assert store.claim(NOW, LATER) is None
    assert [(x.tries, x.problem) for x in store.waiting(EID)] == [(1, "away"), (0, None), (0, None)]


def test_a_sender_fills_only_its_own_share(store: EimDatabase) -> None:
    for number in range(NOTIFICATIONS):
        store.forward(Forward(address="a.b", message=bytes((1, number)), sender="host"))
    with pytest.raises(EimError, match="100 notifications are waiting already"):
        store.forward(Forward(address="a.b", message=b"\2", sender="host"))
    store.forward(Forward(address="a.b", message=b"\2", sender=EID))
    store.forward(Forward(address="a.b", message=b"\2", sender=EID))
    assert len(store.waiting(EID)) == 1


# -- what may happen to a file


def test_what_is_not_a_database_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "eim.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match=r"is damaged: .*Restore a copy"):
        EimDatabase(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError, match="not a regular file"):
        EimDatabase(path)
    path.rmdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="not a regular file"):
        EimDatabase(path)
    with pytest.raises(StorageError, match="Check that its folder exists"):
        EimDatabase(tmp_path / "none" / "eim.db")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "eim.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (text)")
    with pytest.raises(StorageError, match="is not the database of an eIM"):
        EimDatabase(path)


def test_a_database_of_another_version_is_left_alone(store: EimDatabase) -> None:
    store.close()
    with closing(sqlite3.connect(store.path)) as raw:
        raw.execute("PRAGMA user_version = 9")
    with pytest.raises(StorageError, match=r"is of version 9; this program reads version 1\."):
        EimDatabase(store.path)


def test_a_locked_database_is_a_sentence(
    store: EimDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "LOCKED_SECONDS", 0.01)
    with (
        closing(EimDatabase(store.path)) as impatient,
        store.changing(EID),
        pytest.raises(StorageError, match="is locked by another program"),
        impatient.changing(EID),
    ):
        pass


def test_threads_take_turns_and_only_one_of_them_asks_sqlite_to_write(store: EimDatabase) -> None:
    counter = store.card(EID).counter
    begun = []
    waiting = Event()

    def change() -> None:
        waiting.set()
        with store.changing(EID) as card:
            card.record.counter += 1

    def note(connection: Connection) -> None:
        begun.append(connection)

    event.listen(store._file._engine, "begin", note)
    with store.changing(EID) as card:
        others = [Thread(target=change) for _ in range(8)]
        for one in others:
            one.start()
        assert waiting.wait(60)
        assert len(begun) == 1
        card.record.counter += 1
    for one in others:
        one.join()
    assert len(begun) == 9
    assert store.card(EID).counter == counter + 9


def test_a_thread_that_waits_too_long_for_another_gets_a_sentence(
    store: EimDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "LOCKED_SECONDS", 0.01)
    found: list[str] = []

    def change() -> None:
        try:
            with store.changing(EID):
                pass
        except StorageError as error:
            found.append(str(error))

    with store.changing(EID):
        other = Thread(target=change)
        other.start()
        other.join()
    assert len(found) == 1
    assert "is locked" in found[0]


def test_a_full_disk_is_a_sentence_and_nothing_is_lost(store: EimDatabase) -> None:
    ordered(store, "getRAT")
    store.close()

    def fill() -> None:
        with closing(EimDatabase(store.path)) as full:
            with full._file.reading() as connection:
                connection.exec_driver_sql("PRAGMA max_page_count = 1")
            with full.changing(EID) as card:
                card.record.data = {"filler": "x" * 100_000}

    with pytest.raises(StorageError, match=r"the disk is full\. Make room; nothing was changed"):
        fill()
    with closing(EimDatabase(store.path)) as again:
        assert (again.card(EID).data, len(again.queue(EID))) == ({}, 1)


def test_a_record_that_cannot_be_read_is_named(store: EimDatabase) -> None:
    store.close()
    with closing(sqlite3.connect(store.path)) as raw:
        raw.execute("UPDATE cards SET document = '{}'")
        raw.commit()
    with (
        closing(EimDatabase(store.path)) as again,
        pytest.raises(StorageError, match="has a record that cannot be read"),
    ):
        again.card(EID)


# -- several at once


@pytest.mark.slow
def test_threads_lose_nothing(store: EimDatabase) -> None:
    def count() -> None:
        for _ in range(20):
            with store.changing(EID) as card:
                card.record.counter += 1

    threads = [Thread(target=count) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert store.card(EID).counter == 7 + 60


WRITER = """
import sys
from pathlib import Path
from euicc_sim.servers.database import EimDatabase
store = EimDatabase(Path(sys.argv[1]))
for _ in range(int(sys.argv[3])):
    with store.changing(sys.argv[2]) as card:
        card.record.counter += 1
        card.record.data = {"filler": "x" * 20000, "counter": card.record.counter}
    print(card.record.counter, flush=True)
"""


def writer(store: EimDatabase, times: int) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", WRITER, str(store.path), EID, str(times)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_four_processes_use_no_counter_twice(store: EimDatabase) -> None:
    writers = [writer(store, 25) for _ in range(4)]
    said = [int(one) for each in writers for one in each.communicate()[0].split()]
    assert sorted(said) == list(range(8, 108))


@pytest.mark.slow
def test_a_kill_at_any_time_leaves_a_whole_record(store: EimDatabase) -> None:
    for _ in range(4):
        with writer(store, 1_000_000) as running:
            if running.stdout is None:
                raise AssertionError
            for _ in range(5):
                said = int(running.stdout.readline())
            os.kill(running.pid, signal.SIGKILL)
            said = max([said, *(int(one) for one in running.stdout.read().split())])
        record = store.card(EID)
        assert record.counter >= said
        assert record.data["counter"] == record.counter


# -- fields, and what 0.2.0 left


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


def test_every_field_is_kept(store: EimDatabase) -> None:
    card, order, kept, waiting, relayed = (
        different(inspect.type_info(kind)) for kind in (CardRecord, Order, Result, Forward, Relayed)
    )
    with store.changing(EID) as draft:
        for field in fields(CardRecord):
            setattr(draft.record, field.name, getattr(card, field.name))
        draft.insert(order)
        draft.record.next_result = 5
        draft.keep(kept)
        draft.forward(waiting)
    relayed.begun_at = NOW
    store.relay(relayed)
    card.next_result = 6
    (again,) = store.waiting("text")
    waiting.number = again.number
    for given, found in (
        (card, store.card(EID)),
        (order, store.queue(EID)[0]),
        (kept, store.results(EID)[0]),
        (waiting, again),
        (relayed, store.relayed(b"\x01\xab")),
    ):
        for field in fields(type(given)):
            value = getattr(given, field.name)
            assert value != field.default, f"{field.name} is the default"
            assert getattr(found, field.name) == value, field.name


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "eim.cards"
    folder.mkdir()
    shutil.copy(OLD, folder / f"{EID}.json")
    return folder


def test_the_cards_of_0_2_0_are_taken_over_once(tmp_path: Path, old: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with closing(EimDatabase(tmp_path / "eim.db", folder=old, taken_over=said.append)) as store:
            record, queue = store.card(EID), store.queue(EID)
            assert (record.counter, record.token, record.next_order) == (9, 2, 3)
            assert [(one.number, one.confirmation_code) for one in queue] == [
                (1, "1234"),
                (2, None),
            ]
            assert queue[1].message == bytes.fromhex("BF5100")
            assert store.results(EID)[0].outcomes[0].value == [{"eimId": "a"}]
            assert [one.problem for one in store.waiting(EID)] == ["away"]
    left = f"{old}.taken-over"
    assert said == [f"1 card of {old} taken over into {store.path}; the folder is {left} now"]
    assert (old.exists(), Path(left, f"{EID}.json").exists()) == (False, True)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (OTHER, "{}", "is not the record of a card: at eid"),
        (OTHER, "[", "not JSON"),
        (OTHER, OLD.read_text(), f"belongs to the card {EID}"),
    ],
)
def test_a_damaged_folder_of_0_2_0_is_taken_over_not_at_all(
    tmp_path: Path, old: Path, name: str, content: str, why: str
) -> None:
    (old / f"{name}.json").write_text(content)
    with pytest.raises(StorageError, match=why):
        EimDatabase(tmp_path / "eim.db", folder=old)
    assert old.exists()
    with closing(EimDatabase(tmp_path / "eim.db")) as store:
        assert store.cards() == []


def test_a_confirmation_code_is_in_no_text_of_an_order(old: Path) -> None:
    (card,) = kept_cards(old)
    assert card.orders[0].confirmation_code == "1234"
    assert "1234" not in repr(card.orders[0])
