"""Values that a person has spelled differently in `card.json`: hex digits, names, escapes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.es10 import SELECT_ISDR, es10
from support.installing import A_DIGITS
from support.managing import Contents, made, profile, put
from support.packages import add_initial_eim, config, key

from euicc_sim.model.notification import Notification, PackageResult
from euicc_sim.model.state import State
from euicc_sim.store.change_log import put as put_changes
from euicc_sim.store.directory import DOCUMENT, CardError, Disk, JsonStore, read
from euicc_sim.store.document import DocumentError, tree
from euicc_sim.store.kinds import hexadecimal

NINETEEN_DIGITS = "8900012345678901234"
SPELLINGS = {
    "eims": ('"eims": [\n    {\n      "eimId": "eim1"', '"eims": [{"eim\\u0049d": "\\u0065im1"'),
    "results": ('"seqNumber": 1,', '"seq\\u004eumber":1,'),
    "notifications": ('"seqNumber": 2,', '"seq\\u004eumber":2,'),
    "profiles": ('"iccid": "98001032547698103214"', '"iccid": "9\\u0038001032547698103214"'),
    "profiles, lower case": ('"iccid": "980010325476981032F4"', '"iccid": "980010325476981032f4"'),
}


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A closed card with an item in each list that has keys."""
    directory = tmp_path / "card"
    with made(directory, pki_folder, Contents((profile(A_DIGITS),))) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, add_initial_eim(config("eim1", counterValue=0, key=key(1))))
    put(
        directory,
        (profile(NINETEEN_DIGITS),),
        results=(PackageResult(1, "eim1", b"\xbf\x51\x00"),),
        notifications=(Notification(2, frozenset({1}), "a", None, b"\xbf\x37\x00"),),
        next_seq=3,
    )
    return directory


def spelled(directory: Path, name: str) -> None:
    document = directory / DOCUMENT
    before, after = SPELLINGS[name]
    text = document.read_text()
    assert text.count(before) == 1, text
    document.write_text(text.replace(before, after))


def changed(state: State) -> State:
    """Another value in each item of each list."""
    return replace(
        state,
        eims=tuple(replace(one, counter=7) for one in state.eims),
        results=tuple(replace(one, signed=b"\xbf\x51\x01\x00") for one in state.results),
        notifications=tuple(replace(one, address="b") for one in state.notifications),
        profiles=tuple(replace(one, nickname="n") for one in state.profiles),
    )


def emptied(state: State) -> State:
    """No item in any list."""
    return replace(state, eims=(), results=(), notifications=(), profiles=())


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("change", [changed, emptied])
def test_a_key_in_another_spelling_is_the_same_key_to_the_change_log(
    directory: Path, name: str, change: Callable[[State], State]
) -> None:
    spelled(directory, name)
    store = JsonStore(directory, fsync=False, disk=Disk())
    _, state = store.load()
    store.save(change(state))
    killed = directory.with_name("killed")
    shutil.copytree(directory, killed)
    assert read(killed)[1] == change(state)
    store.close()
    assert read(directory)[1] == change(state)


@pytest.mark.parametrize("value", [" 00", "00 ", "0 0", "00 11", "00\t11", "00\n", "0", "0g", "٠٠"])
def test_a_hex_field_is_what_the_published_pattern_says(value: str) -> None:
    with pytest.raises(ValueError, match="as hex digits are expected here"):
        hexadecimal().read(value)


def test_hex_digits_may_be_of_either_case() -> None:
    assert hexadecimal().read("aBcD") == b"\xab\xcd"


def test_a_key_that_is_no_value_is_named_with_its_line(directory: Path) -> None:
    document = directory / DOCUMENT
    text = document.read_text().replace("980010325476981032F4", "980010325476981032 F4")
    document.write_text(text)
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "1032 F4" in one)
    with pytest.raises(DocumentError, match=f"line {line}, at profiles.*iccid: 10 bytes as hex"):
        tree(text.encode())
    with pytest.raises(CardError, match=rf"line {line}, at profiles.*without blanks"):
        read(directory)


def test_two_items_of_one_key_are_not_taken_for_one() -> None:
    found = {"eims": [{"eimId": "eim1"}, {"eimId": "eim1"}]}
    with pytest.raises(ValueError, match="have the same eimId"):
        put_changes(json.loads(json.dumps(found)), {"eims": {"remove": ["eim1"]}})
