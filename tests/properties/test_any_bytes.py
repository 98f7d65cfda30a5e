"""Whatever bytes come, over whatever channels: an answer, no fault, only lawful changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.examples import relaxed
from support.fresh import fresh_card
from support.hexes import hx
from support.kept import document
from support.packages import EID, add_initial_eim, config, der, key, package

from euicc_sim import Card

GET_EID, EID_ANSWER = hx("BF3E035C015A"), hx("BF3E125A10") + EID
NUMBERS = count()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path) -> Path:
    """A card that trusts two eIMs, to copy."""
    directory = tmp_path_factory.mktemp("any") / "card"
    with Card.open(fresh_card(directory, pki_folder), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        es10(
            card.transmit,
            add_initial_eim(
                config("eim1", counterValue=0, key=key(1)),
                config("eim2", counterValue=9, key=key(2), associationToken=-1),
            ),
        )
    return directory


@contextmanager
def _copy(template: Path) -> Iterator[Card]:
    directory = template.with_name(f"copy{next(NUMBERS)}")
    shutil.copytree(template, directory)
    try:
        with Card.open(directory, fsync=False) as card:
            yield card
    finally:
        shutil.rmtree(directory)


def _still_a_card(card: Card) -> None:
    card.reset()
    assert card.transmit(SELECT_ISDR)[0] == 0x61
    assert es10(card.transmit, GET_EID) == EID_ANSWER
    with Card.open(_snapshot(card)) as again:
        assert again.state == card.state
    shutil.rmtree(_snapshot_path(card))


def _snapshot_path(card: Card) -> Path:
    return card.directory.with_name(card.directory.name + "-again")


def _snapshot(card: Card) -> Path:
    return Path(shutil.copytree(card.directory, _snapshot_path(card)))


def _data_allowed(apdu: bytes) -> int:
    """How many bytes of data an answer may have, by ISO/IEC 7816-3 12.1.3."""
    if len(apdu) <= 4:
        return 0
    if len(apdu) == 5:
        return apdu[4] or 256
    if apdu[4]:
        return (apdu[-1] or 256) if len(apdu) == 6 + apdu[4] else 0
    return 65536


# -- one command


@relaxed
@given(raw=st.binary(max_size=300))
@example(raw=b"")
@example(raw=bytes(261))
def test_any_bytes_have_an_answer(card: Card, raw: bytes) -> None:
    before = card.state
    card.reset()
    answer = card.transmit(raw)
    assert len(answer) >= 2
    assert answer[-2:] != b"\x6f\x00"
    assert len(answer) - 2 <= _data_allowed(raw)
    assert card.state is before
    card.reset()
    card.transmit(SELECT_ISDR)
    assert es10(card.transmit, GET_EID) == EID_ANSWER


@relaxed
@given(
    head=st.tuples(
        st.sampled_from([0x00, 0x80, 0x84, 0x10, 0x90, 0xC0, 0xA0]) | st.integers(0, 255),
        st.sampled_from([0x70, 0xA4, 0xAA, 0xB0, 0xB2, 0xC0, 0xCA, 0xE2, 0xF2])
        | st.integers(0, 255),
        st.integers(0, 255),
        st.integers(0, 255),
    ),
    data=st.binary(max_size=40),
    form=st.sampled_from(["1", "2", "3", "4", "2E", "3E", "4E"]),
    le=st.integers(0, 0xFFFF),
)
def test_any_wellformed_command_has_an_answer(
    card: Card, head: tuple[int, ...], data: bytes, form: str, le: int
) -> None:
    apdu = bytes(head)
    if "E" in form:
        apdu += b"\0"
    if form[0] in "34":
        size = len(data) or 1
        apdu += size.to_bytes(2 if "E" in form else 1) + (data or b"\0")
    if form[0] in "24":
        apdu += le.to_bytes(2) if "E" in form else bytes((le & 0xFF,))
    before = card.state
    card.reset()
    card.transmit(SELECT_ISDR)
    answer = card.transmit(apdu)
    assert answer[-2:] != b"\x6f\x00"
    assert len(answer) - 2 <= _data_allowed(apdu)
    assert card.state is before


TAGS = [0xBF20, 0xBF22, 0xBF28, 0xBF2B, 0xBF2D, 0xBF2E, 0xBF30, 0xBF3C, 0xBF3E, 0xBF3F]
TAGS += [0xBF43, 0xBF51, 0xBF55, 0xBF56, 0xBF57, 0xBF64, 0xBF65]
INNER = [0x30, 0x02, 0x04, 0x05, 0x0C, 0x5A, 0x5C, 0x5F37, 0x80, 0x81, 0x82, 0x83, 0x84, 0x88]
INNER += [0xA0, 0xA1, 0xA2, 0xA5, 0xA8, 0xA9, 0xAA, 0xAB, 0xBF2D, 0xBF65]
objects = st.recursive(
    st.builds(der, st.sampled_from(INNER), st.binary(max_size=20)),
    lambda inside: st.builds(
        lambda tag, parts: der(tag, *parts), st.sampled_from(INNER), st.lists(inside, max_size=4)
    ),
    max_leaves=12,
)
requests = st.builds(
    lambda tag, parts, rest: der(tag, *parts, rest),
    st.sampled_from(TAGS),
    st.lists(objects, max_size=4),
    st.just(b"") | st.binary(max_size=3),
)


@relaxed
@given(request=requests)
def test_a_function_given_any_objects_answers_or_says_6a80(template: Path, request: bytes) -> None:
    with _copy(template) as card:
        before = card.state
        card.transmit(SELECT_ISDR)
        answer, sw = es10_sw(card.transmit, request)
        assert sw in (0x9000, 0x6A80)
        assert answer or sw != 0x9000
        if request[:2] not in (hx("BF3F"), hx("BF64"), hx("BF65")):
            assert card.state is before


# -- many commands, over several channels

REQUESTS = [
    GET_EID,
    hx("BF5500"),
    hx("BF2200"),
    hx("BF2B04A0028200"),
    hx("BF5600"),
    hx("BF3003800101"),
    hx("BF640482020204"),
    hx("BF6503800161"),
    hx("BF6500"),
    hx("BF7D00"),
    add_initial_eim(config("eim3", counterValue=0, key=key(3), associationToken=-1)),
    package("eim1", 1, [("deleteEim", {"eimId": "eim2"})], key=key(1)),
    package("eim1", 2, [("addEim", config("eim4", counterValue=3, key=key(4)))], key=key(1)),
    package("eim2", 10, key=key(2), token=1),
    package("eim2", 10, key=key(2)),
]
CHANNELS = [0, 1, 2, 3, 4, 19]


def _cla(channel: int, *, proprietary: bool = True) -> int:
    high = 0x80 if proprietary else 0
    return high | channel if channel < 4 else high | 0x40 | (channel - 4)


@st.composite
def turns(draw: st.DrawFn, channel: int) -> list[bytes]:
    """What one program might do on one channel: mostly sense, in parts broken off."""
    cla = _cla(channel)
    plain = _cla(channel, proprietary=False)
    match draw(st.sampled_from(["select", "request", "request", "request", "get", "odd"])):
        case "select":
            return [bytes((plain,)) + SELECT_ISDR[1:]]
        case "get":
            le = draw(st.sampled_from([0, 0, 1, 0x15, 0xFF]))
            return [bytes((draw(st.sampled_from([cla, plain])), 0xC0, 0, 0, le))]
        case "odd":
            return [draw(_odd(plain, cla))]
    request = draw(st.sampled_from(REQUESTS))
    size = draw(st.sampled_from([255, 255, 120, 60]))
    pieces = [request[i : i + size] for i in range(0, len(request), size)]
    with_le = draw(st.sampled_from([b"", b"", b"\0"]))
    blocks = [
        bytes((cla, 0xE2, 0x91 if i == len(pieces) - 1 else 0x11, i, len(piece))) + piece + with_le
        for i, piece in enumerate(pieces)
    ]
    kept = draw(st.sampled_from([len(blocks)] * 4 + [len(blocks) - 1]))
    return blocks[:kept] + [bytes((cla, 0xC0, 0, 0, 0))] * draw(st.integers(0, 2))


def _odd(plain: int, cla: int) -> st.SearchStrategy[bytes]:
    aid = SELECT_ISDR[5:]
    return st.one_of(
        st.builds(lambda p2: bytes((plain & 3, 0x70, 0, p2, 1)), st.sampled_from([0, 1, 2, 4, 19])),
        st.builds(lambda p2: bytes((plain & 3, 0x70, 0x80, p2)), st.sampled_from([0, 1, 4, 20])),
        st.just(bytes((plain, 0xA4, 4, 0, 3)) + aid[:3]),
        st.just(bytes((plain, 0xA4, 0, 4, 2)) + hx("3F00")),
        st.just(bytes((plain, 0xA4, 4, 0, 16)) + aid[:-2] + b"\2\0"),
        st.just(bytes((cla, 0xF2, 0, 0, 0))),
        st.just(hx("80AA000005A903830107")),
        st.builds(
            lambda p1, p2, data: bytes((cla, 0xE2, p1, p2, len(data))) + data,
            st.sampled_from([0x11, 0x91, 0x90, 0x80, 0x00, 0x88, 0xF1]),
            st.integers(0, 3),
            st.binary(min_size=1, max_size=30),
        ),
        st.builds(
            lambda data: bytes((cla | 0x10, 0xE2, 0x91, 0, len(data))) + data,
            st.binary(min_size=1, max_size=30),
        ),
        st.binary(max_size=12),
    )


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Several channels, opened and selected, and their turns in each other's way."""
    used = draw(st.sets(st.sampled_from(CHANNELS), min_size=1, max_size=4))
    opening = [bytes((0, 0x70, 0, one, 0)) for one in sorted(used - {0})]
    rows = []
    for channel in sorted(used):
        row = [bytes((_cla(channel, proprietary=False),)) + SELECT_ISDR[1:]]
        for turn in draw(st.lists(turns(channel), max_size=6)):
            row += turn
        rows.append(row)
    order = [index for index, row in enumerate(rows) for _ in row]
    places = [iter(row) for row in rows]
    return opening + [next(places[index]) for index in draw(st.permutations(order))]


def _may_change(apdu: bytes) -> bool:
    """The last block of a STORE DATA: only that can be a command to the ISD-R."""
    return len(apdu) > 5 and apdu[1] == 0xE2 and bool(apdu[0] & 0x80) and bool(apdu[2] & 0x80)


@pytest.mark.slow
@relaxed
@given(apdus=conversations())
def test_any_conversation_over_several_channels(template: Path, apdus: list[bytes]) -> None:
    with _copy(template) as card:
        for apdu in apdus:
            before = card.state
            answer = card.transmit(apdu)
            assert len(answer) >= 2
            assert answer[-2:] != b"\x6f\x00"
            assert len(answer) - 2 <= _data_allowed(apdu)
            if card.state is not before:
                assert _may_change(apdu)
                assert answer[-2] in (0x61, 0x90)
                assert card.state.next_seq >= before.next_seq
                assert card.state.next_token >= before.next_token
                assert document(card.directory)["nextSeqNumber"] == card.state.next_seq
        _still_a_card(card)


@relaxed
@given(order=st.permutations([channel for channel in (0, 1, 2, 4) for _ in range(3)]))
def test_requests_in_blocks_on_four_channels_do_not_mix(template: Path, order: list[int]) -> None:
    """Each channel sends one request in three blocks, and has the answer to its own."""
    asked = {
        0: (GET_EID, EID_ANSWER),
        1: (hx("BF2B05A003800177"), hx("BF2B02A000")),
        2: (hx("BF55 07 A005 8003 787878"), hx("BF5502A000")),
        4: (hx("BF5609 8007 01020304050607"), hx("BF5603810101")),
    }
    with _copy(template) as card:
        for channel in (1, 2, 4):
            assert card.transmit(bytes((0, 0x70, 0, channel, 0))) == hx("9000")
        for channel in asked:
            plain = _cla(channel, proprietary=False)
            assert card.transmit(bytes((plain,)) + SELECT_ISDR[1:])[0] == 0x61
        sent = dict.fromkeys(asked, 0)
        for channel in order:
            number, (request, expected) = sent[channel], asked[channel]
            third = -(-len(request) // 3)
            piece = request[number * third : (number + 1) * third]
            last = number == 2
            head = (_cla(channel), 0xE2, 0x91 if last else 0x11, number, len(piece))
            answer = card.transmit(bytes(head) + piece)
            assert answer == (bytes((0x61, len(expected))) if last else hx("9000"))
            sent[channel] += 1
        for channel, (_, expected) in asked.items():
            fetched = card.transmit(bytes((_cla(channel), 0xC0, 0, 0, len(expected))))
            assert fetched == expected + hx("9000")
