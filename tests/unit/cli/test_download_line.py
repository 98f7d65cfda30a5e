"""What `serve` prints about a download: one line, which a terminal shows growing."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fresh import pki_in
from support.served_log import Served

from euicc_sim import Card, Event
from euicc_sim.formats.saip.sample import iccid_of, sample
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import LpaError
from euicc_sim.parties.smdpp import Metadata, Order, Smdpp
from euicc_sim.tracing.journal import read
from euicc_sim.transport.vpcd import Control

SERVER = "AuthenticateServer: SM-DP+ 2.999.10 at smdp.example.com"
BEGIN = Event("AuthenticateServer", refused=False, text=SERVER, goes_on=True)
STEP = Event(
    "LoadBoundProfilePackage",
    refused=False,
    text="LoadBoundProfilePackage: load_profile_elements, byte 325",
    goes_on=True,
)
DONE = Event(
    "LoadBoundProfilePackage",
    refused=False,
    text="LoadBoundProfilePackage: Profile 8900101000000000100 from smdp.example.com, result 1",
)
FAILED = Event(
    "LoadBoundProfilePackage",
    refused=True,
    text="LoadBoundProfilePackage: LOAD_PROFILE_ELEMENTS: installFailedDueToPEProcessingError",
)
CANCELLED = Event("CancelSession", refused=False, text="CancelSession: 2.999.10, UNDEFINED_REASON")
EID = Event("GetEID", refused=False, text="GetEID: ok")
IMSI = "001010000000001"


@pytest.fixture
def piped(tmp_path: Path) -> Served:
    return Served(tmp_path)


@pytest.fixture
def terminal(tmp_path: Path) -> Served:
    return Served(tmp_path, terminal=True)


def test_on_a_terminal_a_download_is_one_line_that_grows(terminal: Served) -> None:
    terminal.hear(BEGIN)
    assert terminal.screen == [SERVER]
    terminal.hear(STEP, after=0.1)
    assert terminal.screen == [STEP.text]
    terminal.hear(DONE, after=0.1)
    assert terminal.screen == [DONE.text]
    terminal.hear(EID)
    assert terminal.screen == [DONE.text, EID.text]


def test_the_reason_of_a_refusal_takes_the_place_of_the_steps(terminal: Served) -> None:
    for one in (BEGIN, STEP, FAILED):
        terminal.hear(one, after=0.1)
    assert terminal.screen == [FAILED.text]


def test_what_comes_in_between_stays_where_it_is(terminal: Served) -> None:
    for one in (BEGIN, EID, STEP, DONE):
        terminal.hear(one, after=0.1)
    assert terminal.screen == [SERVER, EID.text, DONE.text]


def test_two_downloads_are_two_lines(terminal: Served) -> None:
    for one in (BEGIN, STEP, DONE, BEGIN, STEP, FAILED):
        terminal.hear(one, after=0.1)
    assert terminal.screen == [DONE.text, FAILED.text]


def test_steps_without_a_pause_cost_no_line(terminal: Served) -> None:
    for one in (BEGIN, STEP, STEP, DONE):
        terminal.hear(one, after=0.1, pause=False)
    assert terminal.raw == ""
    terminal.log.idle()
    assert terminal.screen == [DONE.text]


def test_in_a_file_it_is_one_line_at_its_end_without_control_characters(piped: Served) -> None:
    for one in (BEGIN, STEP, STEP):
        piped.hear(one, after=0.1)
    assert piped.raw == ""
    piped.hear(DONE, after=0.1)
    assert piped.printed == [DONE.text]
    assert "\x1b" not in piped.raw


def test_in_a_file_a_download_that_hangs_is_seen_after_two_seconds(piped: Served) -> None:
    piped.hear(BEGIN)
    piped.now += 2.1
    piped.log.idle()
    piped.log.idle()
    assert piped.printed == [SERVER]
    piped.hear(FAILED, after=5)
    assert piped.printed == [SERVER, FAILED.text]


def test_a_cancelled_download_says_whose_it_was(piped: Served) -> None:
    piped.hear(BEGIN)
    piped.hear(CANCELLED)
    assert piped.printed == [f"{SERVER}; {CANCELLED.text}"]


def test_a_refused_step_has_its_line_beside_that_of_the_server(piped: Served) -> None:
    refused = Event("PrepareDownload", refused=True, text="PrepareDownload: invalidSignature")
    piped.hear(BEGIN)
    piped.hear(refused)
    assert piped.printed == [f"{SERVER}; the download did not end", refused.text]


@pytest.mark.parametrize("how", ["reset", "again", "end"])
def test_a_download_that_is_left_says_so(piped: Served, how: str) -> None:
    piped.hear(BEGIN)
    if how == "reset":
        piped.log.powered(Control.RESET)
        piped.log.idle()
    elif how == "again":
        piped.hear(BEGIN)
    else:
        piped.log.end()
    assert piped.printed == [f"{SERVER}; the download did not end"]


def test_verbose_each_step_has_its_line(tmp_path: Path) -> None:
    served = Served(tmp_path, verbose=True)
    for one in (BEGIN, STEP, DONE):
        served.hear(one)
    assert [one for one in served.printed if ": " in one] == [SERVER, STEP.text, DONE.text]


def test_the_journal_has_every_step(piped: Served, tmp_path: Path) -> None:
    for one in (BEGIN, STEP, DONE):
        piped.hear(one)
    assert [one.text for one in read(tmp_path)] == [SERVER, STEP.text, DONE.text]


def test_a_card_s_download_is_one_line(card: Card, pki_folder: Path, tmp_path: Path) -> None:
    terminal, piped = Served(tmp_path / "t", terminal=True), Served(tmp_path / "p")

    def transmit(apdu: bytes) -> bytes:
        answer = card.transmit(apdu)
        for one in card.take_events():
            for served in (terminal, piped):
                served.hear(one)
        return answer

    metadata = Metadata(
        iccid=iccid_of(IMSI), service_provider_name="Test Operator", profile_name="Test"
    )
    order = Order(sample(IMSI), "test", metadata=metadata)
    server = Smdpp.of(pki_in(pki_folder), [order])
    lpa = Lpa(transmit)
    lpa.download(server, matching_id="test")
    done = (
        "LoadBoundProfilePackage: Profile 8900101000000000100 from testsmdpplus1.example.com, "
        "result 1"
    )
    assert terminal.screen[-1] == piped.printed[-1] == done
    assert [one for one in terminal.screen if one.startswith("LoadBound")] == [done]
    assert [one for one in piped.printed if one.startswith("LoadBound")] == [done]
    with pytest.raises(LpaError, match="installFailedDueToIccidAlreadyExistsOnEuicc"):
        lpa.download(Smdpp.of(pki_in(pki_folder), [order]), matching_id="test")
    reason = "Profile 8900101000000000100 is installed already"
    (line,) = [one for one in terminal.screen if reason in one]
    assert line in piped.printed
