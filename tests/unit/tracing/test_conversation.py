"""Messages joined from the TPDUs of a trace."""

from __future__ import annotations

from collections.abc import Iterable

from support.hexes import hx

from euicc_sim.tracing.conversation import Conversation, Es10, Exchange, Item, Reset
from euicc_sim.tracing.gsmtap import Kind, Message


def items(*rows: str, slots: Iterable[int] = ()) -> list[Item]:
    """What rows of bytes come to, one a second, all of the card in slot 0 unless told."""
    conversation = Conversation()
    found: list[Item] = []
    numbers = list(slots) or [0] * len(rows)
    for at, (row, slot) in enumerate(zip(rows, numbers, strict=True)):
        found += conversation.feed(float(at), Message(Kind.APDU, hx(row), slot))
    return found + list(conversation.rest())


def es10(*rows: str) -> Es10:
    (found,) = items(*rows)
    assert isinstance(found, Es10)
    return found


def facts(found: Iterable[Item]) -> list[tuple[str, str, str]]:
    """Request or command, answer and status word."""
    return [
        (
            (one.request if isinstance(one, Es10) else one.command).hex(),
            one.answer.hex(),
            f"{one.sw:04X}",
        )
        for one in found
        if isinstance(one, Exchange)
    ]


def test_a_request_has_its_response_once_it_is_fetched() -> None:
    found = es10("80E2910003 BF2E00 6105", "80C0000005 BF2E020102 9000")
    assert (found.request, found.answer, found.sw) == (hx("BF2E00"), hx("BF2E020102"), 0x9000)
    assert (found.at, found.channel, found.blocks, len(found.tpdus)) == (0.0, 0, 1, 2)


def test_blocks_and_pieces_of_the_response_are_joined() -> None:
    found = es10(
        "80E2110002 BF51 9000",
        "80E2110101 03 9000",
        "80E2910203 010203 6102",
        "00C0000002 BF51 6101",
        "00C0000001 00 9000",
    )
    assert (found.request, found.answer, found.blocks) == (hx("BF5103010203"), hx("BF5100"), 3)


def test_a_response_sent_at_once_need_not_be_fetched() -> None:
    assert facts(items("80E2910003 BF2E00 BF2E020102 9000")) == [("bf2e00", "bf2e020102", "9000")]


def test_a_chained_command_is_part_of_its_block() -> None:
    found = es10("90E2910002 BF2E 9000", "80E2910001 00 9000")
    assert (found.request, found.blocks) == (hx("BF2E00"), 1)


def test_a_wrong_le_is_retried() -> None:
    found = es10("80E2910003 BF2E00 6102", "00C0000009 6C02", "00C0000002 BF2E 9000")
    assert (found.answer, found.sw) == (hx("BF2E"), 0x9000)


def test_a_response_that_is_not_fetched_keeps_its_61xx() -> None:
    assert facts(items("80E2910003 BF2E00 6105", "80E2910003 BF2000 9000")) == [
        ("bf2e00", "", "6105"),
        ("bf2000", "", "9000"),
    ]


def test_a_refused_block_ends_the_request() -> None:
    assert facts(items("80E2110002 BF51 6A86", "80E2910003 BF2E00 9000")) == [
        ("bf51", "", "6A86"),
        ("bf2e00", "", "9000"),
    ]


def test_block_0_begins_a_new_request() -> None:
    assert facts(items("80E2110002 BF51 9000", "80E2910003 BF2E00 9000")) == [
        ("bf51", "", "9000"),
        ("bf2e00", "", "9000"),
    ]


def test_channels_do_not_mix_nor_do_cards() -> None:
    found = items(
        "81E2110002 BF51 9000",
        "80E2910003 BF2E00 6101",
        "81E2910101 00 9000",
        "C0E2910003 BF2000 9000",
        "80E2910003 BF3E00 9000",
        "00C0000001 01 9000",
        slots=[0, 0, 0, 0, 1, 0],
    )
    assert [(one.slot, one.channel) for one in found if isinstance(one, Exchange)] == [
        (0, 1),
        (0, 4),
        (1, 0),
        (0, 0),
    ]
    assert facts(found)[0] == ("bf5100", "", "9000")
    assert facts(found)[3] == ("bf2e00", "01", "9000")


def test_256_blocks_and_more_are_one_request() -> None:
    rows = [f"80E211{number % 256:02X}01 AA 9000" for number in range(300)]
    assert es10(*rows, "80E2912C01 AA 9000").blocks == 301


def test_a_reset_ends_unfinished_items() -> None:
    conversation = Conversation()
    assert list(conversation.feed(1.0, Message(Kind.APDU, hx("80E2110002 BF51 9000")))) == []
    begun, reset = conversation.feed(2.0, Message(Kind.ATR, hx("3B00")))
    assert isinstance(begun, Es10)
    assert reset == Reset(2.0, 0, hx("3B00"))
    assert list(conversation.rest()) == []


def test_other_commands_are_items_of_their_own() -> None:
    assert facts(items("00A40004023F00 9000", "00B000000A 6986", "00C0000005 6985", "FF 6E00")) == [
        ("00a40004023f00", "", "9000"),
        ("00b000000a", "", "6986"),
        ("00c0000005", "", "6985"),
        ("ff", "", "6E00"),
    ]


def test_a_select_has_its_fetched_response() -> None:
    found = items("00A40004023F00 6102", "00C0000002 6200 9000")
    assert facts(found) == [("00a40004023f00", "6200", "9000")]


def test_the_pieces_of_a_package_are_named() -> None:
    found = items(
        "80E2910007 BF360CBF230101 9000",
        "80E2910004 A0030101 9000",
        "80E2910005 A002870101 9000",
    )
    assert all(isinstance(one, Es10) and one.is_package_piece for one in found)
    first = found[0]
    assert isinstance(first, Es10)
    assert first.parts == ((0xBF23, 4),)


def test_bytes_that_are_not_a_package_are_a_piece_without_parts() -> None:
    found = es10("80E2910003 BF3600 9000")
    assert (found.is_package_piece, found.parts) == (True, ())


def test_an_empty_message_and_an_unknown_kind_are_ignored() -> None:
    conversation = Conversation()
    assert list(conversation.feed(0.0, Message(Kind.APDU, b""))) == []
    assert list(conversation.feed(0.0, Message(2, hx("FF10")))) == []
