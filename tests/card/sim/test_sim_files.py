"""The files of an enabled Profile: selecting, reading, writing, searching, access rules."""

from __future__ import annotations

import pytest
from support.eims import objects
from support.hexes import hx
from support.sims import ISIM_AID, SELECT_USIM, Send

from euicc_sim import Card

IN_USIM = hx("9000")


@pytest.fixture
def usim(sim: Send) -> Send:
    """The card with its USIM selected."""
    assert sim(SELECT_USIM) == IN_USIM
    return sim


def say(send: Send, *commands: str) -> str:
    """Send commands in hex; what the last is answered, whole."""
    answer = b""
    for command in commands:
        answer = send(hx(command))
        if answer[-2] == 0x61:
            answer = send(hx("00C0 0000") + answer[-1:])
    return answer.hex().upper()


def fcp(send: Send, *commands: str) -> dict[str, str]:
    """The parts of the FCP that the last SELECT gives."""
    answer = bytes.fromhex(say(send, *commands))
    ((tag, _, inside),) = objects(answer[:-2])
    assert (tag, answer[-2:]) == ("62", hx("9000"))
    return {one: content.hex().upper() for one, _, content in objects(inside)}


# -- selecting


def test_a_usim_is_selected_by_its_aid_or_the_beginning_of_it(sim: Send) -> None:
    for aid in ("0C A0000000871002FF49FF0589", "05 A000000087", "07 A0000000871002"):
        found = fcp(sim, f"00A4 0404 {aid}")
        assert (found["84"], found["83"]) == ("A0000000871002FF49FF0589", "7FFF")


def test_the_next_application_with_that_beginning_is_the_isim(sim: Send) -> None:
    found = fcp(sim, "00A4 0404 05 A000000087", "00A4 0406 05 A000000087")
    assert found["84"] == ISIM_AID.hex().upper()
    assert say(sim, "00A4 0406 05 A000000087") == "6A82"


def test_the_fcp_of_a_directory_lists_global_pins_first(sim: Send) -> None:
    assert fcp(sim, "00A4 0004 02 3F00") == {
        "82": "7821",
        "83": "3F00",
        "A5": "800171 8304 00040000 870101".replace(" ", ""),
        "8A": "05",
        "8B": "2F0601",
        "C6": "9001E0 830101 950108 830111 83010A".replace(" ", ""),
    }
    usim = fcp(sim, "00A4 0404 05 A000000087")
    assert usim["C6"] == "9001F0 830101 950108 830111 830181 83010A".replace(" ", "")


def test_the_fcp_of_a_file(usim: Send) -> None:
    assert fcp(usim, "00A4 0004 02 6F11") == {
        "82": "4221000404",
        "83": "6F11",
        "8A": "05",
        "8B": "6F0603",
        "80": "0010",
        "88": "88",
    }
    assert fcp(usim, "00A4 0004 02 6F02")["88"] == "10"  # its identifier's low bits, 02
    assert fcp(usim, "00A4 0004 02 6F13") == {
        "82": "7921",
        "83": "6F13",
        "A5": "86020400",
        "8A": "05",
        "8B": "6F0603",
        "80": "0009",
        "88": "98",
    }


def test_a_link_shows_the_size_of_its_target_and_its_own_identifier(usim: Send) -> None:
    found = fcp(usim, "00A4 0004 02 6F1B")
    assert (found["83"], found["80"], found["88"]) == ("6F1B", "0008", "D8")
    assert say(usim, "00D6 0000 01 EE", "00A4 000C 02 6F01", "00B0 0000 01") == "EE9000"


@pytest.mark.parametrize(
    ("commands", "identifier"),
    [
        (["00A4 0004 02 7FFF"], "7FFF"),
        (["00A4 000C 02 5FC0", "00A4 0004 02 7FFF"], "7FFF"),
        (["00A4 000C 02 5FC0", "00A4 0304"], "7FFF"),
        (["00A4 000C 02 5FC0", "00A4 0004 02 5FC0"], "5FC0"),
        (["00A4 0804 04 7FFF 6F07"], "6F07"),
        (["00A4 0804 06 7FFF 5FC0 4F0A"], "4F0A"),
        (["00A4 0904 04 5FC0 4F0A"], "4F0A"),
        (["00A4 0804 02 2FE2"], "2FE2"),
        (["00A4 0104 02 5FC0"], "5FC0"),
        (["00A4 0204 02 6F07"], "6F07"),
        (["00A4 000C 02 5FC0", "00A4 000C 02 5F01", "00A4 0004 02 5FC0"], "5FC0"),
        (["00A4 0004 02 3F00"], "3F00"),
    ],
)
def test_where_select_leads(usim: Send, commands: list[str], identifier: str) -> None:
    assert fcp(usim, *commands)["83"] == identifier


@pytest.mark.parametrize(
    "command",
    ["02 7FD0", "02 2FE2", "02 4F0A", "02 6F99", "02 7F10"],
)
def test_what_select_by_identifier_does_not_find_from_a_usim(usim: Send, command: str) -> None:
    assert say(usim, "00A4 000C 02 6F01", f"00A4 0004 {command}") == "6A82"
    assert say(usim, "00B0 0000 02") == "01029000"


def test_without_an_application_7fff_is_6a82(sim: Send) -> None:
    assert say(sim, "00A4 0004 02 7FFF") == "6A82"


def test_status_describes_the_current_directory_and_names_the_application(usim: Send) -> None:
    usim(hx("00A4 000C 02 5FC0"))
    assert say(usim, "80F2 0000 00")[4:20] == "8202782183025FC0"
    assert say(usim, "80F2 0001 00") == "840CA0000000871002FF49FF05899000"


def test_each_channel_has_its_own_place_and_all_have_the_same_content(usim: Send) -> None:
    usim(hx("0070 0000 01"))
    usim(hx("01A4 040C 0C A0000000871002FF49FF0589"))
    usim(hx("01A4 000C 02 6F01"))
    usim(hx("00A4 000C 02 6F07"))
    usim(hx("01D6 0000 01 99"))
    assert say(usim, "00A4 000C 02 6F01", "00B0 0000 02") == "99029000"


# -- transparent files


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("00B0 0000 08", "01020304050607089000"),
        ("00B0 0000 00", "01020304050607089000"),
        ("00B0 0000", "6108"),
        ("00B0 0006 02", "07089000"),
        ("00B0 8E00 02", "01029000"),  # by short identifier
        ("00B0 8E06 02", "07089000"),
        ("00B0 0006 03", "6C02"),
        ("00B0 0008 01", "6B00"),
        ("00B0 C100 01", "6A86"),
    ],
)
def test_reading_bytes(usim: Send, command: str, answer: str) -> None:
    usim(hx("00A4 000C 02 6F01"))
    assert usim(hx(command)).hex().upper() == answer


def test_a_file_longer_than_a_response_is_read_in_parts(usim: Send) -> None:
    usim(hx("00A4 000C 02 6F1A"))
    assert say(usim, "00B0 0000 00") == "AB" + "FF" * 255 + "9000"
    assert say(usim, "00B0 0100 00") == "FF" * 256 + "9000"
    assert say(usim, "00B0 01FF 00") == "FF9000"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("00D6 0000 02 A1A2", "9000"),
        ("00D6 0007 01 A1", "9000"),
        ("00D6 0007 02 A1A2", "6700"),
        ("00D6 0008 01 A1", "6B00"),
        ("00D6 0000", "6700"),
    ],
)
def test_writing_bytes(usim: Send, command: str, answer: str) -> None:
    usim(hx("00A4 000C 02 6F01"))
    assert say(usim, command) == answer


def test_what_is_written_stays_through_reset_and_restart(usim: Send, card: Card) -> None:
    usim(hx("00A4 000C 02 6F01"))
    assert say(usim, "00D6 0003 02 EEEE") == "9000"
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_USIM)
        again.transmit(hx("00A4 000C 02 6F01"))
        assert again.transmit(hx("00B0 0000 08")) == hx("010203EEEE060708 9000")


# -- records


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (["00B2 0104 04"], "111111119000"),
        (["00B2 0104 FF"], "6C04"),
        (["00B2 0104 00"], "111111119000"),
        (["00B2 0504 04"], "6A83"),
        (["00B2 0004 04"], "6A83"),  # no record is the current one yet
        (["00B2 0002 04", "00B2 0002 04", "00B2 0004 04"], "FFFFFFFF9000"),
        (["00B2 0003 04", "00DC 0004 04 22222222", "00B2 0404 04"], "222222229000"),
        (["00B2 0003 04", "00B2 0002 04"], "6A83"),
        (["00B2 0002 04", "00B2 0003 04"], "6A83"),
        (["00B2 018C 04"], "111111119000"),  # by short identifier
        (["00B2 0102 04"], "6A86"),
        (["00B2 0100 04"], "6A86"),
        (["00DC 0204 04 01020304", "00B2 0204 04"], "010203049000"),
        (["00DC 0204 03 010203"], "6700"),
        (["00DC 0504 04 01020304"], "6A83"),
        (["00DC 0002 04 01020304", "00DC 0002 04 05060708", "00B2 0204 04"], "050607089000"),
    ],
)
def test_records(usim: Send, commands: list[str], answer: str) -> None:
    usim(hx("00A4 000C 02 6F11"))
    assert say(usim, *commands) == answer


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("00A2 0104 01 11 00", "019000"),
        ("00A2 0104 02 FFFF 00", "0203049000"),
        ("00A2 0305 02 FFFF 00", "03029000"),
        ("00A2 0204 01 11 00", "6282"),
        ("00A2 0106 04 0402 FFFF 00", "0203049000"),
        ("00A2 0106 04 0400 1111 00", "019000"),
        ("00A2 0106 04 0C11 1111 00", "019000"),
        ("00A2 0106 04 0CFF 1111 00", "6282"),
        ("00A2 0106 03 06 00 FF 00", "0203049000"),
        ("00A2 0506 03 01 00 FF 00", "6A80"),
        ("00A2 0106 02 0400 00", "6700"),
        ("00A2 0504 01 11 00", "6A83"),
        ("00A2 0107 01 11 00", "6A86"),
        ("00A2 0104 05 1111111111 00", "6700"),
    ],
)
def test_searching(usim: Send, command: str, answer: str) -> None:
    usim(hx("00A4 000C 02 6F11"))
    assert say(usim, command) == answer


def test_in_a_cyclic_file_the_oldest_record_becomes_the_first(usim: Send) -> None:
    usim(hx("00A4 000C 02 6F1C"))
    assert say(usim, "00DC 0003 03 AAAAAA") == "9000"
    records = [say(usim, f"00B2 0{number}04 03") for number in (1, 2, 3)]
    assert records == ["AAAAAA9000", "0000019000", "0000029000"]
    assert say(usim, "00DC 0104 03 AAAAAA") == "6A86"


def test_after_the_last_record_of_a_cyclic_file_comes_the_first(usim: Send) -> None:
    usim(hx("00A4 000C 02 6F1C"))
    found = [say(usim, "00B2 0002 03")[:6] for _ in range(4)]
    assert found == ["000001", "000002", "000003", "000001"]
    assert say(usim, "00B2 0003 03")[:6] == "000003"


def test_increase_makes_a_new_record(usim: Send) -> None:
    usim(hx("00A4 000C 02 6F12"))
    assert say(usim, "0020 0001 08 30303030FFFFFFFF") == "9000"
    assert say(usim, "8032 0000 03 000005 00") == "0000060000059000"
    assert say(usim, "00B2 0104 03", "00B2 0204 03") == "0000019000"
    assert say(usim, "8032 0000 03 FFFFFA 00") == "9850"
    assert say(usim, "8032 0000 04 00000000 00") == "6700"
    assert say(usim, "00A4 000C 02 6F11", "8032 0000 01 01 00") == "6981"


# -- BER-TLV files


def test_objects_are_read_and_their_tags_listed(usim: Send) -> None:
    usim(hx("00A4 000C 02 6F13"))
    assert say(usim, "80CB 0080 01 5C 00") == "5C0280819000"
    assert say(usim, "80CB 0080 01 80 00") == "800212349000"
    assert say(usim, "80CB 0080 01 82 00") == "6A88"


def test_an_object_is_written_replaced_and_deleted(usim: Send) -> None:
    usim(hx("00A4 000C 02 6F13"))
    assert say(usim, "80DB 0080 05 8203010203") == "9000"
    assert say(usim, "80DB 0080 03 800199") == "9000"
    assert say(usim, "80DB 0080 02 8100") == "9000"
    assert say(usim, "80CB 0080 01 5C 00") == "5C0282809000"
    assert say(usim, "80CB 0080 01 80 00") == "8001999000"
    assert say(usim, "80DB 0080 02 8500") == "6A88"


def test_a_long_object_comes_and_goes_in_blocks(usim: Send) -> None:
    usim(hx("00A4 000C 02 6F13"))
    given = bytes(range(200)) * 2
    whole = hx("82 82 0190") + given
    assert usim(hx("80DB 0080") + bytes((200,)) + whole[:200]) == hx("63F1")
    assert usim(hx("80DB 0000") + bytes((204,)) + whole[200:]) == hx("9000")
    first = usim(hx("80CB 0080 01 82 FF"))
    assert first == whole[:255] + hx("62F1")
    assert usim(hx("80CB 0000 00"))[:-2] == whole[255:]


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (["80CB 0000 00"], "6985"),
        (["80DB 0000 01 00"], "6985"),
        (["80CB 0080 02 8081 00"], "6A80"),
        (["80CB 0081 01 80 00"], "6A86"),
        (["80DB 0080 04 80010102"], "6A80"),
        (["80DB 0080 05 8482 0500 00"], "6A84"),
        (["00A4 000C 02 6F01", "80CB 0080 01 80 00"], "6981"),
        (["00B0 0000 00"], "6981"),
        (["00CB 0080 01 80 00"], "6E00"),
        (["80B0 0000 00"], "6E00"),
    ],
)
def test_objects_that_cannot_be(usim: Send, commands: list[str], answer: str) -> None:
    usim(hx("00A4 000C 02 6F13"))
    if answer == "6A84":
        assert say(usim, *commands) == "63F1"
        blocks = ["80DB 0000 FA " + "00" * 250] * 5
        assert say(usim, *blocks) == answer
    else:
        assert say(usim, *commands) == answer


# -- activating and access rules


def test_a_deactivated_file_is_selected_with_a_warning_and_not_read(usim: Send) -> None:
    usim(hx("0020 0001 08 30303030FFFFFFFF"))
    usim(hx("00A4 000C 02 6F02"))
    assert say(usim, "0004 0000") == "9000"
    assert say(usim, "00B0 0000 04") == "6985"
    answer = say(usim, "00A4 0004 02 6F02")
    assert "8A0104" in answer
    assert answer.endswith("6283")
    assert say(usim, "0044 0000 02 6F02", "00B0 0000 04") == "AABBCCDD9000"


def test_writing_does_not_activate_a_file_that_the_package_left_deactivated(usim: Send) -> None:
    """6F1D may be used while it is deactivated."""
    for _ in range(2):
        answer = say(usim, "00A4 0004 02 6F1D")
        assert "8A0104" in answer
        assert answer.endswith("6283")
        assert say(usim, "00D6 0000 02 1234", "00B0 0000 02") == "12349000"


@pytest.mark.parametrize(
    ("file", "before", "answer"),
    [
        ("6F02", [], "6982"),
        ("6F02", ["0020 0001 08 30303030FFFFFFFF"], "9000"),
        ("6F12", [], "9000"),
        ("6F14", ["0020 0001 08 30303030FFFFFFFF"], "6982"),
        ("6F15", ["0020 0001 08 30303030FFFFFFFF"], "6982"),
        ("6F15", ["0020 000A 08 3535353535353535"], "6982"),
        ("6F15", ["0020 0001 08 30303030FFFFFFFF", "0020 000A 08 3535353535353535"], "9000"),
        ("6F16", [], "6982"),
        ("6F17", [], "6982"),
        ("6F18", [], "6982"),
        ("6F19", ["0020 0081 08 39393939FFFFFFFF"], "6982"),
    ],
)
def test_who_may_read(usim: Send, file: str, before: list[str], answer: str) -> None:
    reading = "00B2 0104 03" if file == "6F12" else "00B0 0000 01"
    assert say(usim, f"00A4 000C 02 {file}", *before, reading)[-4:] == answer


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        ([], "6982"),
        (["0020 0001 08 30303030FFFFFFFF"], "9000"),
        (["0020 0081 08 39393939FFFFFFFF"], "9000"),
    ],
)
def test_one_of_two_pins_is_enough_where_the_rule_says_or(
    usim: Send, before: list[str], answer: str
) -> None:
    commands = ["00A4 000C 02 6F12", *before, "00DC 0003 03 000009"]
    assert say(usim, *commands) == answer


def test_increase_has_a_rule_of_its_own(usim: Send) -> None:
    commands = ("00A4 000C 02 6F12", "0020 0081 08 39393939FFFFFFFF", "8032 0000 01 01 00")
    assert say(usim, *commands) == "6982"


def test_a_rule_in_a_directory_without_ef_arr_is_that_of_the_application(usim: Send) -> None:
    assert say(usim, "00A4 000C 02 5FC0", "00B0 8A00 04") == "F0FFFFFF9000"


# -- switching


def test_a_switch_swaps_all_files_and_forgets_what_was_selected(usim: Send) -> None:
    usim(hx("0070 0000 01"))
    usim(hx("01A4 0400 10 A0000005591010FFFFFFFF8900000100"))
    assert usim(hx("81E2 9100 14 BF32 11 A00C 5A0A 98001032547698103214 8101FF")) == hx("6106")
    assert say(usim, "00A4 0404 05 A000000087") == "6A82"


def test_what_is_written_between_refresh_and_reset_is_the_old_profile_s(
    usim: Send, card: Card
) -> None:
    usim(hx("8010 0000 03 FFFFFF"))
    usim(hx("0070 0000 01"))
    usim(hx("01A4 0400 10 A0000005591010FFFFFFFF8900000100"))
    usim(hx("81E2 9100 14 BF32 11 A00C 5A0A 98001032547698103214 8101FF"))
    assert usim(hx("01C0 0000 06")) == hx("BF32 03 800100 910B")
    assert usim(hx("8012 0000 0B")) == hx("D009 8103 010104 8202 8182 9000")
    assert say(usim, "00A4 000C 02 6F01", "00D6 0000 01 EE", "00B0 0000 01") == "EE9000"
    card.reset()
    assert say(usim, "00A4 0404 05 A000000087") == "6A82"
    usim(hx("00A4 0400 10 A0000005591010FFFFFFFF8900000100"))
    assert usim(hx("80E2 9100 14 BF31 11 A00C 5A0A 98001032547698103214 8101FF")) == hx("6106")
    assert say(usim, "00A4 0404 05 A000000087")[:2] == "62"
    assert say(usim, "00A4 000C 02 6F01", "00B0 0000 01") == "EE9000"
