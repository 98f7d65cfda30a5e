"""The file of an eIM: what is kept, how safely, and what a damaged one says."""

import json
import os
import stat
import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.parties.eim.eim_file import changing, create, load, parse, render
from euicc_sim.parties.messages.errors import EimError
from keys import Curve, Role, TestPki

GOLDEN = Path(__file__).parents[2] / "golden" / "parties"
EID = "89049032123451234512345678901235"


def full_eim() -> Eim:
    credential = TestPki.create([Curve.BRP], seed=1).credential(Role.EIM_SIGNING, Curve.BRP)
    return Eim(
        "eim ü",
        credential.private_key,
        5,
        7,
        "eim.example",
        2,
        frozenset({0, 4}),
        bytes(20),
        credential.der,
        indirect_download=True,
        wants_token=False,
        wire=VERSIONS["1.3"],
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create(tmp_path / "eim.json", Eim.create("eim1", seed=1))
    return tmp_path / "eim.json"


@pytest.mark.parametrize("eim", [full_eim(), Eim.create("eim1", seed=1)])
def test_a_file_keeps_all_of_an_eim(tmp_path: Path, eim: Eim) -> None:
    create(tmp_path / "eim.json", eim)
    found = load(tmp_path / "eim.json")
    assert found == eim
    assert found.public_key == eim.public_key


def test_no_field_of_an_eim_is_forgotten(tmp_path: Path) -> None:
    eim = full_eim()
    for one in fields(Eim):
        assert getattr(eim, one.name) != one.default, f"full_eim leaves {one.name} at its default"
    create(tmp_path / "eim.json", eim)
    found = load(tmp_path / "eim.json")
    assert {one.name for one in fields(Eim) if not same(one.name, eim, found)} == set()


@pytest.mark.parametrize("name", ["eim-0.2.0.json", "eim-bare-0.2.0.json"])
def test_a_file_of_0_2_0_opens_and_is_written_as_it_was(name: str) -> None:
    content = (GOLDEN / name).read_bytes()
    assert render(parse(content)) == content


def same(name: str, one: Eim, other: Eim) -> bool:
    if name == "private_key":
        return one.public_key == other.public_key
    return bool(getattr(one, name) == getattr(other, name))


def test_a_field_that_is_there_twice_is_refused(path: Path) -> None:
    content = path.read_bytes().replace(
        b'"counterValue": 0,', b'"counterValue": 0, "counterValue": 9,'
    )
    with pytest.raises(EimError, match="at counterValue: the field appears twice"):
        parse(content)


def test_a_misspelt_field_names_the_one_that_was_meant(path: Path) -> None:
    content = path.read_bytes().replace(b'"counterValue"', b'"counterVal"')
    with pytest.raises(
        EimError, match=r"^at counterVal: there is no such field\. Did you mean counterValue\?$"
    ):
        parse(content)


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"schema": NaN}', b'{"schema": ' + b"1" * 5000 + b"}", b"\xff\xfe", b""],
    ids=["nested", "NaN", "5000 digits", "no UTF-8", "empty"],
)
def test_strange_json_is_a_sentence(content: bytes) -> None:
    with pytest.raises(EimError, match=r"\.$"):
        parse(content)


def test_only_its_owner_reads_the_file_before_and_after_a_change(path: Path) -> None:
    old = os.umask(0)
    try:
        with changing(path) as eim:
            eim.counter = 3
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path).counter == 3


def test_a_new_file_has_mode_0600_from_its_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    fsync = os.fsync

    def watching(fd: int) -> None:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            modes.append(stat.S_IMODE(os.fstat(fd).st_mode))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", watching)
    create(tmp_path / "eim.json", Eim.create("eim1"))
    assert modes == [0o600]
    assert stat.S_IMODE((tmp_path / "eim.json").stat().st_mode) == 0o600


def test_no_file_is_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(EimError, match="never overwritten"):
        create(path, Eim.create("eim2"))
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["eim.json"]


def test_a_change_that_fails_is_not_saved(path: Path) -> None:
    def fail() -> None:
        with changing(path) as eim:
            eim.counter = 3
            raise EimError("no.")

    with pytest.raises(EimError, match="no"):
        fail()
    assert load(path).counter == 0


def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    def change() -> None:
        with changing(path) as eim:
            eim.counter = 3

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EimError, match="No space left"):
        change()
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["eim.json"]


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.with_name("link.json")
    link.symlink_to(path)
    with changing(link) as eim:
        eim.counter = 3
    assert link.is_symlink()
    assert load(path).counter == 3


def test_two_at_once_never_take_the_same_counter(path: Path) -> None:
    counters = []

    def take() -> None:
        for _ in range(5):
            with changing(path) as eim:
                eim.package([operations.list_eim()], EID)
                counters.append(eim.counter)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(counters) == list(range(1, 21))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("schema", 2, '"schema" is 2'),
        ("eimId", "", "at eimId"),
        ("eimId", None, "at eimId"),
        ("counterValue", -1, "at counterValue"),
        ("counterValue", 0x800000, "at counterValue"),
        ("counterValue", "5", "at counterValue"),
        ("associationToken", 0, "at associationToken"),
        ("eimIdType", "dns", "at eimIdType"),
        ("eimSupportedProtocol", ["http"], "at eimSupportedProtocol"),
        ("euiccCiPKId", "0G", "at euiccCiPKId"),
        ("euiccCiPKId", 5, "at euiccCiPKId"),
        ("eimCertificate", "00", "certificate is unusable"),
        ("curve", "BRP", "at privateKey: its curve"),
        ("privateKey", "-----BEGIN PRIVATE KEY-----\nAAAA", "at privateKey: it is no"),
        ("colour", "red", "at colour"),
        ("sgp32", "2.0", "at sgp32: it is none of 1.0.1, 1.1, 1.2, 1.3"),
    ],
)
def test_a_damaged_file_says_where_and_why(
    path: Path, field: str, value: object, sentence: str
) -> None:
    document: dict[str, Any] = json.loads(path.read_bytes())
    key = document["privateKey"].splitlines()[1]
    path.write_text(json.dumps(document | {field: value}))
    with pytest.raises(EimError, match=sentence) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path} is not an eIM's file: ")
    assert key not in repr(caught.value)
    assert key not in repr(caught.value.__cause__)


def test_what_is_not_json_does_not_quote_the_key(path: Path) -> None:
    content = path.read_bytes()[:-5]
    with pytest.raises(EimError, match="not JSON") as caught:
        parse(content)
    assert caught.value.__cause__ is None
    for other in (b"[]", b"5"):
        with pytest.raises(EimError, match="schema"):
            parse(other)


def test_a_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(EimError, match="euicc-sim eim new"):
        load(tmp_path / "eim.json")
    with pytest.raises(EimError, match="euicc-sim eim new"), changing(tmp_path / "eim.json"):
        pass


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EimError, match="Check that its folder exists"):
        create(tmp_path / "none" / "eim.json", Eim.create("eim1"))


def test_what_is_not_set_is_not_in_the_document() -> None:
    assert set(json.loads(render(Eim.create("eim1")))) == {
        "schema",
        "eimId",
        "indirectProfileDownload",
        "counterValue",
        "curve",
        "privateKey",
    }
