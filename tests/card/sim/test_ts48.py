"""Every file of GSMA's TS.48 test profiles, by its path: FCP and content are those of the table.

The table was made once with pySim; see the head of tests/vectors/ts48-files.txt. The profiles lie
beside the project, not in it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.eims import ask, objects
from support.es10 import SELECT_ISDR, Send
from support.hexes import hx
from support.installing import install
from support.published_pki import PUBLISHED
from support.sims import copied
from support.vectors import FOLDER

from euicc_sim import Card

pytestmark = pytest.mark.slow

UPP = PUBLISHED.parent / "upp"
COUNTS = {
    "TS48v1_A": 223,
    "TS48v2_SAIP2.1_NoBERTLV": 235,
    "TS48v5_SAIP2.1A_NoBERTLV": 235,
    "TS48v5_SAIP2.3_BERTLV_SUCI": 240,
}
LINKS = 29
AIDS = {
    "7FD0": "A0000000871002FF49FF0589",
    "7FB0": "A0000000871004FF49FF0589",
    "7FC0": "A0000003431002F310FFFF89020000FF",
}
DESCRIPTORS = {"TR": "41", "LF": "42", "CY": "46", "BT": "79"}
PIN2, ADM1 = "0020 0081 08 39393939FFFFFFFF", "0020 000A 08 3535353535353535"


class Row(NamedTuple):
    """A file of the table; numbers are hex as written, - is none."""

    path: str
    kind: str
    size: str
    record: str
    sfi: str
    rule: str
    link: str
    content: str


def table(stem: str) -> dict[str, Row]:
    """The rows of one profile, by path."""
    part = (FOLDER / "ts48-files.txt").read_text().partition(f"[{stem}]\n")[2].partition("[")[0]
    return {row.path: row for row in (Row(*line.split()) for line in part.splitlines())}


@pytest.fixture(params=COUNTS, scope="module")
def stem(request: pytest.FixtureRequest) -> str:
    """One of the four profiles."""
    if not UPP.is_dir():
        pytest.skip("needs the GSMA TS.48 test profiles in ../shared/upp")
    return str(request.param)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path, stem: str) -> Path:
    folder = tmp_path_factory.mktemp("ts48") / "card"
    package = (UPP / f"{stem}.der").read_bytes()
    with Card.create(folder, pki=pki_folder, seed=1, fsync=False) as card:
        install(card.transmit, pki_folder, package=package)
        switch(card.transmit, card.state.profiles[0].iccid)
    return folder


@pytest.fixture
def card(tmp_path: Path, template: Path) -> Iterator[Card]:
    with Card.open(copied(template, tmp_path / "card"), fsync=False) as card:
        card.reset()
        yield card


def switch(send: Send, iccid: bytes, *, on: bool = True) -> None:
    send(SELECT_ISDR)
    tag = hx("BF31 11" if on else "BF32 11")
    assert ask(send, tag + hx("A00C5A0A") + iccid + hx("8101FF"))[-1:] == b"\0"


def said(send: Send, command: str) -> tuple[bytes, int]:
    """The whole answer, as a client of T=0 gets it."""
    answer = send(hx(command))
    if answer[-2] in (0x61, 0x6C):
        again = hx("00C00000") if answer[-2] == 0x61 else hx(command)[:4]
        answer = send(again + answer[-1:])
    return answer[:-2], int.from_bytes(answer[-2:])


def select(send: Send, path: str) -> dict[str, bytes]:
    """Select a file by the AID of its application and its path there; its FCP."""
    if aid := AIDS.get(path[:4]):
        assert send(hx(f"00A4 040C {len(aid) // 2:02X} {aid}")) == hx("9000")
        path = f"7FFF{path[4:]}"
    fcp, sw = said(send, f"00A4 0804 {len(path) // 2:02X} {path}")
    assert sw == 0x9000, path
    ((tag, _, inside),) = objects(fcp)
    assert tag == "62"
    return {name: content for name, _, content in objects(inside)}


def read(send: Send, row: Row, size: int, record: int) -> bytes | None:
    """The content of the selected file; None if its rule lets nobody read it."""
    content = b""
    if row.kind == "BT":
        return b""
    steps = size // record if record else -(-size // 0xFF)
    for step in range(steps):
        length = record or min(0xFF, size - 0xFF * step)
        command = f"00B2 {step + 1:02X}04" if record else f"00B0 {0xFF * step:04X}"
        data, sw = said(send, f"{command} {length:02X}")
        if sw == 0x6982:
            return None
        assert (sw, len(data)) == (0x9000, length), row.path
        content += data
    return content


def test_every_file_of_the_table_is_there_with_its_fcp_and_content(
    card: Card, stem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, send, seen = table(stem), card.transmit, Counter[str]()
    for one in (PIN2, ADM1):
        for aid in AIDS.values():
            send(hx(f"00A4 040C {len(aid) // 2:02X} {aid}"))
            assert send(hx(one)) == hx("9000")
    for row in rows.values():
        target = rows[row.link.removeprefix("3F00")] if row.link != "-" else row
        record = 0 if target.record == "-" else int(target.record)
        size = int(target.size)
        fcp = select(send, row.path)
        descriptor = f"{DESCRIPTORS[target.kind]}21"
        if record:
            descriptor += f"{record:04X}{size // record:02X}"
        assert fcp["82"].hex().upper() == descriptor, row.path
        assert fcp["83"].hex().upper() == row.path[-4:]
        assert row.rule in ("-", fcp["8B"].hex().upper())
        if row.link == "-":
            sfi = "" if row.sfi == "-" else f"{int(row.sfi, 16) << 3:02X}"
            assert fcp["88"].hex().upper() == sfi, row.path
        if row.kind == "BT":
            assert int.from_bytes(dict_of(fcp["A5"])["86"]) == size
            seen["BER-TLV"] += 1
            continue
        assert int.from_bytes(fcp["80"]) == size, row.path
        content = read(send, target, size, record)
        if content is None:
            seen["never readable"] += 1
            continue
        assert hashlib.sha256(content).hexdigest()[:16] == target.content, row.path
        seen["links" if row.link != "-" else "read"] += 1
    with capsys.disabled():
        print(f"\n{stem}: {len(rows)} files, {dict(seen)}")
    assert len(rows) == COUNTS[stem] == sum(seen.values())
    assert sum(row.link != "-" for row in rows.values()) == LINKS


def dict_of(data: bytes) -> dict[str, bytes]:
    return {name: content for name, _, content in objects(data)}


def test_what_is_written_outlives_reset_restart_and_switching(card: Card) -> None:
    send, iccid = card.transmit, card.state.profiles[0].iccid

    def number(of: Card) -> bytes:
        select(of.transmit, "7FD06F7B")
        return said(of.transmit, "00B00000 0C")[0]

    before = number(card)
    assert send(hx("00D60000 03 00F110")) == hx("9000")
    after = hx("00F110") + before[3:]
    assert number(card) == after != before
    card.reset()
    assert number(card) == after
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.reset()
        assert number(again) == after
        switch(again.transmit, iccid, on=False)
        assert again.transmit(hx("00A4 040C 0C") + hx(AIDS["7FD0"])) == hx("6A82")
        switch(again.transmit, iccid)
        assert number(again) == after
