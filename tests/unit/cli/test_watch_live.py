"""The live screen of `watch`: it fits, half of it is for events, and keys move it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from support.filled import filled

from euicc_sim.cli.console import Terminal
from euicc_sim.cli.watch import _KEYS, _NAMES
from euicc_sim.cli.watch_live import KEYS, Looking, events_in, live_screen
from euicc_sim.model.eim import Eim, KeyForm, PublicKeyData
from euicc_sim.model.identity import Identity
from euicc_sim.model.notification import PackageResult
from euicc_sim.model.profile import Profile
from euicc_sim.model.replacing import replace
from euicc_sim.model.state import State
from euicc_sim.tracing.journal import Entry
from euicc_sim.views.moment import Moment

SIZES = [(80, 24), (120, 40), (40, 12), (200, 60)]
MANY = [Entry(float(n), f"GetEID: {n}", "GetEID", refused=n % 10 == 0) for n in range(1, 101)]


IDENTITY = replace(filled(Identity), eid="89049032123451234512345678901235")
EIM = Eim("eim1.example.com", 5, PublicKeyData(KeyForm.KEY, b"key"), b"ci")
PROFILE = Profile(bytes(10), bytes(16), "Operator", "Name", b"ci", b"package")
RESULT = filled(PackageResult)
FULL = State(
    eims=tuple(replace(EIM, eim_id=f"eim{n}.example.com") for n in range(20)),
    profiles=tuple(replace(PROFILE, iccid=bytes(9) + bytes((n,))) for n in range(40)),
    results=tuple(replace(RESULT, seq_number=n, eim_id="eim1.example.com") for n in range(30)),
)


def moment(state: State = State(), entries: list[Entry] = MANY) -> Moment:
    return Moment(Path("card"), IDENTITY, state, 0.0, entries)


def drawn(one: Moment, looking: Looking, width: int = 80, height: int = 24) -> list[str]:
    out = Terminal(width=width, height=height, file=io.StringIO())
    out.print(live_screen(one, looking, width, height))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("is_full", [False, True], ids=["fresh", "full"])
def test_it_fits_and_half_of_it_is_for_events(width: int, height: int, is_full: bool) -> None:
    lines = drawn(moment(FULL if is_full else State()), Looking(), width, height)
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    events = [one for one in lines if "GetEID: " in one]
    assert len(events) >= height // 2 - 1
    assert events[-1].endswith("GetEID: 100")
    assert lines[-1].rstrip("…") in KEYS


def test_what_does_not_fit_is_counted() -> None:
    lines = drawn(moment(FULL), Looking())
    assert any("trusts 20 eIMs (first " in one for one in lines)
    assert any("40 Profiles (first " in one for one in lines)
    assert any("waiting: 30 results, 0 notifications (last " in one for one in lines)


def test_r_shows_refusals_only_and_all_again() -> None:
    looking = Looking()
    looking.press("r", 10)
    lines = [one for one in drawn(moment(), looking) if "GetEID: " in one]
    assert [one.split()[-1] for one in lines] == [str(n) for n in range(10, 101, 10)]
    looking.press("r", 10)
    assert not looking.refusals_only


def test_keys_scroll_no_further_than_the_ends() -> None:
    one, looking = moment(), Looking()
    page = events_in(24, one)
    looking.press("pageup", page)
    assert f"GetEID: {100 - page}" in drawn(one, looking)[-2]
    for _ in range(100):
        looking.press("pageup", page)
    lines = [line for line in drawn(one, looking) if "GetEID: " in line]
    assert lines[0].endswith("GetEID: 1")
    looking.press("down", page)
    assert next(line for line in drawn(one, looking) if "GetEID: " in line).endswith("GetEID: 2")
    looking.press("end", page)
    assert drawn(one, looking)[-2].endswith("GetEID: 100")


def test_a_screen_without_events_says_so() -> None:
    assert any("no events yet" in one for one in drawn(moment(entries=[]), Looking()))
    assert any("no refusals yet" in one for one in drawn(moment(entries=[]), Looking(0, True)))


def test_text_from_outside_is_harmless() -> None:
    rude = "\x1b[2J\x07evil"
    entries = [Entry(1.0, rude, "x")]
    state = replace(State(), profiles=(replace(PROFILE, name=rude, nickname=rude),))
    assert "\x1b" not in "".join(drawn(moment(state, entries), Looking()))


@pytest.mark.parametrize(
    ("pressed", "names"),
    [
        (b"q", ["q"]),
        (b"r\x1b[A\x1b[5~k", ["r", "up", "pageup", "up"]),
        (b"\x1bOB\x1b[F x", ["down", "end", "pagedown", ""]),
        (b"\x1b", [""]),
    ],
)
def test_keys_have_names(pressed: bytes, names: list[str]) -> None:
    assert [_NAMES.get(one, "") for one in _KEYS.findall(pressed)] == names
