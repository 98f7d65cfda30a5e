"""A folder of profile packages as orders, and what is kept of those that end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields, replace
from support.judge import judged

from euicc_sim.parties.smdpp.download_orders import (
    Delivery,
    Order,
    OrderRecord,
    OrderState,
    Prepared,
)
from euicc_sim.parties.smdpp.order_book import OrderBook
from euicc_sim.parties.smdpp.profile_packages import made_up_package
from euicc_sim.servers import ServerError
from euicc_sim.servers.package_folder import STATE_FILE, StateFile, read_orders

ICCID = "89001234567890123456"
ADDRESS = "smdp.example.com"
EID = "89049032123451234512345678901235"
JPG = b"\xff\xd8\xff" + bytes(20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "BLUE-1.der").write_bytes(made_up_package(ICCID, "Blue"))
    return tmp_path


def the_order(folder: Path) -> Order:
    (order,) = read_orders(folder, ADDRESS)
    return order


def said(folder: Path, sidecar: str) -> dict[str, Any]:
    """The metadata of the order with that NAME.toml."""
    (folder / "BLUE-1.toml").write_text(sidecar)
    found: dict[str, Any] = judged(
        "StoreMetadataRequest", the_order(folder).store_metadata(ADDRESS)
    )
    return found


def complaint(folder: Path) -> str:
    with pytest.raises(ServerError) as caught:
        read_orders(folder, ADDRESS)
    return str(caught.value)


# -- packages


def test_a_package_is_an_order_under_its_name(folder: Path) -> None:
    order = the_order(folder)
    assert order.matching_id == "BLUE-1"
    assert order.package == (folder / "BLUE-1.der").read_bytes()
    assert (order.confirmation_code, order.eid, order.single_use) == (None, None, False)


def test_its_metadata_comes_out_of_the_package_and_the_address(folder: Path) -> None:
    metadata = judged("StoreMetadataRequest", the_order(folder).store_metadata("elsewhere"))
    assert metadata["profileName"] == "Blue"
    told = {one["notificationAddress"] for one in metadata["notificationConfigurationInfo"]}
    assert told == {ADDRESS}


def test_packages_have_two_suffixes_and_other_files_are_no_packages(folder: Path) -> None:
    (folder / "A.upp").write_bytes(made_up_package(ICCID, "A"))
    for name in ("README.md", "C.bin", "orders.json", "B.toml"):
        (folder / name).write_text("{}")
    (folder / "D.der").mkdir()
    assert [one.matching_id for one in read_orders(folder, ADDRESS)] == ["A", "BLUE-1"]


def test_two_packages_of_one_name_are_told_apart_by_nobody(folder: Path) -> None:
    (folder / "BLUE-1.upp").write_bytes(made_up_package(ICCID, "Blue"))
    assert "BLUE-1.upp have one matchingId. Rename one of them." in complaint(folder)


def test_a_name_that_no_activation_code_can_have_is_refused(folder: Path) -> None:
    (folder / "A$B.der").write_bytes(made_up_package(ICCID, "A"))
    assert "A$B.der: a matchingId cannot contain $" in complaint(folder)


@pytest.mark.parametrize("content", [b"", b"text", bytes.fromhex("30021234"), b"\xa0\x82"])
def test_what_is_no_package_is_named(folder: Path, content: bytes) -> None:
    (folder / "BAD.der").write_bytes(content)
    assert complaint(folder).startswith(
        f"{folder}/BAD.der: This is not an unprotected Profile Package"
    )


def test_a_folder_must_be_there_and_have_packages(tmp_path: Path) -> None:
    assert "is not a folder. Name one with profile packages" in complaint(tmp_path / "none")
    assert "has no profile packages. Put some there" in complaint(tmp_path)


# -- sidecars


def test_a_sidecar_says_how_a_package_is_given_out(folder: Path) -> None:
    eid = "89049032123451234512345678901235"
    (folder / "BLUE-1.toml").write_text(
        f"confirmation_code = 'Secret-1'\neid = '{eid}'\nsingle_use = true"
    )
    order = the_order(folder)
    assert (order.confirmation_code, order.eid, order.single_use) == ("Secret-1", eid, True)
    assert "Secret-1" not in repr(order)


@pytest.mark.parametrize(
    ("sidecar", "field", "value"),
    [
        ("state = 'confirmed'", "state", OrderState.CONFIRMED),
        ("state = 'available'", "state", OrderState.AVAILABLE),
        ("state = 'available'", "matching_id", ""),
        ("state = 'available'", "name", "BLUE-1"),
        ("profile_type = 'Test'", "profile_type", "Test"),
        ("tries = 0", "tries", 0),
        ("eligible = false", "eligible", False),
        ("expires = 2026-12-31", "expires", datetime(2026, 12, 31, tzinfo=UTC)),
        ("expires = 2026-12-31T08:00:00", "expires", datetime(2026, 12, 31, 8, tzinfo=UTC)),
        ("expires = 2026-12-31T08:00:00+02:00", "expires", datetime(2026, 12, 31, 6, tzinfo=UTC)),
    ],
)
def test_a_sidecar_says_how_an_order_begins_and_ends(
    folder: Path, sidecar: str, field: str, value: object
) -> None:
    (folder / "BLUE-1.toml").write_text(sidecar)
    assert getattr(the_order(folder), field) == value


@pytest.mark.parametrize(
    ("sidecar", "field", "value"),
    [
        ("name = 'Red'", "profileName", "Red"),
        ("provider = 'Operator'", "serviceProviderName", "Operator"),
        ("class = 'test'", "profileClass", "test"),
        ("class = 'provisioning'", "profileClass", "provisioning"),
        ("fallback_allowed = true", None, None),
        ("emergency = true", None, None),
        ("", "profileName", "Blue"),
    ],
)
def test_a_sidecar_says_what_metadata_has(
    folder: Path, sidecar: str, field: str | None, value: Any
) -> None:
    if field is None:
        (folder / "BLUE-1.toml").write_text(sidecar)
        plain = read_orders(folder, ADDRESS)[0].store_metadata(ADDRESS)
        (folder / "BLUE-1.toml").unlink()
        assert plain != the_order(folder).store_metadata(ADDRESS)
    else:
        found = said(folder, sidecar)[field]
        codes = {"test": 0, "provisioning": 1}
        assert found in (value, codes.get(value))


def test_those_who_are_to_be_notified_hear_of_all_events(folder: Path) -> None:
    (found,) = said(folder, "notify = ['a.example.com']")["notificationConfigurationInfo"]
    assert found["notificationAddress"] == "a.example.com"
    value, size = found["profileManagementOperation"]
    assert (value, size) == (0b1111, 4)


def test_policy_rules_need_an_owner(folder: Path) -> None:
    assert said(folder, "ppr = [1, 2]\nowner = '00101'")["profileOwner"]["mccMnc"] == (
        bytes.fromhex("00F110")
    )
    (folder / "BLUE-1.toml").write_text("ppr = [1]")
    assert "A Profile with policy rules needs an owner" in complaint(folder)


def test_an_icon_is_a_file_beside(folder: Path) -> None:
    (folder / "icon.jpg").write_bytes(JPG)
    assert said(folder, "icon = 'icon.jpg'")["icon"] == JPG


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ("state = 'installed'", "at state: Invalid enum value 'installed'"),
        ("state = 'available'\neid = '89049032123451234512345678901235'", "is for nobody yet"),
        ("state = 'available'\nconfirmation_code = '1'", "is for nobody yet"),
        ("tries = -1", "at tries: Expected `int` >= 0"),
        ("expires = 'soon'", "at expires: Invalid RFC3339 encoded datetime"),
        ("expires = 08:00:00", "at expires: Expected `datetime | null`, got `time`"),
        ("colour = 'red'", "at colour: there is no such field"),
        ("confirmation_code = 1234", "at confirmation_code: Expected `str | null`, got `int`"),
        ("confirmation_code = ''", "at confirmation_code: Expected `str` of length >= 1"),
        ("eid = '123'", "at eid: Expected `str` matching regex"),
        ("class = 'gold'", "at class: Invalid enum value 'gold'"),
        ("ppr = [3]\nowner = '00101'", "at ppr[0]: Invalid enum value 3"),
        ("owner = '1'", "'1' is not an owner"),
        (f"name = '{'x' * 65}'", "The metadata cannot be written"),
        ("icon = 'none.png'", "none.png cannot be read"),
        ("icon = 'BLUE-1.der'", "This is not an icon of a Profile"),
        ("name = ", "is not TOML"),
    ],
)
def test_a_sidecar_that_cannot_be_used_is_named_with_its_place(
    folder: Path, sidecar: str, words: str
) -> None:
    (folder / "BLUE-1.toml").write_text(sidecar)
    found = complaint(folder)
    assert found.startswith(f"{folder}/")
    assert words in found


def test_a_sidecar_in_another_coding_is_no_toml(folder: Path) -> None:
    (folder / "BLUE-1.toml").write_bytes(b"name = '\xff'")
    assert "BLUE-1.toml is not TOML" in complaint(folder)


# -- what is kept


def book_of(*names: str) -> list[Order]:
    package = made_up_package(ICCID, "x")
    return [Order(package, one, confirmation_code="1", single_use=True) for one in names]


def book(*names: str) -> OrderBook:
    return OrderBook(book_of(*names))


def change(orders: OrderBook, change: Callable[[OrderRecord], OrderRecord]) -> None:
    """Change the first order."""
    with orders.changing() as draft:
        draft.put(change(next(iter(draft))))


def test_orders_that_are_as_they_were_leave_no_file(tmp_path: Path) -> None:
    StateFile.of(tmp_path).save(book("A"))
    assert list(tmp_path.iterdir()) == []


def test_what_became_of_orders_survives_a_restart(tmp_path: Path) -> None:
    before = book("A", "B", "C", "D")
    a, b, c, _ = before
    with before.changing() as draft:
        draft.put(a.installed(EID, 7))
        draft.put(b.refused())
        draft.put(c.given_wrong_code())
    StateFile.of(tmp_path).save(before)
    after = book("A", "B", "C", "D")
    StateFile.of(tmp_path).restore(after)
    assert [(one.state, one.wrong_codes) for one in after] == [
        (OrderState.INSTALLED, 0),
        (OrderState.ERROR, 0),
        (OrderState.RELEASED, 1),
        (OrderState.RELEASED, 0),
    ]


def test_only_a_change_is_written(tmp_path: Path) -> None:
    orders, state = book("A"), StateFile.of(tmp_path)
    change(orders, OrderRecord.given_wrong_code)
    state.save(orders)
    state.path.unlink()
    state.save(orders)
    assert not state.path.exists()
    change(orders, lambda one: replace(one, wrong_codes=0))
    state.save(orders)
    assert '"orders": {}' in state.path.read_text()


def test_the_state_has_secrets_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    orders, state = book("A"), StateFile.of(tmp_path)
    change(orders, OrderRecord.given_wrong_code)
    state.save(orders)
    assert state.path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_a_sentence_and_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders, state = book("A"), StateFile.of(tmp_path)
    change(orders, OrderRecord.given_wrong_code)
    state.save(orders)
    before = state.path.read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    change(orders, OrderRecord.given_wrong_code)
    with pytest.raises(ServerError, match="cannot be written: No space left on device"):
        state.save(orders)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]
    assert state.path.read_text() == before
    state.save(orders)
    assert state.path.read_text() != before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"schema": 3, "orders": {}}',
        '{"schema": 2, "orders": {"A": {"number": 1, "state": "ended"}}}',
        '{"schema": 2, "orders": {"A": {"number": 1, "wrongCodes": -1}}}',
        '{"schema": 2, "orders": {"A": {"number": 1, "colour": "red"}}}',
        '{"schema": 1, "orders": []}',
        '{"schema": 1, "orders": {"A": {"state": "gone", "wrongCodes": 0}}}',
        '{"schema": 1, "orders": {"A": {"state": "ended"}}}',
        '{"schema": 1, "orders": {"A": 7}}',
    ],
)
def test_a_state_that_is_not_ours_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / STATE_FILE).write_text(content)
    with pytest.raises(ServerError, match=r"orders\.json is not a state of orders") as caught:
        StateFile.of(tmp_path).restore(book("A"))
    assert "remove it to release all orders" in str(caught.value)


def test_a_state_of_0_2_0_opens(tmp_path: Path) -> None:
    golden = Path(__file__).parents[2] / "golden" / "parties" / "orders-0.2.0.json"
    (tmp_path / STATE_FILE).write_bytes(golden.read_bytes())
    orders = book("A", "B")
    StateFile.of(tmp_path).restore(orders)
    assert [(one.state, one.wrong_codes) for one in orders] == [
        (OrderState.INSTALLED, 0),
        (OrderState.RELEASED, 2),
    ]


def test_no_field_of_an_order_is_forgotten(tmp_path: Path) -> None:
    orders, again, state = book("A"), book("A"), StateFile.of(tmp_path)
    prepared = Prepared(euicc_otpk=b"o", curve="c", public=b"p", private=b"q", keys=b"k")
    delivery = Delivery(
        eid=EID, transaction_id=b"t", key=b"k", ci_pk_id=b"c", oid="1.2", prepared=prepared
    )
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
    )
    for part in (full, delivery, prepared):
        for one in fields(part):
            assert getattr(part, one.name) != one.default, f"{one.name} has its default"
    change(orders, lambda _: replace(full, revision=0))
    state.save(orders)
    StateFile.of(tmp_path).restore(again)
    assert list(again) == [full]


def test_only_what_has_changed_is_looked_at(tmp_path: Path) -> None:
    """A download costs the same however many orders there are."""
    looked: list[int] = []

    class Watched(OrderBook):
        def profile(self, record: OrderRecord) -> Order:
            looked.append(record.number)
            return super().profile(record)

    orders, state = Watched(book_of(*map(str, range(100)))), StateFile.of(tmp_path)
    state.restore(orders)
    with orders.changing() as draft:
        draft.put(draft.record(7).given_wrong_code())
    state.save(orders)
    state.save(orders)
    assert looked == [7]
    assert '"wrongCodes": 1' in state.path.read_text()
