"""The change log as text: what a line says, and which lines are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from zlib import crc32

import pytest

from euicc_sim import CardError
from euicc_sim.model.eim import Eim, KeyForm, PublicKeyData
from euicc_sim.model.notification import PackageResult
from euicc_sim.model.state import State
from euicc_sim.store.change_log import (
    EditedError,
    End,
    Log,
    LogError,
    differences,
    digest,
    put,
    read,
)

KEY = PublicKeyData(KeyForm.KEY, b"\x30")
ONE, TWO, THREE = (Eim(f"eim{n}", n, KEY, b"\xaa") for n in (1, 2, 3))
STATE = State(eims=(ONE, TWO), results=(PackageResult(1, "eim1", b"\x01"),), next_seq=2)


def lines(*contents: dict[str, object], card: str = "c0") -> bytes:
    """A log; a content may name another card.json."""
    end, found = End(), b""
    for one in contents:
        line, end = end.line(str(one.pop("of", card)), **one)
        found += line
    return found


LOG = lines({"changes": {"nextSeqNumber": 8}}, {"changes": {"nextSeqNumber": 9}})
FIRST, SECOND = LOG.splitlines(keepends=True)


# -- what a line says


def test_a_line_has_its_number_its_card_its_changes_and_its_checksum() -> None:
    assert (
        b'{"number":1,"card":"c0","changes":{"nextSeqNumber":8},"checksum":"%08x"}\n'
        % crc32(b'{"number":1,"card":"c0","changes":{"nextSeqNumber":8}')
    ) == FIRST


def test_a_checksum_goes_on_from_the_line_before() -> None:
    body = SECOND[: SECOND.index(b',"checksum"')]
    assert (
        json.loads(SECOND)["checksum"]
        == f"{crc32(body, int(json.loads(FIRST)['checksum'], 16)):08x}"
    )


def test_a_card_json_is_told_by_the_beginning_of_its_sha_256() -> None:
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb924"


CHANGES: dict[str, tuple[State, dict[str, Any]]] = {
    "nothing": (STATE, {}),
    "an equal state": (replace(STATE, eims=(replace(ONE), TWO)), {}),
    "a number": (replace(STATE, next_seq=3), {"nextSeqNumber": 3}),
    "a counter": (
        STATE.with_eim(replace(TWO, counter=7)),
        {"eims": {"change": [{"eimId": "eim2", "counterValue": 7}]}},
    ),
    "an eIM less": (STATE.without_eim("eim1"), {"eims": {"remove": ["eim1"]}}),
    "another for one": (
        State(eims=(TWO, THREE)),
        {
            "nextSeqNumber": 1,
            "eims": {"remove": ["eim1"], "add": [{"eimId": "eim3", "counterValue": 3}]},
            "results": {"remove": [1]},
        },
    ),
    "the order": (
        replace(STATE, eims=(TWO, ONE)),
        {"eims": [{"eimId": "eim2"}, {"eimId": "eim1"}]},
    ),
    "one in between": (
        replace(STATE, eims=(ONE, THREE, TWO)),
        {"eims": [{"eimId": "eim1"}, {"eimId": "eim3"}, {"eimId": "eim2"}]},
    ),
    "the oldest result goes": (
        replace(STATE, results=(PackageResult(2, "eim1", b"\x02"),), next_seq=3),
        {
            "nextSeqNumber": 3,
            "results": {
                "remove": [1],
                "add": [{"seqNumber": 2, "eimId": "eim1", "euiccPackageResult": "02"}],
            },
        },
    ),
    "something that is gone": (replace(STATE, default_dp_address="a"), {"defaultDpAddress": "a"}),
}


def within(part: object, whole: object) -> bool:
    """Whether all of `part` is in `whole`, at the same places."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and within(one, whole[name]) for name, one in part.items())
    if isinstance(part, list) and isinstance(whole, list) and len(part) == len(whole):
        return all(map(within, part, whole))
    return part == whole


@pytest.mark.parametrize("name", CHANGES)
def test_a_line_says_what_has_changed_and_nothing_else(name: str) -> None:
    new, expected = CHANGES[name]
    found = differences(STATE, new)
    assert found.keys() == expected.keys()
    assert within(expected, found)


def test_what_a_command_writes_does_not_grow_with_what_is_stored() -> None:
    def size(results: int, eims: int) -> int:
        full = State(
            eims=tuple(Eim(f"eim{n:03}", n, KEY, b"") for n in range(eims)),
            results=tuple(PackageResult(n, "eim1", bytes(200)) for n in range(1, results + 1)),
            next_seq=1000,
        )
        kept = (*full.results[-63:], PackageResult(1000, "eim1", bytes(200)))
        changed = replace(full.eims[0], counter=9000)
        after = replace(full.with_eim(changed), results=kept, next_seq=1001)
        return len(json.dumps(differences(full, after)))

    assert size(64, 100) - size(1, 1) < 40, "no more than the number of the oldest result"


# -- what is read


def test_what_was_written_is_read() -> None:
    found = read(LOG)
    assert [(one.number, one.card, one.changes) for one in found.lines] == [
        (1, "c0", {"nextSeqNumber": 8}),
        (2, "c0", {"nextSeqNumber": 9}),
    ]
    assert (found.end.size, found.end.number, found.torn) == (len(LOG), 2, 0)


def test_an_empty_log_has_no_lines() -> None:
    assert read(b"") == Log()


@pytest.mark.parametrize("size", range(1, len(SECOND)))
def test_a_last_line_without_its_end_was_never_answered(size: int) -> None:
    found = read(LOG[:-size])
    assert (len(found.lines), found.torn) == (1, len(SECOND) - size)


@pytest.mark.parametrize("at", range(0, len(SECOND), 5))
def test_a_last_line_with_blocks_that_were_never_written_was_never_answered(at: int) -> None:
    torn = SECOND[:at] + bytes(5) + SECOND[at + 5 :]
    found = read(FIRST + torn)
    assert (len(found.lines), found.torn) == (1, len(torn))


def _signed(body: bytes) -> bytes:
    return body + b',"checksum":"%08x"}\n' % crc32(body)


DAMAGE = {
    "an altered number": (LOG.replace(b":8}", b":7}"), 1, "checksum"),
    "an altered last line": (LOG.replace(b":9}", b":7}"), 2, "checksum"),
    "a line of something else": (b"hello\n" + LOG, 1, "checksum"),
    "an empty line": (FIRST + b"\n" + SECOND, 2, "checksum"),
    "an empty last line": (LOG + b"\n", 3, "checksum"),
    "the first line gone": (SECOND, 1, "checksum"),
    "a line twice": (FIRST + FIRST + SECOND, 2, "checksum"),
    "the wrong order": (SECOND + FIRST, 1, "checksum"),
    "zeros in a line before the last": (FIRST.replace(b":8", b":\0") + SECOND, 1, "checksum"),
    "no changes": (_signed(b'{"number":1,"card":"c0"'), 1, "not a line of changes"),
    "both": (
        _signed(b'{"number":1,"card":"c0","changes":{},"folded":"c1"'),
        1,
        "not a line of changes",
    ),
    "another number": (_signed(b'{"number":2,"card":"c0","changes":{}'), 1, "not a line of"),
    "another field": (_signed(b'{"number":1,"card":"c0","changes":{},"a":1'), 1, "not a line of"),
    "no JSON": (_signed(b"number"), 1, "not a line of changes"),
    "a nest": (_signed(b'{"number":1,"card":"c0","changes":{"a":' + b"[" * 10_000), 1, "not a"),
    "5,000 digits": (
        _signed(b'{"number":1,"card":"c0","changes":{"a":' + b"9" * 5000 + b"}"),
        1,
        "not a line of changes",
    ),
    "another card": (
        lines({"changes": {}}, {"changes": {}, "of": "c1"}),
        2,
        "another card.json than the lines before",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_another_line_is_refused_with_its_number_and_the_reason(name: str) -> None:
    content, line, reason = DAMAGE[name]
    with pytest.raises(LogError, match=reason) as caught:
        read(content)
    assert caught.value.line == line


# -- which lines wait


FOLDED = lines(
    {"changes": {"nextSeqNumber": 8}},
    {"folded": "c1"},
    {"changes": {"nextSeqNumber": 9}, "of": "c1"},
    {"folded": "c2", "of": "c1"},
)


@pytest.mark.parametrize(("card", "waiting"), [("c0", [8, 9]), ("c1", [9]), ("c2", [])])
def test_what_waits_is_what_comes_after_the_station_of_the_card_json(
    card: str, waiting: list[int]
) -> None:
    found = read(FOLDED).waiting(card)
    assert [(one.changes or {})["nextSeqNumber"] for one in found] == waiting


def test_a_fold_that_did_not_come_to_its_end_leaves_the_old_card_json() -> None:
    log = lines(
        {"changes": {"nextSeqNumber": 8}}, {"folded": "c1"}, {"changes": {"nextSeqNumber": 9}}
    )
    assert len(read(log).waiting("c0")) == 2
    assert len(read(log).waiting("c1")) == 1


def test_a_card_json_that_comes_again_is_the_last_one() -> None:
    log = lines({"changes": {}}, {"folded": "c1"}, {"changes": {}, "of": "c1"}, {"folded": "c0"})
    assert read(log).waiting("c0") == ()


def test_a_card_json_that_is_no_station_was_edited() -> None:
    with pytest.raises(EditedError):
        read(LOG).waiting("c9")
    assert read(b"").waiting("c9") == (), "without a log any card.json is sound"


# -- which changes fit

TREE = {"nextSeqNumber": 2, "eims": [{"eimId": "eim1", "counterValue": 1}]}
MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "a field nobody knows": ({"colour": 1}, "a card has no field colour"),
    "an eIM that is not there": (
        {"eims": {"remove": ["eim7"]}},
        "something that does not exist: 'eim7'",
    ),
    "a change of one that is not there": ({"eims": {"change": [{"eimId": "eim7"}]}}, "eim7"),
    "one without its key": (
        {"eims": {"change": [{"counterValue": 1}]}},
        "something that does not exist",
    ),
    "one that is there already": ({"eims": {"add": [{"eimId": "eim1"}]}}, "eim1 exists already"),
    "no objects": ({"eims": {"add": [1]}}, "something that does not exist"),
    "no list": ({"eims": {"add": 1}}, "something that does not exist"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_change_that_does_not_fit_is_refused_with_the_reason(name: str) -> None:
    changes, reason = MISFITS[name]
    with pytest.raises(ValueError, match=reason):
        put(json.loads(json.dumps(TREE)), changes)


def test_a_refused_card_is_a_sentence_that_moves_no_terminal() -> None:
    assert str(CardError("field \x1b[2J\x9b\u202e of löc\n")) == r"field \x1b[2J\x9b\u202e of löc\n"
