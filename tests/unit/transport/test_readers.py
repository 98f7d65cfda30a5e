"""pcscd's names for vpcd's slots, and the instructions for one more reader."""

from pathlib import Path

import pytest

from euicc_sim.transport.readers import (
    DEFAULT_PORT,
    USUAL_LIBRARY,
    installed_library,
    one_reader_more,
    reader_name,
)


def test_the_default_port_is_that_of_vpcd() -> None:
    assert DEFAULT_PORT == 0x8C7B == 35963


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (0, "Virtual PCD 00 00"),
        (1, "Virtual PCD 00 01"),
        (2, "Virtual PCD 2 00 00"),
        (3, "Virtual PCD 2 00 01"),
        (4, "Virtual PCD 3 00 00"),
    ],
)
def test_a_slot_has_the_name_that_pcscd_gives_it(index: int, name: str) -> None:
    assert reader_name(index) == name


def test_the_instructions_for_the_third_card_name_the_file_to_write() -> None:
    lines = one_reader_more(2, 35965, "/usr/lib/pcsc/drivers/serial/libifdvpcd.so").splitlines()
    assert lines == [
        "No reader has a slot on port 35965 for card 3: a vpcd reader has 2.",
        "vpcd keeps one table of slots per library file, so copy the file first (a link is not "
        "enough):",
        "  cp /usr/lib/pcsc/drivers/serial/libifdvpcd.so "
        "/usr/lib/pcsc/drivers/serial/libifdvpcd2.so",
        "Then put these four lines into /etc/reader.conf.d/vpcd2:",
        '  FRIENDLYNAME "Virtual PCD 2"',
        "  DEVICENAME   /dev/null:0x8C7D",
        "  LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd2.so",
        "  CHANNELID    0x8C7D",
        "and restart pcscd.",
    ]


def test_the_second_slot_of_a_reader_uses_the_port_of_the_reader() -> None:
    assert "0x8C7F" in one_reader_more(5, 35968, USUAL_LIBRARY)
    assert "vpcd3" in one_reader_more(5, 35968, USUAL_LIBRARY)


def test_the_library_is_read_from_the_file_of_the_first_reader(tmp_path: Path) -> None:
    (tmp_path / "vpcd").write_text(
        'FRIENDLYNAME "Virtual PCD"\nLIBPATH      /usr/lib64/libifdvpcd.so\n\n'
    )
    assert installed_library(tmp_path) == "/usr/lib64/libifdvpcd.so"


@pytest.mark.parametrize("text", [None, "", "LIBPATH\n", "# nothing\n"])
def test_without_such_a_line_the_library_is_the_usual_one(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "vpcd").write_text(text)
    assert installed_library(tmp_path) == USUAL_LIBRARY
