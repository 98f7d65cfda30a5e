"""The orders of an SM-DP+ in a file; what is found there is in test_order_book.py."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import fields, replace

from euicc_sim.cli.smdpp_database import opened_orders
from euicc_sim.parties.messages import SmdppError
from euicc_sim.parties.smdpp import (
    Announcement,
    Delivery,
    Order,
    OrderRecord,
    OrderState,
    made_up_package,
)
from euicc_sim.parties.smdpp.download_orders import Prepared
from euicc_sim.servers import ServerError
from euicc_sim.servers.database import SmdppDatabase

ADDRESS = "localhost:8443"
EID, ICCID = "89049032123451234512345678901235", "89001234567890123456"
OLD = Path(__file__).parents[2] / "golden" / "parties" / "orders-0.2.0.json"
ORDER = Order(made_up_package(ICCID, "x"), "A", confirmation_code="1", single_use=True)


def profile(_: OrderRecord) -> Order:
    return ORDER


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[SmdppDatabase]:
    with SmdppDatabase(tmp_path / "orders.db", profile, fsync=False) as found:
        found.add(ORDER)
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the packages A and B."""
    found = tmp_path / "packages"
    found.mkdir()
    for name in ("A", "B"):
        (found / f"{name}.der").write_bytes(made_up_package(ICCID, "x"))
    return found


def test_the_file_has_secrets_and_is_for_its_owner_alone(orders: SmdppDatabase) -> None:
    path = orders._file.path
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_field_of_an_order_is_forgotten(orders: SmdppDatabase, tmp_path: Path) -> None:
    prepared = Prepared(euicc_otpk=b"o", curve="c", public=b"p", private=b"q", keys=b"k")
    delivery = Delivery(
        eid=EID, transaction_id=b"t", key=b"k", ci_pk_id=b"c", oid="1.2", prepared=prepared
    )
    event = Announcement(smds="smds.example.com", eid=EID, event_id="M", address="smdp.example.com")
    full = OrderRecord(
        number=1,
        revision=1,
        name="A",
        iccid=ICCID,
        profile_type="Test",
        matching_id="M",
        eid=EID,
        confirmation_code="1",
        single_use=True,
        expires=datetime(2026, 12, 31, tzinfo=UTC),
        tries=3,
        eligible=False,
        state=OrderState.ERROR,
        wrong_codes=2,
        downloads=1,
        delivery=delivery,
        seq_number=7,
        smds="smds.example.com",
        event=event,
    )
    for part in (full, delivery, prepared):
        for one in fields(part):
            assert getattr(part, one.name) != one.default, f"{one.name} has its default"
    with orders.changing() as draft:
        draft.put(replace(full, revision=0))
    with SmdppDatabase(tmp_path / "orders.db", profile) as again:
        assert list(again) == [full]


def test_an_order_that_cannot_be_read_is_named(orders: SmdppDatabase, tmp_path: Path) -> None:
    orders.close()
    with closing(sqlite3.connect(tmp_path / "orders.db")) as raw:
        raw.execute("UPDATE orders SET document = '{}'")
        raw.commit()
    with (
        SmdppDatabase(tmp_path / "orders.db", profile) as again,
        pytest.raises(SmdppError, match="has an order that cannot be read"),
    ):
        list(again)


def test_the_database_of_an_eim_is_not_one_of_an_smdpp(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA application_id = 1")
        raw.execute("CREATE TABLE cards (eid)")
    with pytest.raises(SmdppError, match=r"is not the database of an SM-DP\+") as caught:
        SmdppDatabase(path, profile)
    assert (caught.value.subject, caught.value.reason) == ("8.8", "5.1")


# -- a folder


def test_a_sidecar_is_the_seed_and_then_the_row_rules(folder: Path) -> None:
    (folder / "A.toml").write_text("confirmation_code = '1'")
    with opened_orders(folder, ADDRESS) as orders, orders.changing() as draft:
        draft.put(next(iter(draft)).given_wrong_code())
    (folder / "A.toml").write_text("confirmation_code = '2'")
    (folder / "C.der").write_bytes(made_up_package(ICCID, "x"))
    with opened_orders(folder, ADDRESS) as orders:
        found = [(one.matching_id, one.confirmation_code, one.wrong_codes) for one in orders]
    assert found == [("A", "1", 1), ("B", None, 0), ("C", None, 0)]


def test_a_folder_without_packages_gets_no_database(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="has no profile packages"), opened_orders(tmp_path, "a"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_states_of_0_2_0_are_taken_over_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "orders.json").write_bytes(OLD.read_bytes())
    for _ in range(2):
        with opened_orders(folder, ADDRESS) as orders:
            assert [(one.state, one.wrong_codes) for one in orders] == [
                (OrderState.INSTALLED, 0),
                (OrderState.RELEASED, 2),
            ]
    assert "".join(capsys.readouterr()).count("are taken over") == 1
    assert (folder / "orders.json.taken-over").exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"schema": 3, "orders": {}}',
        '{"schema": 1, "orders": []}',
        '{"schema": 1, "orders": {"A": {"state": "gone", "wrongCodes": 0}}}',
        '{"schema": 1, "orders": {"A": {"state": "ended"}}}',
        '{"schema": 1, "orders": {"A": 7}}',
    ],
)
def test_a_state_that_is_not_ours_is_named(folder: Path, content: str) -> None:
    (folder / "orders.json").write_text(content)
    wrong = pytest.raises(ServerError, match=r"orders\.json is not a state of orders")
    with wrong as caught, opened_orders(folder, ADDRESS):
        pass
    assert "remove it to release all orders" in str(caught.value)


# -- several at once


COUNTER = """
import sys
from pathlib import Path
from euicc_sim.cli.smdpp_database import opened_orders
with opened_orders(Path(sys.argv[1]), "localhost:8443") as orders:
    while True:
        with orders.changing() as draft:
            record = draft.record(1)
            if record.downloads >= int(sys.argv[2]):
                break
            draft.put(record.tried())
        print(record.downloads + 1, flush=True)
"""


def counter(folder: Path, most: int) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", COUNTER, str(folder), str(most)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_four_processes_count_each_attempt_once(folder: Path) -> None:
    (folder / "A.toml").write_text("tries = 100")
    counters = [counter(folder, 100) for _ in range(4)]
    said = [int(one) for each in counters for one in each.communicate()[0].split()]
    assert sorted(said) == list(range(1, 101))


@pytest.mark.slow
def test_a_kill_loses_nothing_that_was_said(folder: Path) -> None:
    (folder / "A.toml").write_text("tries = 100")
    for _ in range(4):
        with counter(folder, 1_000_000) as running:
            if running.stdout is None:
                raise AssertionError
            for _ in range(5):
                said = int(running.stdout.readline())
            os.kill(running.pid, signal.SIGKILL)
            said = max([said, *(int(one) for one in running.stdout.read().split())])
        with opened_orders(folder, ADDRESS) as orders:
            assert orders.record(1).downloads >= said
