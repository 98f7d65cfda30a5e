"""A folder of profile packages as orders, and what is kept of those that end."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.judge import judged

from euicc_sim.parties.messages import SmdppError
from euicc_sim.parties.smdpp.download_orders import (
    Order,
    OrderRecord,
    OrderState,
)
from euicc_sim.parties.smdpp.profile_packages import made_up_package
from euicc_sim.servers import ServerError
from euicc_sim.servers.package_folder import PackageFolder

ICCID = "89001234567890123456"
ADDRESS = "smdp.example.com"
EID = "89049032123451234512345678901235"
JPG = b"\xff\xd8\xff" + bytes(20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "BLUE-1.der").write_bytes(made_up_package(ICCID, "Blue"))
    return tmp_path


def the_order(folder: Path) -> Order:
    (order,) = PackageFolder(folder, ADDRESS).orders()
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
        PackageFolder(folder, ADDRESS).orders()
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
    assert [one.matching_id for one in PackageFolder(folder, ADDRESS).orders()] == ["A", "BLUE-1"]


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
    eid = EID
    (folder / "BLUE-1.toml").write_text(
        f"confirmation_code = 'Secret-1'\neid = '{eid}'\nsingle_use = true"
    )
    order = the_order(folder)
    assert (order.confirmation_code, order.eid, order.single_use) == ("Secret-1", eid, True)
    assert "Secret-1" not in repr(order)


def test_a_sidecar_says_at_which_sm_ds_its_card_finds_it(folder: Path) -> None:
    (folder / "BLUE-1.toml").write_text(f"smds = 'smds.example.com:8445'\neid = '{EID}'")
    assert the_order(folder).smds == "smds.example.com:8445"


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
        plain = PackageFolder(folder, ADDRESS).orders()[0].store_metadata(ADDRESS)
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
        ("colour = 'red'", "at colour: there is no such field. One of: class, confirmation_code, "),
        ("confirmation-code = '1'", "there is no such field. Did you mean confirmation_code?"),
        ("Provider = 'x'", "at Provider: there is no such field. Did you mean provider?"),
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
        ("smds = 'smds.example.com'", "an SM-DS tells one card of an order"),
        (f"smds = 'a b'\neid = '{EID}'", "smds: 'a b' is not the address of a server"),
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


# -- what is read again


def test_a_package_is_read_anew_only_if_its_files_have_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = PackageFolder(folder, ADDRESS)
    record = OrderRecord.of(packages.orders()[0], 1)
    first = packages.profile(record)
    assert packages.profile(record) is first
    sidecar = folder / f"{record.name}.toml"
    sidecar.write_text("name = 'Changed'")
    os.utime(sidecar, (1, 1))
    changed = packages.profile(record)
    assert changed.metadata != first.metadata


def test_a_package_that_is_gone_is_a_refusal(folder: Path) -> None:
    packages = PackageFolder(folder, ADDRESS)
    record = OrderRecord.of(packages.orders()[0], 1)
    for path in folder.glob(f"{record.name}.*"):
        path.unlink()
    with pytest.raises(SmdppError, match="is no longer in the SM-DP") as caught:
        packages.profile(record)
    assert (caught.value.subject, caught.value.reason) == ("8.2", "3.7")


def test_only_packages_that_are_not_known_are_read(folder: Path) -> None:
    packages = PackageFolder(folder, ADDRESS)
    names = [one.name for one in packages.orders()]
    (folder / f"{names[0]}.toml").write_text("this is not TOML")
    assert [one.name for one in packages.seed({names[0]})] == names[1:]
