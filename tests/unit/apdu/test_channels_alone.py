"""Channels with applications of any card, not those of an eUICC."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.hexes import hx

from apdu import SW, Application, Channels, Command, Installed, Offer, Response, StatusError, tlv

ONE, TWO, OTHER = hx("A000000001 01"), hx("A000000001 02"), hx("A000000002 03")


class Echo:
    """Answers with its name and the command's data, and counts interruptions."""

    def __init__(self, aid: bytes) -> None:
        self.aid = aid
        self.interruptions = 0

    def fci(self) -> bytes:
        return tlv(0x6F, tlv(0x84, self.aid))

    def call(self, command: Command) -> Response:
        return Response(self.aid[-1:] + bytes((self.interruptions,)) + command.data)

    def offer(self, command: Command) -> Offer | None:
        return None

    def interrupt(self, by: str) -> None:
        self.interruptions += 1

    def fork(self) -> Application:
        return Echo(self.aid)


class NoFiles:
    aid: bytes | None = None

    def applications(self) -> list[bytes]:
        return []

    def enter(self, aid: bytes) -> Response:
        raise AssertionError(aid)

    def select(self, p1: int, name: bytes) -> Response:
        if name not in (b"", hx("3F00")):
            raise StatusError(SW.NOT_FOUND, "no such file")
        return Response(tlv(0x62))

    def call(self, command: Command) -> Response:
        return Response(b"file")

    def offer(self, command: Command) -> Offer | None:
        return None

    def status(self) -> bytes:
        return tlv(0x62)

    def fork(self) -> NoFiles:
        return self


@pytest.fixture
def send() -> Callable[[str], str]:
    installed = [Installed(one, lambda one=one: Echo(one)) for one in (ONE, TWO, OTHER)]  # type: ignore[misc]
    channels = Channels(installed, NoFiles, {0xAA: lambda _: Response()})

    def transmit(command: str) -> str:
        try:
            return bytes(channels.transmit(hx(command))).hex(" ").upper()
        except StatusError as error:
            return f"{error.sw >> 8:02X} {error.sw & 0xFF:02X}"

    return transmit


Send = Callable[[str], str]


def test_a_command_goes_to_the_selected_application(send: Send) -> None:
    send("00A4 0400 06 A00000000102")
    assert send("8010 0000 01 77 00") == "02 00 77 90 00"


def test_with_nothing_selected_a_command_goes_to_the_files(send: Send) -> None:
    assert send("00B0 0000 00") == "66 69 6C 65 90 00"


def test_the_first_of_several_matches_is_selected(send: Send) -> None:
    assert send("00A4 0400 05 A000000001 00") == "6F 08 84 06 A0 00 00 00 01 01 90 00"


def test_the_next_occurrence_follows_the_current_one(send: Send) -> None:
    send("00A4 0400 05 A000000001 00")
    assert send("00A4 0402 05 A000000001 00") == "6F 08 84 06 A0 00 00 00 01 02 90 00"
    assert send("00A4 0402 05 A000000001 00") == "6A 82"


def test_the_first_occurrence_is_the_first_again_whatever_is_selected(send: Send) -> None:
    for _ in range(2):
        assert send("00A4 0400 05 A000000001 00") == "6F 08 84 06 A0 00 00 00 01 01 90 00"


def test_the_next_occurrence_after_another_application_is_the_first(send: Send) -> None:
    send("00A4 0400 06 A00000000203")
    assert send("00A4 0402 05 A000000001 00") == "6F 08 84 06 A0 00 00 00 01 01 90 00"


def test_the_next_occurrence_begins_with_the_first(send: Send) -> None:
    assert send("00A4 0402 05 A000000001 00") == "6F 08 84 06 A0 00 00 00 01 01 90 00"


@pytest.mark.parametrize("command", ["00A4 0400", "00A4 0400 00"])
def test_select_by_aid_without_an_aid_is_6a80(send: Send, command: str) -> None:
    assert send(command) == "6A 80"


def test_select_of_a_file_ends_the_application(send: Send) -> None:
    send("00A4 0400 05 A000000001")
    assert send("00A4 0004 02 3F00") == "61 02"
    assert send("00B0 0000 00") == "66 69 6C 65 90 00"


def test_a_failed_select_keeps_the_application(send: Send) -> None:
    send("00A4 0400 05 A000000001")
    assert send("00A4 0004 02 7F10") == "6A 82"
    assert send("8010 0000 00").startswith("01")


@pytest.mark.parametrize(
    "command",
    ["80F2 0000 00", "80AA 0000 00", "0070 0000 01", "00A4 0004 02 7F10", "0070 8009 00"],
)
def test_a_command_of_the_channel_interrupts_the_application(send: Send, command: str) -> None:
    send("00A4 0400 05 A000000001")
    send(command)
    assert send("8010 0000 00").startswith("01 01")


def test_get_response_interrupts_nothing(send: Send) -> None:
    send("00A4 0400 05 A000000001")
    send("00C0 0000 00")
    assert send("8010 0000 00").startswith("01 00")


def test_a_select_of_a_proprietary_class_goes_to_the_application(send: Send) -> None:
    send("00A4 0400 05 A000000001")
    assert send("80A4 0000 02 3F00 00").endswith("3F 00 90 00")


def test_manage_channel_of_a_proprietary_class_goes_to_the_application(send: Send) -> None:
    send("00A4 0400 06 A00000000102")
    assert send("8070 0000 00") == "02 01 90 00"
    assert send("01B0 0000 00") == "68 81"


def test_status_of_an_interindustry_class_goes_to_the_application(send: Send) -> None:
    send("00A4 0400 05 A000000001")
    assert send("00F2 0000 00").startswith("01")


def test_an_unknown_proprietary_instruction_goes_to_the_files(send: Send) -> None:
    assert send("8012 0000 00") == "66 69 6C 65 90 00"


def test_status_describes_application_or_directory(send: Send) -> None:
    assert send("80F2 0000 00") == "62 00 90 00"
    assert send("80F2 0001 00") == "90 00"
    send("00A4 0400 06 A00000000102")
    assert send("80F2 0000 00") == "6F 08 84 06 A0 00 00 00 01 02 90 00"
    assert send("80F2 0001 00") == "84 06 A0 00 00 00 01 02 90 00"
    assert send("80F2 000C") == "90 00"
    assert send("80F2 0300") == "6A 86"


@pytest.mark.parametrize("p1", ["00", "01", "02"])
def test_status_takes_each_application_status_of_ts_102_221(send: Send, p1: str) -> None:
    assert send(f"80F2 {p1}0C") == "90 00"


@pytest.mark.parametrize("p1_p2", ["0300", "0002", "000D", "00FF"])
def test_status_with_other_parameters_is_6a86(send: Send, p1_p2: str) -> None:
    assert send(f"80F2 {p1_p2} 00") == "6A 86"


def test_what_is_answered_everywhere_does_not_reach_the_application(send: Send) -> None:
    send("00A4 0400 06 A00000000102")
    assert send("80AA 0000 01 55") == "90 00"
    assert send("00AA 0000 01 55 00") == "02 02 55 90 00"


@pytest.mark.parametrize("between", ["00A4 0004 02 7F10", "9010 0000 01 11", "0070 0000 01"])
def test_what_waits_is_gone_after_another_command_on_its_channel(send: Send, between: str) -> None:
    assert send("00A4 0400 06 A00000000102") == "61 0A"
    send(between)
    assert send("00C0 0000 0A") == "69 85"


def test_what_waits_stays_while_another_channel_is_used(send: Send) -> None:
    send("0070 0001 00")
    assert send("00A4 0400 06 A00000000102") == "61 0A"
    send("01A4 0004 02 7F10")
    assert send("00C0 0000 0A") == "6F 08 84 06 A0 00 00 00 01 02 90 00"


def test_a_channel_opened_from_the_basic_one_has_nothing_selected(send: Send) -> None:
    send("00A4 0400 05 A000000001")
    assert send("0070 0000 01") == "01 90 00"
    assert send("01B0 0000 00") == "66 69 6C 65 90 00"


def test_a_channel_opened_from_another_has_its_selection(send: Send) -> None:
    send("0070 0001 00")
    send("01A4 0400 06 A00000000102")
    assert send("0170 0000 01") == "02 90 00"
    assert send("8210 0000 00").startswith("02 00")


def test_a_channel_opened_from_one_at_its_files_is_there_too(send: Send) -> None:
    send("0070 0001 00")
    assert send("0170 0000 01") == "02 90 00"
    assert send("02B0 0000 00") == "66 69 6C 65 90 00"


def test_twenty_channels_are_open_at_most(send: Send) -> None:
    for number in range(1, 20):
        assert send("0070 0000 01") == f"{number:02X} 90 00"
    assert send("0070 0000 01") == "6A 81"
    assert send("4FF2 0000 00") != "68 81"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("0070 8000", "6A 86"),
        ("0070 8007", "68 81"),
        ("0070 0014", "6A 86"),
        ("0070 0100", "6A 86"),
        ("0070 0000 01 00", "67 00"),
        ("01A4 0004 02 3F00", "68 81"),
        ("04A4 0004 02 3F00", "68 82"),
        ("20A4 0004 02 3F00", "6E 00"),
        ("00A4 0081 02 3F00", "6A 86"),
        ("00C0 0001 00", "6A 86"),
        ("00C0 0100 00", "6A 86"),
        ("00C0 0000 00", "69 85"),
        ("00", "67 00"),
    ],
)
def test_what_is_refused(send: Send, command: str, answer: str) -> None:
    assert send(command) == answer


def test_chained_commands_reach_the_application_as_one(send: Send) -> None:
    send("00A4 0400 05 A000000001")
    assert send("9010 0000 01 11") == "90 00"
    assert send("8010 0000 01 22 00") == "01 00 11 22 90 00"


def test_select_with_a_fifth_byte_00_and_no_data_is_case_1(send: Send) -> None:
    assert send("00A4 0004") == "61 02"
    assert send("00A4 0004 00") == "61 02"


def test_select_with_another_fifth_byte_and_no_data_is_case_2(send: Send) -> None:
    assert send("00A4 0004 02") == "62 00 90 00"


def test_select_with_an_extended_le_of_256_is_case_2(send: Send) -> None:
    """Only the short form has a fifth byte that case 1 is written with."""
    assert send("00A4 0004 000100") == "62 00 90 00"
    assert send("00A4 0004 000000") == "62 00 90 00"


@pytest.mark.parametrize("p2", ["01", "03", "05", "0D", "0F", "10", "20", "41", "80"])
def test_select_with_an_occurrence_other_than_first_and_next_is_6a86(send: Send, p2: str) -> None:
    """ISO/IEC 7816-4 table 63: 01 is the last occurrence, 03 the previous one."""
    assert send(f"00A4 04{p2} 05 A000000001 00") == "6A 86"
    assert send(f"00A4 00{p2} 02 3F00 00") == "6A 86"


@pytest.mark.parametrize("p2", ["00", "04", "08", "40", "44"])
def test_select_of_the_first_occurrence_gives_its_template(send: Send, p2: str) -> None:
    assert send(f"00A4 00{p2} 02 3F00 00") == "62 00 90 00"


def test_p2_0c_returns_no_data(send: Send) -> None:
    assert send("00A4 040C 05 A000000001") == "90 00"


def test_a_closed_channel_is_no_longer_served(send: Send) -> None:
    send("0070 0001 00")
    assert send("0170 8000") == "90 00"
    assert send("01B0 0000 00") == "68 81"
    assert send("0070 0000 01") == "01 90 00"


def test_a_reset_leaves_the_basic_channel_alone() -> None:
    channels = Channels([], NoFiles, {})
    channels.transmit(hx("0070 0000 01"))
    channels.reset()
    with pytest.raises(StatusError) as error:
        channels.transmit(hx("01B0 0000 00"))
    assert error.value.sw == SW.CHANNEL_NOT_SUPPORTED
