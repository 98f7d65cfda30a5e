"""A card's directory: the lock, the document that is replaced whole, and what is said of damage."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.es10 import SELECT_ISDR, es10
from support.fresh import fresh_card
from support.packages import add_initial_eim, config, key

from euicc_sim import Card
from euicc_sim.model.state import State
from euicc_sim.store.directory import DOCUMENT, DRAFT, CardError, JsonStore, read


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card that trusts one eIM, closed."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, add_initial_eim(config("eim1", counterValue=0, key=key(1))))
    return tmp_path / "card"


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
    with Card.open(directory) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, bytes.fromhex("BF6503800161"))
    assert read(directory)[1].default_dp_address == "a"
    assert not (directory / DRAFT).exists()


def test_opening_and_reading_leave_the_document_alone(directory: Path) -> None:
    path = directory / DOCUMENT
    before = (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
    with Card.open(directory) as card:
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


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut": (_cut, "it is not JSON: "),
    "zeros": (_zeros, "it is not JSON: "),
    "empty": (_empty, "it is not JSON: .*line 1 column 1"),
    "a field": (_counter, r"at eims\.0\.counterValue: "),
    "nesting": (_nesting, "it is not JSON: "),
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
    with pytest.raises(CardError, match="cannot be opened"):
        Card.open(directory / DOCUMENT)


def test_a_private_key_that_is_gone_is_named(directory: Path) -> None:
    (directory / "SK_EUICC_ECDSA_NIST.pem").unlink()
    with pytest.raises(CardError, match=r"SK_EUICC_ECDSA_NIST\.pem"):
        Card.open(directory)


def test_a_private_key_of_another_card_is_named(directory: Path) -> None:
    shutil.copy(directory / "SK_EUICC_ECDSA_BRP.pem", directory / "SK_EUICC_ECDSA_NIST.pem")
    with pytest.raises(CardError, match=r"SK_EUICC_ECDSA_NIST\.pem"):
        Card.open(directory)
