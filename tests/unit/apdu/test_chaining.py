"""Joining chained commands and splitting long responses."""

from __future__ import annotations

import pytest

from apdu import SW, Command, Response, StatusError
from apdu.chaining import MAX_PIECE, MAX_REQUEST, RequestChain, ResponseQueue

STORE = Command(0x90, 0xE2, 0x91, 0x00, b"ab")


def last(data: bytes, ne: int | None = None) -> Command:
    return Command(0x80, 0xE2, 0x91, 0x00, data, ne)


def test_a_command_alone_passes_as_it_is() -> None:
    command = last(b"x", 5)
    assert RequestChain().add(command, more_follow=False) is command


def test_chained_commands_are_joined_with_the_last_ones_header() -> None:
    chain = RequestChain()
    assert chain.add(STORE, more_follow=True) is None
    assert chain.add(STORE, more_follow=True) is None
    assert chain.add(last(b"cd", 9), more_follow=False) == last(b"ababcd", 9)
    assert chain.add(last(b"e"), more_follow=False) == last(b"e")


@pytest.mark.parametrize(
    "other",
    [
        Command(0x80, 0xE3, 0x91, 0x00),
        Command(0x80, 0xE2, 0x11, 0x00),
        Command(0x80, 0xE2, 0x91, 0x01),
    ],
)
def test_a_different_command_is_6883_and_ends_the_chain(other: Command) -> None:
    chain = RequestChain()
    chain.add(STORE, more_follow=True)
    with pytest.raises(StatusError) as error:
        chain.add(other, more_follow=False)
    assert error.value.sw == SW.LAST_COMMAND_EXPECTED
    assert chain.add(last(b"cd"), more_follow=False) == last(b"cd")


def test_a_chain_may_have_64_kib_and_more() -> None:
    assert MAX_REQUEST >= 0x10000
    chain = RequestChain()
    half = Command(0x90, 0xE2, 0x91, 0x00, bytes(MAX_REQUEST // 2))
    chain.add(half, more_follow=True)
    chain.add(half, more_follow=True)
    joined = chain.add(last(b""), more_follow=False)
    assert joined is not None
    assert len(joined.data) == MAX_REQUEST


def test_a_chain_that_grows_too_long_is_6a84_and_ends() -> None:
    chain = RequestChain()
    chain.add(Command(0x90, 0xE2, 0x91, 0x00, bytes(MAX_REQUEST)), more_follow=True)
    with pytest.raises(StatusError) as error:
        chain.add(last(b"x"), more_follow=False)
    assert error.value.sw == SW.NOT_ENOUGH_MEMORY
    assert chain.add(last(b"cd"), more_follow=False) == last(b"cd")


@pytest.mark.parametrize(
    ("size", "announced"), [(1, 0x6101), (255, 0x61FF), (256, 0x6100), (5000, 0x6100)]
)
def test_without_le_an_answer_is_announced(size: int, announced: int) -> None:
    queue = ResponseQueue()
    assert queue.put(Response(bytes(size)), None) == Response(b"", announced)


def test_an_answer_without_data_is_its_status_word() -> None:
    assert ResponseQueue().put(Response(b"", 0x6282), None) == Response(b"", 0x6282)


def test_pieces_end_with_the_answers_own_status_word() -> None:
    queue = ResponseQueue()
    assert queue.put(Response(b"abcde", 0x6282), 2) == Response(b"ab", 0x6103)
    assert queue.more(2) == Response(b"cd", 0x6101)
    assert queue.more(1) == Response(b"e", 0x6282)


def test_get_response_with_nothing_left_is_6985() -> None:
    queue = ResponseQueue()
    for _ in range(2):
        with pytest.raises(StatusError) as error:
            queue.more(None)
        assert error.value.sw == SW.CONDITIONS_NOT_SATISFIED


def test_a_wrong_le_is_6cxx_and_loses_nothing() -> None:
    queue = ResponseQueue()
    queue.put(Response(b"abc"), None)
    with pytest.raises(StatusError) as error:
        queue.more(4)
    assert error.value.sw == 0x6C03
    assert queue.more(3) == Response(b"abc")


@pytest.mark.parametrize("ne", [256, 65536])
def test_an_le_of_256_or_more_fetches_everything(ne: int | None) -> None:
    queue = ResponseQueue()
    queue.put(Response(b"abc"), None)
    assert queue.more(ne) == Response(b"abc")


def test_clearing_drops_what_waits() -> None:
    queue = ResponseQueue()
    queue.put(Response(b"abc"), None)
    queue.clear()
    with pytest.raises(StatusError):
        queue.more(3)


def test_a_piece_fits_one_message_with_its_status_word() -> None:
    first = ResponseQueue().put(Response(bytes(70000)), 65536)
    assert len(bytes(first)) == MAX_PIECE + 2 == 0xFFFF
    assert first.sw == 0x6100


def test_without_le_61xx_is_repeated() -> None:
    queue = ResponseQueue()
    queue.put(Response(b"abc"), None)
    assert queue.more(None) == Response(b"", 0x6103)
    assert queue.more(3) == Response(b"abc")
