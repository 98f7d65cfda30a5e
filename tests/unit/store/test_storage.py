"""A card's directory: the lock, the document that is replaced whole, and what is said of damage."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.fresh import fresh_card
from support.packages import add_initial_eim, config, key

from euicc_sim import Card
from euicc_sim.model.state import State
from euicc_sim.store.change_log import End, digest
from euicc_sim.store.directory import CHANGES, DOCUMENT, DRAFT, LOCK, CardError, JsonStore, read
from euicc_sim.store.mending import Keep, check_card, mend_card
from euicc_sim.store.schema import PACKAGES


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card that trusts one eIM, closed."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, add_initial_eim(config("eim1", counterValue=0, key=key(1))))
    return tmp_path / "card"


def changed(card: Card, address: str = "a") -> None:
    """Set the default SM-DP+ address, which is a change."""
    card.transmit(SELECT_ISDR)
    value = address.encode()
    tlv = bytes((0x80, len(value))) + value
    es10(card.transmit, bytes((0xBF, 0x65, len(tlv))) + tlv)


def killed(directory: Path, name: str = "killed", *addresses: str) -> Path:
    """What is left of a card whose process was killed after some changes."""
    image = directory.with_name(name)
    with Card.open(directory, fsync=False) as card:
        for one in addresses or ("a",):
            changed(card, one)
        shutil.copytree(directory, image)
    return image


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(directory)): one.read_bytes()
        for one in directory.rglob("*")
        if one.is_file()
    }


def test_a_card_is_open_only_once(directory: Path) -> None:
    with Card.open(directory), pytest.raises(CardError, match=r"is open already"):
        Card.open(directory)
    Card.open(directory).close()


def test_closing_twice_is_fine(directory: Path) -> None:
    card = Card.open(directory)
    card.close()
    card.close()


def test_a_card_that_could_not_be_opened_is_not_locked(directory: Path) -> None:
    content = (directory / DOCUMENT).read_bytes()
    (directory / DOCUMENT).write_bytes(b"{")
    with pytest.raises(CardError):
        Card.open(directory)
    (directory / DOCUMENT).write_bytes(content)
    Card.open(directory).close()


def test_failing_to_open_keeps_no_file_open(directory: Path) -> None:
    (directory / DOCUMENT).write_bytes(b"{")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(CardError):
            Card.open(directory)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_closed_store_saves_nothing(directory: Path) -> None:
    store = JsonStore(directory)
    _, state = store.load()
    store.close()
    with pytest.raises(OSError, match="not open"):
        store.save(state)


def test_a_store_that_was_not_loaded_saves_nothing(directory: Path) -> None:
    store = JsonStore(directory)
    before = (directory / DOCUMENT).read_bytes()
    with pytest.raises(OSError, match="not open"):
        store.save(State())
    store.close()
    assert (directory / DOCUMENT).read_bytes() == before


def test_a_draft_left_over_is_in_nobodys_way(directory: Path) -> None:
    (directory / DRAFT).write_bytes(b'{"schema": 1, "half')
    with Card.open(directory, fsync=False) as card:
        changed(card)
    assert read(directory)[1].default_dp_address == "a"
    assert not (directory / DRAFT).exists()


def test_opening_and_reading_leave_the_document_alone(directory: Path) -> None:
    path = directory / DOCUMENT
    before = (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, bytes.fromhex("BF5500"))
        read(directory)
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_the_document_is_for_people_too(directory: Path) -> None:
    text = (directory / DOCUMENT).read_text()
    assert text.endswith("}\n")
    assert json.loads(text)["eims"][0]["eimId"] == "eim1"
    assert "PRIVATE KEY" not in text


def test_the_longest_text_that_a_card_takes_it_can_read_again(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, bytes.fromhex("BF64 04 8202 0204"))
        entry = config("eim2", counterValue=0, key=key(2), eimFqdn="a" * 130_000)
        assert es10(card.transmit, add_initial_eim(entry)).hex() == "bf5704a0020500"
        kept = card.state
    with Card.open(directory, fsync=False) as again:
        assert again.state == kept


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _counter(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"counterValue": 0', b'"counterValue": -4'))


def _nesting(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def _nesting_inside(path: Path) -> None:
    path.write_bytes(
        path.read_bytes().replace(b'"eid": ', b'"eid": ' + b"[" * 10_000 + b"]" * 10_000 + b",")
    )


def _twice(path: Path) -> None:
    counter = b'"counterValue": 0,'
    path.write_bytes(path.read_bytes().replace(counter, counter + b"\n" + counter))


def _misspelt(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"counterValue"', b'"counterValu"'))


def _digits(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"counterValue": 0', b'"counterValue": ' + b"7" * 5000))


def _bit(number: int) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        path.write_text(path.read_text().replace('"proprietary"\n', f"{number}\n"))

    return spoil


def _token(path: Path) -> None:
    content = path.read_text()
    path.write_text(content.replace('"associationToken": null', f'"associationToken": {2**63}'))


def _escape(path: Path) -> None:
    counter = b'"counterValue": 0,'
    path.write_bytes(path.read_bytes().replace(counter, counter + b'"\\u001b[31m": 1,'))


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut": (_cut, r"it is not JSON: it ends too early at line \d\d column"),
    "zeros": (_zeros, "it is not JSON: invalid character at line 1 column 1"),
    "empty": (_empty, "it is not JSON: it ends too early at line 1 column 1"),
    "a field": (_counter, r"line 53, at eims\.0\.counterValue: expected int >= 0"),
    "nesting": (_nesting, "expected object, got array"),
    "nesting in a field": (_nesting_inside, "line 4: lists or objects are nested too deeply"),
    "a field twice": (_twice, r"line 54, at eims\.0\.counterValue: it appears twice"),
    "5,000 digits": (_digits, r"line 53, at eims\.0\.counterValue: integer value out of range"),
    "a bit number of 11 digits": (
        _bit(10**11),
        r"eimSupportedProtocol\.0: expected int <= 1048575",
    ),
    "a bit number below 0": (_bit(-5), r"eimSupportedProtocol\.0: expected int >= 0"),
    "a number beyond 2**63": (_token, r"associationToken: expected int <= 9223372036854775807"),
    "a misspelt field": (
        _misspelt,
        r"line 53, at eims\.0\.counterValu: there is no such field \(did you mean counterValue\?\)",
    ),
    "what a terminal obeys": (_escape, r"at eims\.0\.\\x1b\[31m: there is no such field"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_document_is_named_with_place_and_reason_and_left_alone(
    directory: Path, name: str
) -> None:
    damage, reason = DAMAGE[name]
    path = directory / DOCUMENT
    damage(path)
    before = {one.name: one.read_bytes() for one in directory.iterdir()}
    with pytest.raises(CardError, match=reason) as caught:
        Card.open(directory)
    assert str(path) in str(caught.value)
    assert "left as it is" in str(caught.value)
    assert {one.name: one.read_bytes() for one in directory.iterdir()} == before


def test_a_directory_without_a_card_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"euicc-sim card new"):
        Card.open(tmp_path)
    with pytest.raises(CardError, match=r"euicc-sim card new"):
        Card.open(tmp_path / "nowhere")
    assert [one.name for one in tmp_path.iterdir()] in ([], ["lock"])


def test_a_document_that_is_a_directory_is_an_error(directory: Path) -> None:
    (directory / DOCUMENT).unlink()
    (directory / DOCUMENT).mkdir()
    with pytest.raises(CardError, match="cannot be read"):
        Card.open(directory)


def test_a_file_is_no_directory(directory: Path) -> None:
    with pytest.raises(CardError, match="cannot be opened: Not a directory"):
        Card.open(directory / DOCUMENT)


def test_a_private_key_that_is_gone_is_named(directory: Path) -> None:
    (directory / "SK_EUICC_ECDSA_NIST.pem").unlink()
    with pytest.raises(CardError, match=r"SK_EUICC_ECDSA_NIST\.pem"):
        Card.open(directory)


def test_a_private_key_of_another_card_is_named(directory: Path) -> None:
    shutil.copy(directory / "SK_EUICC_ECDSA_BRP.pem", directory / "SK_EUICC_ECDSA_NIST.pem")
    with pytest.raises(CardError, match=r"SK_EUICC_ECDSA_NIST\.pem"):
        Card.open(directory)


# -- the lock, and what an open card holds


def test_an_open_card_holds_one_file_descriptor(directory: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with Card.open(directory, fsync=False) as card:
        assert len(os.listdir("/proc/self/fd")) == before + 1
        changed(card)
        assert len(os.listdir("/proc/self/fd")) == before + 1
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_lock_is_for_the_owner_only_and_held_against_everybody(directory: Path) -> None:
    (directory / LOCK).unlink()
    umask = os.umask(0)
    try:
        with Card.open(directory):
            assert (directory / LOCK).stat().st_mode & 0o777 == 0o600
            with (directory / LOCK).open() as other, pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    finally:
        os.umask(umask)


# -- the change log


def test_a_change_is_a_line_and_the_document_stays_until_the_card_is_left_alone(
    directory: Path,
) -> None:
    document = (directory / DOCUMENT).read_bytes()
    with Card.open(directory, fsync=False) as card:
        changed(card)
        assert (directory / DOCUMENT).read_bytes() == document
        assert (directory / CHANGES).read_bytes().count(b"\n") == 1
        assert read(directory)[1] == card.state
        card.idle(0.5)
        assert (directory / DOCUMENT).read_bytes() == document
        card.idle(1.0)
        assert json.loads((directory / DOCUMENT).read_text())["defaultDpAddress"] == "a"
        assert (directory / CHANGES).read_bytes() == b""
        assert read(directory)[1] == card.state


@pytest.mark.parametrize("way", ["close", "power_off"])
def test_the_document_is_current_when_the_card_is_closed_or_without_power(
    directory: Path, way: str
) -> None:
    with Card.open(directory, fsync=False) as card:
        changed(card)
        getattr(card, way)()
        assert json.loads((directory / DOCUMENT).read_text())["defaultDpAddress"] == "a"
        assert (directory / CHANGES).read_bytes() == b""


def test_a_reset_somebody_waits_for_folds_nothing(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        changed(card)
        card.reset()
        assert (directory / CHANGES).read_bytes().count(b"\n") == 1


def test_a_long_change_log_is_folded_in_the_first_pause(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        changed(card, "a" * 100)
        card.idle(0.002)
        assert (directory / CHANGES).stat().st_size > 0
        number = 0
        while (directory / CHANGES).stat().st_size < 0x40000:
            number += 1
            changed(card, f"{number}".rjust(100, "a"))
        card.idle(0.002)
        assert (directory / CHANGES).stat().st_size == 0
        assert read(directory)[1] == card.state


def test_what_changes_nothing_writes_nothing(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        changed(card)
        before = contents(directory)
        changed(card)
        assert contents(directory) == before


@pytest.mark.slow
def test_a_killed_card_opens_with_what_it_answered_and_its_document_is_current(
    directory: Path,
) -> None:
    image = killed(directory, "killed", "a", "b", "c")
    assert read(image)[1].default_dp_address == "c"
    with Card.open(image, fsync=False) as card:
        assert card.state.default_dp_address == "c"
        assert json.loads((image / DOCUMENT).read_text())["defaultDpAddress"] == "c"
        assert (image / CHANGES).read_bytes() == b""


@pytest.mark.parametrize("tail", [b"{", b'{"number":4,"card":"', b"\0" * 4096, b'{"nu\0\0}\n'])
def test_a_torn_line_is_a_command_that_was_never_answered(directory: Path, tail: bytes) -> None:
    image = killed(directory, "killed", "a", "b", "c")
    with (image / CHANGES).open("ab") as file:
        file.write(tail)
    assert read(image)[1].default_dp_address == "c"
    with Card.open(image, fsync=False) as card:
        assert card.state.default_dp_address == "c"
        changed(card, "d")
    assert read(image)[1].default_dp_address == "d"


def test_a_torn_line_alone_is_cut_off(directory: Path) -> None:
    (directory / CHANGES).write_bytes(b'{"number":1,"ca')
    with Card.open(directory, fsync=False) as card:
        assert (directory / CHANGES).read_bytes() == b""
        changed(card)
        assert read(directory)[1] == card.state


def test_a_line_that_does_not_fit_is_refused_and_both_files_stay(directory: Path) -> None:
    image = killed(directory, "killed", "a", "b", "c")
    log = image / CHANGES
    log.write_bytes(log.read_bytes().replace(b'"b"', b'"x"'))
    before = contents(image)
    for way in (Card.open, read):
        with pytest.raises(CardError, match="line 2: its checksum does not match this") as caught:
            way(image)
        assert str(log) in str(caught.value)
        assert f"euicc-sim card mend {image} --keep edit" in str(caught.value)
    assert contents(image) == before


KEY_FILE = "SK_EUICC_ECDSA_NIST.pem"


def _no_key(image: Path) -> None:
    (image / KEY_FILE).unlink()


def _key_of_another_card(image: Path) -> None:
    shutil.copy(image / "SK_EUICC_ECDSA_BRP.pem", image / KEY_FILE)


def _key_is_a_directory(image: Path) -> None:
    (image / KEY_FILE).unlink()
    (image / KEY_FILE).mkdir()


@pytest.mark.parametrize("damage", [_no_key, _key_of_another_card, _key_is_a_directory])
@pytest.mark.parametrize("tail", [b"", b'{"number":4,"ca'], ids=["whole", "torn"])
def test_an_opening_that_is_refused_for_its_keys_leaves_all_files(
    directory: Path, damage: Callable[[Path], None], tail: bytes
) -> None:
    image = killed(directory, "killed", "a", "b", "c")
    with (image / CHANGES).open("ab") as file:
        file.write(tail)
    (image / PACKAGES).mkdir()
    (image / PACKAGES / f"{'8' * 20}.upp").write_bytes(b"whose?")
    damage(image)
    before = contents(image)
    with pytest.raises(CardError, match="SK_EUICC_ECDSA_NIST"):
        Card.open(image)
    assert contents(image) == before


def test_changes_that_make_no_card_are_refused_with_their_line(directory: Path) -> None:
    line, _ = End().line(digest((directory / DOCUMENT).read_bytes()), changes={"nextSeqNumber": -1})
    (directory / CHANGES).write_bytes(line)
    with pytest.raises(CardError, match=r"line 1: the resulting card is invalid: at nextSeqNumber"):
        Card.open(directory)
    line, _ = End().line(digest((directory / DOCUMENT).read_bytes()), changes={"colour": 1})
    (directory / CHANGES).write_bytes(line)
    with pytest.raises(CardError, match=r"line 1: a card has no field colour"):
        Card.open(directory)


def test_a_change_log_that_somebody_else_changes_is_left_alone(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        changed(card)
        (directory / CHANGES).write_bytes(b"mine")
        card.transmit(SELECT_ISDR)
        for _ in range(2):
            assert es10_sw(card.transmit, bytes.fromhex("BF6503800162")) == (b"", 0x6581)
        assert card.state.default_dp_address == "a"
    assert (directory / CHANGES).read_bytes() == b"mine"


def test_a_change_log_that_is_another_file_too_is_left_alone(directory: Path) -> None:
    os.link(directory / CHANGES, directory.with_name("elsewhere"))
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert es10_sw(card.transmit, bytes.fromhex("BF6503800162")) == (b"", 0x6581)
    assert directory.with_name("elsewhere").read_bytes() == b""


def test_a_change_log_that_is_gone_is_made_again(directory: Path) -> None:
    (directory / CHANGES).unlink()
    with Card.open(directory, fsync=False) as card:
        changed(card)
        assert (directory / CHANGES).read_bytes().count(b"\n") == 1


# -- nothing outside the directory


LINKED = [DOCUMENT, DRAFT, CHANGES, LOCK, PACKAGES]


@pytest.mark.parametrize("name", LINKED)
@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_a_symbolic_link_is_refused_and_its_target_stays(
    directory: Path, tmp_path: Path, name: str, there: bool
) -> None:
    target = tmp_path / "elsewhere"
    path = directory / name
    if path.exists():
        path.rename(target)
    elif there and name == PACKAGES:
        target.mkdir()
        (target / f"{'8' * 20}.upp").write_bytes(b"mine")
    elif there:
        target.write_bytes(b"mine")
    if not there and target.exists():
        target.rename(tmp_path / "away")
    path.symlink_to(target)
    before = contents(tmp_path)
    with pytest.raises(CardError, match="symbolic link") as caught:
        Card.open(directory)
    assert str(path) in str(caught.value) or f"{directory} cannot be locked" in str(caught.value)
    assert path.is_symlink()
    assert contents(tmp_path).keys() - before.keys() <= {f"card/{LOCK}"}
    assert target.exists() == there


@pytest.mark.parametrize("name", [DRAFT, CHANGES])
def test_a_link_that_comes_while_the_card_is_open_is_not_followed(
    directory: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "elsewhere").write_bytes(b"")
    with Card.open(directory, fsync=False) as card:
        if name == CHANGES:
            (directory / name).unlink()
        (directory / name).symlink_to(tmp_path / "elsewhere")
        card.transmit(SELECT_ISDR)
        es10_sw(card.transmit, bytes.fromhex("BF6503800162"))
        card.power_off()
    assert (tmp_path / "elsewhere").read_bytes() == b""
    assert (directory / name).is_symlink()
    assert not (directory / DOCUMENT).is_symlink()


@pytest.mark.parametrize("name", [DOCUMENT, CHANGES])
def test_a_fifo_is_not_waited_for(directory: Path, name: str) -> None:
    (directory / name).unlink()
    os.mkfifo(directory / name)
    with pytest.raises(CardError, match=f"{name} cannot be read: it is not a regular file"):
        Card.open(directory)


@pytest.mark.parametrize("name", [DOCUMENT, CHANGES])
def test_a_file_beyond_all_measure_is_not_read(directory: Path, name: str) -> None:
    os.truncate(directory / name, 1 << 30)
    with pytest.raises(CardError, match=f"{name} cannot be read: it has 1073741824 bytes"):
        Card.open(directory)


# -- what a person decides


def edited(directory: Path) -> Path:
    """A killed card whose card.json was edited."""
    image = killed(directory, "killed", "a", "b")
    document = image / DOCUMENT
    document.write_text(document.read_text().replace('"counterValue": 0', '"counterValue": 9'))
    return image


def test_an_edited_document_beside_waiting_changes_names_the_two_ways_out(directory: Path) -> None:
    image = edited(directory)
    before = contents(image)
    with pytest.raises(CardError, match="was edited while changes waited") as caught:
        Card.open(image)
    assert f"euicc-sim card mend {image} --keep edit" in str(caught.value)
    assert "--keep changes" in str(caught.value)
    assert contents(image) == before


def test_keeping_the_edit_gives_the_changes_another_name(directory: Path) -> None:
    image = edited(directory)
    log = (image / CHANGES).read_bytes()
    assert "the changes are in card.changes.1" in mend_card(image, Keep.EDIT)
    with Card.open(image, fsync=False) as card:
        assert (card.state.eims[0].counter, card.state.default_dp_address) == (9, "")
    assert (image / "card.changes.1").read_bytes() == log


def test_keeping_the_changes_makes_them_to_the_edited_file(directory: Path) -> None:
    image = edited(directory)
    document = (image / DOCUMENT).read_bytes()
    assert "edited file is card.json.edited" in mend_card(image, Keep.CHANGES)
    with Card.open(image, fsync=False) as card:
        assert (card.state.eims[0].counter, card.state.default_dp_address) == (9, "b")
    assert (image / "card.json.edited").read_bytes() == document


def test_a_second_mending_overwrites_no_first(directory: Path) -> None:
    for number, keep in enumerate((Keep.EDIT, Keep.EDIT)):
        image = edited(directory.rename(directory.with_name(f"{number}")))
        (image / "card.changes.1").write_bytes(b"the first")
        mend_card(image, keep)
        assert (image / "card.changes.1").read_bytes() == b"the first"
        directory = image


def test_a_damaged_change_log_can_be_let_go(directory: Path) -> None:
    image = killed(directory, "killed", "a", "b", "c")
    (image / CHANGES).write_bytes((image / CHANGES).read_bytes().replace(b'"b"', b'"x"'))
    with pytest.raises(CardError, match=r"line 2: its checksum .* --keep edit"):
        mend_card(image, Keep.CHANGES)
    mend_card(image, Keep.EDIT)
    assert read(image)[1].default_dp_address == ""


def test_changes_that_do_not_fit_the_edited_file_are_refused_and_all_stays(
    directory: Path,
) -> None:
    image = killed(directory)
    log = image / CHANGES
    card = digest((image / DOCUMENT).read_bytes())
    log.write_bytes(End().line(card, changes={"eims": {"remove": ["eim1"]}})[0])
    document = json.loads((image / DOCUMENT).read_text())
    document["eims"] = []
    (image / DOCUMENT).write_text(json.dumps(document))
    before = contents(image)
    with pytest.raises(CardError, match="line 1: it changes something that does not exist: 'eim1'"):
        mend_card(image, Keep.CHANGES)
    assert contents(image) == before


def test_an_edited_file_that_is_no_card_is_not_kept(directory: Path) -> None:
    image = edited(directory)
    (image / DOCUMENT).write_bytes(b"{")
    for keep in Keep:
        with pytest.raises(CardError, match="cannot be kept: it is not JSON"):
            mend_card(image, keep)
    assert (image / CHANGES).stat().st_size > 0


def test_where_nothing_is_to_decide_nothing_is_done(directory: Path) -> None:
    image = killed(directory)
    before = contents(image)
    for keep in Keep:
        assert "nothing to mend" in mend_card(image, keep)
    assert contents(image) == before
    (image / CHANGES).unlink()
    assert "nothing to mend" in mend_card(image, Keep.EDIT)


def test_a_sound_directory_has_nothing_to_say(directory: Path) -> None:
    assert check_card(directory) == []


def test_a_check_says_what_waits_and_what_is_left_over(directory: Path) -> None:
    image = killed(directory, "killed", "a", "b")
    with (image / CHANGES).open("ab") as file:
        file.write(b"{")
    (image / DRAFT).write_bytes(b"half")
    (image / PACKAGES).mkdir()
    (image / PACKAGES / f"{'8' * 20}.upp").write_bytes(b"whose?")
    before = contents(image)
    assert check_card(image) == [
        "2 changes wait in card.changes",
        "card.changes ends with 1 bytes of a command that was never answered",
        "card.json.new is a draft left by a killed process; the next save replaces it",
        f"profiles/{'8' * 20}.upp is not a package of this card",
    ]
    assert contents(image) == before


def test_a_check_sees_a_private_key_of_another_card(directory: Path) -> None:
    shutil.copy(directory / "SK_EUICC_ECDSA_BRP.pem", directory / "SK_EUICC_ECDSA_NIST.pem")
    with pytest.raises(CardError, match=r"SK_EUICC_ECDSA_NIST\.pem is not the private key"):
        check_card(directory)


@pytest.mark.parametrize("tail", [b'{"number":1,"ca', b"\0" * 4096], ids=["cut", "zeros"])
def test_a_torn_change_log_that_is_another_file_too_is_left_alone(
    directory: Path, tail: bytes
) -> None:
    (directory / CHANGES).write_bytes(tail)
    other = directory.with_name("elsewhere")
    os.link(directory / CHANGES, other)
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert es10_sw(card.transmit, bytes.fromhex("BF6503800162")) == (b"", 0x6581)
    assert other.read_bytes() == tail
