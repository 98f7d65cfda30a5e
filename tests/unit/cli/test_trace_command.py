"""`--trace` and its kin, and `euicc-sim trace` as a person types it."""

import json
import socket
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
import typer
from support.hexes import hx
from support.traces import trace_of_a_download
from typer.testing import CliRunner, Result

from euicc_sim import Card
from euicc_sim.cli import apdu
from euicc_sim.cli.trace import trace
from euicc_sim.cli.tracing import TraceOptions, traced
from euicc_sim.crypto.bsp import Bsp
from euicc_sim.es10.registry import FUNCTIONS
from euicc_sim.parties.messages import StatusWordError, exchange, select_isdr
from euicc_sim.tracing.gsmtap import Kind, Message, read
from euicc_sim.tracing.pcapng import TraceFile, datagrams

app = typer.Typer()
app.command()(trace)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.apdu"
    path.write_text(
        "reset\n00A4040010A0000005591010FFFFFFFF8900000100\n00C0000000\n"
        "80E2910006BF3E035C015A\n00C0000015\n80E2910003BF6600\n"
    )
    return path


@pytest.fixture
def directory(card: Card) -> str:
    """A card that nobody has open."""
    card.close()
    return str(card.directory)


def shown(path: Path, *options: str) -> list[str]:
    """What is printed, without the times."""
    result = CliRunner().invoke(app, [str(path), *options])
    assert result.exit_code == 0, result.output
    return [line[13:] if line[2:3] == ":" else line for line in result.stdout.splitlines()]


def complaint(result: Result) -> str:
    """The one sentence that a refusal is."""
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    return line.removeprefix("euicc-sim: ")


def run(script: Path, *options: str) -> Result:
    return CliRunner().invoke(apdu.app, ["run", str(script), *options])


def test_a_script_is_traced_and_its_trace_printed(
    script: Path, directory: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.pcapng"
    assert run(script, "--card", directory, "--trace", str(path)).exit_code == 0
    assert shown(path) == [
        "reset  ATR 3B9F96803FC7828031E073FE211B6753494D4555303134",
        "SELECT ISD-R A0000005591010FFFFFFFF8900000100  32 bytes  9000 ok",
        "  FCI                                      6F       30",
        "    dfName                                 84       16  A0000005591010FFFFFFFF8900000100",
        "    proprietaryData                        A5        4",
        "      maximumLengthOfDataField             9F65      1  FF",
        "    isdrProprietaryApplicationTemplateIoT  E1        4",
        "      euiccConfiguration                   80        2  (none)",
        "GetEID  9000 ok",
        "  GetEuiccDataRequest  BF3E      3",
        "    tagList            5C        1  5A",
        "  GetEuiccDataResponse  BF3E     18",
        "    eidValue            5A       16  89049032123451234512345678901235",
        "ES10 BF66  6A88 referenced data not found",
        "  ?  BF66      0",
    ]


def test_verbose_shows_every_byte(script: Path, directory: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    run(script, "--card", directory, "--trace", str(path))
    lines = shown(path, "-v")
    assert "  > 80E2910006BF3E035C015A" in lines
    assert "  < BF3E125A10890490321234512345123456789012359000" in lines


def test_messages_go_to_a_socket_too(script: Path, directory: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        port = listener.getsockname()[1]
        assert run(script, "--card", directory, "--gsmtap", f"127.0.0.1:{port}").exit_code == 0
        first, second = read(listener.recv(1000)), read(listener.recv(1000))
    assert first == Message(Kind.ATR, hx("3B9F96803FC7828031E073FE211B6753494D4555303134"))
    assert second is not None
    assert second.body == hx("00A4040010A0000005591010FFFFFFFF8900000100 6120")


def test_another_machine_is_refused_before_anything_is_sent(script: Path, directory: str) -> None:
    result = run(script, "--card", directory, "--gsmtap", "192.0.2.1:4729")
    assert result.stdout == ""
    assert "is not this machine" in complaint(result)


def test_keys_need_a_trace_and_a_card_directory(
    script: Path, directory: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "give --trace FILE" in complaint(run(script, "--card", directory, "--trace-keys"))
    monkeypatch.setattr(apdu, "open_link", lambda _card, _reader: nullcontext(object()))
    options = ("--trace", str(tmp_path / "x.pcapng"), "--trace-keys")
    assert "--trace-keys needs --card DIR" in complaint(run(script, *options))


def test_a_download_is_shown_as_trees_and_named_pieces(
    card: Card, pki_folder: Path, tmp_path: Path
) -> None:
    lines = shown(trace_of_a_download(card, pki_folder, tmp_path / "x.pcapng"))
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads[:2] == [
        "reset  ATR 3B9F96803FC7828031E073FE211B6753494D4555303134",
        "SELECT ISD-R A0000005591010FFFFFFFF8900000100  32 bytes  9000 ok",
    ]
    assert heads[2:6] == [
        "GetEUICCChallenge  9000 ok",
        "GetEUICCInfo1  9000 ok",
        "AuthenticateServer in 4 blocks  9000 ok",
        "PrepareDownload in 3 blocks  9000 ok",
    ]
    pieces = [line.removeprefix("LoadBoundProfilePackage ") for line in heads[6:]]
    assert pieces[0].startswith("BF36, BF23 (178); ")
    assert [one.split(" ")[0] for one in pieces[1:]] == ["A0", "A1", "88", "A2", "A3", "86"]
    assert any(line.split()[:2] == ["ProfileInstallationResult", "BF37"] for line in lines)


def test_a_trace_has_no_keys_unless_requested(card: Card, pki_folder: Path, tmp_path: Path) -> None:
    trace_of_a_download(card, pki_folder, tmp_path / "x.pcapng")
    assert [one.name for one in tmp_path.glob("x.*")] == ["x.pcapng"]
    assert card.on_keys is None


def test_requested_keys_are_those_of_the_download_in_the_trace(
    card: Card, pki_folder: Path, tmp_path: Path
) -> None:
    path = trace_of_a_download(card, pki_folder, tmp_path / "x.pcapng", keys=True)
    found = json.loads((tmp_path / "x.pcapng.keys.json").read_text())["downloads"]
    ((agreed, replaced),) = found.values()
    assert (agreed["from"], replaced["from"]) == ("InitialiseSecureChannel", "ReplaceSessionKeys")
    chaining, s_enc, s_mac = (hx(agreed[name]) for name in ("macChainingValue", "sEnc", "sMac"))
    assert Bsp(chaining, s_enc, s_mac).unprotect(first_segment(path))[:2] == hx("BF24")
    assert not any(one in path.read_bytes() for one in (chaining, s_enc, s_mac))


def first_segment(path: Path) -> bytes:
    """The first protected object of a package: 87, in A0."""
    bodies = [one.body for _, payload in datagrams(path) if (one := read(payload))]
    return next(one[7:-2] for one in bodies if one[:4] == hx("80E29100") and one[5] == 0xA0)


def test_several_cards_are_numbered(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "x.pcapng")
    for slot in (0, 1, 0):
        file.write(1.0, bytes(Message(Kind.APDU, hx("01700001 00 9000"), slot)))
    file.close()
    assert shown(tmp_path / "x.pcapng") == [
        "channel 1: MANAGE CHANNEL 0001  9000 ok",
        "card 2: channel 1: MANAGE CHANNEL 0001  9000 ok",
        "card 1: channel 1: MANAGE CHANNEL 0001  9000 ok",
    ]


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("00B000000A 6C05", "READ BINARY 0000  6C05 Le should be 5"),
        ("00A40004022F00 6119", "SELECT EF.DIR 2F00  6119 25 bytes not fetched"),
        ("0020000100 63C2", "VERIFY PIN PIN1  63C2 2 tries left"),
        (
            "8010000000 910B",
            "TERMINAL PROFILE 0000  910B ok, proactive command of 11 bytes pending",
        ),
        ("0001000000 6982", "INS 01 0000  6982"),
        ("80E2910000 6700", "STORE DATA  6700 wrong length"),
        ("80E2910001 00 6A80", "STORE DATA  6A80 wrong data"),
        ("80D6000020" + "AA" * 32 + "9000", f"UPDATE BINARY {'AA' * 24}… (32 bytes)  9000 ok"),
        ("FF 6E00", "INS 00  6E00 class not supported"),
    ],
)
def test_other_commands_are_one_line_with_the_meaning_of_the_status_word(
    tmp_path: Path, row: str, line: str
) -> None:
    file = TraceFile(tmp_path / "x.pcapng")
    file.write(1.0, bytes(Message(Kind.APDU, hx(row))))
    file.close()
    assert shown(tmp_path / "x.pcapng")[0].startswith(line)


USIM_AID = "A0000000871002FF49FF0589"
IN_A_SIM = [
    ("00A40400023F00 6A82", "SELECT 3F00  6A82"),
    ("00A40004022F00 6119", "SELECT EF.DIR 2F00"),
    (f"00A404000C{USIM_AID} 9000", f"SELECT ADF.USIM {USIM_AID}"),
    ("00A40004026F07 9000", "SELECT EF.IMSI 6F07"),
    ("00B0000009 080910101032540636 9000", "READ BINARY EF.IMSI"),
    ("00B0860002 0001 9000", "READ BINARY EF.ACC"),
    ("00A40004026F99 6A82", "SELECT 6F99"),
    ("00D6000002 FFFF 9000", "UPDATE BINARY EF.ACC FFFF"),
    ("00A40004025FC0 9000", "SELECT DF.5GS 5FC0"),
    ("00A40004024F07 9000", "SELECT EF.SUCI-CALC-INFO 4F07"),
    ("00A40804067FFF5FC04F0A 9000", "SELECT ADF.USIM/DF.5GS/EF.ROUTING-INDICATOR 7FFF5FC04F0A"),
    ("00A40804047FFF6F42 9000", "SELECT ADF.USIM/EF.SMSP 7FFF6F42"),
    ("00B2010426 00 9000", "READ RECORD EF.SMSP record 1"),
    ("0020000108 3030303000000000 9000", "VERIFY PIN PIN1  9000 ok"),
    ("0088008122 10 9862", "AUTHENTICATE ADF.USIM"),
    ("0088008100 DB08 9000", "AUTHENTICATE ADF.USIM authenticated"),
    ("0088008100 DC0E 9000", "AUTHENTICATE ADF.USIM AUTS: the sequence number is not accepted"),
    ("00A4000C023F00 9000", "SELECT MF 3F00"),
]


def test_files_and_pins_of_a_sim_are_followed_by_their_names(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "x.pcapng")
    for row, _ in IN_A_SIM:
        file.write(1.0, bytes(Message(Kind.APDU, hx(row))))
    file.close()
    for line, (_, expected) in zip(shown(tmp_path / "x.pcapng"), IN_A_SIM, strict=True):
        assert line.startswith(expected)


def test_a_reset_begins_at_the_mf_again(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "x.pcapng")
    file.write(1.0, bytes(Message(Kind.APDU, hx(f"00A404000C{USIM_AID} 9000"))))
    file.write(1.0, bytes(Message(Kind.ATR, hx("3B00"))))
    file.write(1.0, bytes(Message(Kind.APDU, hx("00A40004022F00 9000"))))
    file.write(1.0, bytes(Message(Kind.APDU, hx("00A40004026F07 6A82"))))
    file.close()
    assert shown(tmp_path / "x.pcapng")[2:] == [
        "SELECT EF.DIR 2F00  9000 ok",
        "SELECT 6F07  6A82 not found",
    ]


def test_pins_in_a_trace_of_others_are_not_printed(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "x.pcapng")
    file.write(1.0, bytes(Message(Kind.APDU, hx("00200001083131313100000000 9000"))))
    file.close()
    result = CliRunner().invoke(app, ["-v", str(tmp_path / "x.pcapng")])
    assert "0020000108FFFFFFFFFFFFFFFF" in result.output
    assert "31313131" not in result.output


def test_a_trace_without_a_sim_is_reported(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "x.pcapng")
    file.write(1.0, b"something else")
    file.close()
    result = CliRunner().invoke(app, [str(tmp_path / "x.pcapng")])
    assert complaint(result).endswith("has no GSMTAP messages of a SIM; give a different trace.")


def test_a_file_that_is_not_a_trace_is_reported(script: Path) -> None:
    assert "is not a pcapng or pcap file" in complaint(CliRunner().invoke(app, [str(script)]))


@pytest.mark.parametrize("tag", sorted(FUNCTIONS))
def test_a_function_has_the_name_that_the_card_s_events_give_it(
    card: Card, tmp_path: Path, tag: int
) -> None:
    """BF3E with 5C015A is GetEID in both, not GetEuiccData in one of them."""
    path = tmp_path / "x.pcapng"
    body = bytes.fromhex("035C015A" if tag == 0xBF3E else "00")
    with traced(card, TraceOptions(path, None, anywhere=False, keys=False)) as link:
        select_isdr(link.transmit)
        card.take_events()
        with suppress(StatusWordError):
            exchange(link.transmit, tag.to_bytes(2) + body)
    (event,) = card.take_events()
    (head,) = (line for line in shown(path)[1:] if not line.startswith((" ", "SELECT")))
    on_this_card = event.name != "ES10"
    assert event.name in {FUNCTIONS[tag].name, "ES10"}
    assert head.startswith(f"{FUNCTIONS[tag].name} ")
    assert on_this_card or FUNCTIONS[tag].versions.until
