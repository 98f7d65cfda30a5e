"""The page in headless Chromium, driven by Playwright; `serve --web` and `web` as processes."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which
from typing import IO, TYPE_CHECKING

import pytest
from support.fresh import fresh_card

from euicc_sim import Card
from euicc_sim.parties.eim import Eim, add_initial_eim
from euicc_sim.parties.messages import exchange, select_isdr

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = which("chromium")
pytest.importorskip("nicegui", reason="the page needs the extra web")
pytest.importorskip("playwright", reason="Playwright is not installed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to show the page in"),
]

DEADLINE_MS = 30_000
ONE = "eim1.example.com"
NAMED = "<img/src=x/onerror=document.title=1>"
TYPE_HALF_A_CHARACTER = r"""(field) => {
field.value = "a\ud83d"
field.dispatchEvent(new Event("input", {bubbles: true}))
}"""
HOSTILE = "<img src=x onerror=document.title='hacked'>{{ 7*7 }}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all tests of this module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


@contextmanager
def shown(
    *words: object, stderr: IO[str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a page that the command shows, and its process; it must end well."""
    command = [sys.executable, "-m", "euicc_sim", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            found = re.fullmatch(r"Page: (http://127\.0\.0\.1:\d+/\?token=\S+)\n", line)
            assert found, line
            yield found[1], process
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


@contextmanager
def opened(browser: Browser, address: str, first: str = "World") -> Iterator[Page]:
    """The page in a browser of its own, once it shows the text `first`.

    Nothing may go wrong in it, nor come from elsewhere.
    """
    troubles: list[str] = []
    with ExitStack() as stack:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        stack.callback(context.close)
        page = context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda one: troubles.append(one.url) if _is_foreign(one.url) else None)
        page.goto(address)
        page.get_by_text(first).first.wait_for()
        yield page
        assert troubles == []


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def go(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def see(page: Page, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def test_from_the_factory_to_a_replay_that_is_refused_and_why(
    browser: Browser, directory: Path, pki_folder: Path
) -> None:
    with (
        shown("web", directory, "--port", 0, "--pki", pki_folder) as (address, _),
        opened(browser, address) as page,
    ):
        see(page, "The card trusts nobody.")
        go(page, "Act")
        press(page, "Make an eIM")
        press(page, "AddInitialEim")
        see(page, f"the card trusts {ONE}, association token 1")
        press(page, "Sign")
        see(page, "signed, not sent yet")
        see(page, "eimSignature")
        press(page, "Send")
        see(page, f"trusts {ONE}")
        press(page, "Send it again")
        see(page, "refused, signed: replayError")
        see(page, "counter 1 is not above 1")
        go(page, "Card")
        see(page, "1 of 8,388,607")
        go(page, "Conversation")
        page.get_by_text("refusals only").click()
        page.get_by_role("cell", name="counter 1 is not above 1").first.click()
        see(page, "euiccPackageErrorCode")
        page.get_by_text("replayError").first.hover()
        marked = page.locator(".bytes .marked")
        marked.filter(has_text=re.compile("^02 ?01 ?04|0201 04")).first.wait_for()
    with Card.open(directory) as card:
        assert [(one.eim_id, one.counter) for one in card.state.eims] == [(ONE, 1)]


def test_a_profile_is_downloaded_and_switched_and_a_second_browser_sees_it(
    browser: Browser, directory: Path, pki_folder: Path
) -> None:
    with (
        shown("web", directory, "--port", 0, "--pki", pki_folder) as (address, _),
        opened(browser, address) as page,
        opened(browser, address) as second,
    ):
        go(page, "Act")
        press(page, "Download a test Profile")
        see(page, "Profile 8900101000000000100 is installed")
        press(page, "Enable")
        see(page, "Profile 8900101000000000100 is enabled")
        see(second, "Test 0001")
        see(second, "enabled")
        see(second, "001010000000001")


def test_a_switch_makes_the_card_difficult_at_once(browser: Browser, directory: Path) -> None:
    with (
        shown("web", directory, "--port", 0) as (address, _),
        opened(browser, address) as page,
    ):
        page.get_by_text("ES10 refused without an IPAd in TERMINAL CAPABILITY").click()
        go(page, "Act")
        press(page, "Make an eIM")
        press(page, "AddInitialEim")
        see(page, "6985")
    with Card.open(directory) as card:
        assert card.state.switches.ipad_required


def test_names_from_outside_are_text_and_nothing_else(browser: Browser, directory: Path) -> None:
    with Card.open(directory) as card:
        select_isdr(card.transmit)
        exchange(card.transmit, add_initial_eim(Eim.create(HOSTILE).configuration()))
    with (
        shown("web", directory, "--port", 0) as (address, _),
        opened(browser, address) as page,
    ):
        see(page, HOSTILE)
        go(page, "Act")
        page.get_by_label("eimId").fill(NAMED)
        press(page, "Make an eIM")
        see(page, f"eIM {NAMED} is made")
        press(page, "Sign")
        see(page, "signed, not sent yet")
        go(page, "Conversation")
        page.wait_for_timeout(200)
        assert page.title() == "euicc-sim"


def test_a_refused_sign_forgets_the_package_before(browser: Browser, directory: Path) -> None:
    with (
        shown("web", directory, "--port", 0) as (address, _),
        opened(browser, address) as page,
    ):
        go(page, "Act")
        press(page, "Make an eIM")
        press(page, "AddInitialEim")
        see(page, f"the card trusts {ONE}")
        press(page, "Sign")
        see(page, "signed, not sent yet")
        page.get_by_label("operations, separated by spaces").fill("deleteEim")
        press(page, "Sign")
        see(page, "deleteEim is incomplete")
        assert page.get_by_role("button", name="Send", exact=True).is_disabled()


def test_a_story_is_played_by_the_space_bar(browser: Browser) -> None:
    with shown("web", "--port", 0) as (address, _), opened(browser, address) as page:
        page.get_by_text("The space bar plays the next step.").wait_for()
        page.keyboard.press("Space")
        see(page, "1. The factory adds the first eIM with an unsigned request")
        page.locator(".seq .number", has_text="1.2").wait_for()
        page.keyboard.press("Space")
        see(page, "2. A person gives eim1.example.com an order")
        page.locator(".steps").get_by_text("1. The factory adds the first eIM").click()
        see(page, "BF57")


def test_each_arrow_of_a_story_opens_its_message(browser: Browser) -> None:
    with shown("web", "--port", 0) as (address, _), opened(browser, address) as page:
        for number in range(1, 4):
            page.keyboard.press("Space")
            page.locator(".steps").get_by_text(re.compile(rf"^{number}\. ")).wait_for()
        messages = page.locator(".messages")
        page.locator(".line", has_text=re.compile("^3.7 ?IPA")).click()
        messages.get_by_text("AuthenticateServerRequest").wait_for()
        page.locator(".seq .number", has_text=re.compile("^3.8$")).click()
        messages.get_by_text("AuthenticateServerResponse").wait_for()
        assert page.locator(".seq .chosen .number").all_inner_texts() == ["3.8"]
        page.locator(".line", has_text=re.compile("^2.1")).click()
        messages.get_by_text("order 1 (download:Home)").wait_for()


def test_the_parties_stay_in_sight_while_the_diagram_scrolls(browser: Browser) -> None:
    with shown("web", "--port", 0) as (address, _), opened(browser, address) as page:
        for number in range(1, 6):
            page.keyboard.press("Space")
            page.locator(".steps").get_by_text(re.compile(rf"^{number}\. ")).wait_for()
        diagram = page.locator(".diagram")
        for where in (0, 700):
            diagram.evaluate(f"one => one.scrollTo(0, {where})")
            page.wait_for_function(
                f"document.querySelector('.diagram').scrollTop == {where}", timeout=DEADLINE_MS
            )
            top = diagram.bounding_box()
            head = page.locator(".seq .head").bounding_box()
            assert top
            assert head
            assert head["y"] == pytest.approx(top["y"], abs=1)
        names = page.locator(".seq .party").all_inner_texts()
        assert names == ["person", "eIM 1", "eIM 2", "SM-DP+", "IPA", "card"]


def test_a_replay_in_the_story_of_a_list_is_drawn_with_the_card_s_reason(browser: Browser) -> None:
    with shown("web", "--port", 0) as (address, _), opened(browser, address) as page:
        page.locator(".story").click()
        page.get_by_role("option", name="A contact list").click()
        press(page, "Begin")
        for number in range(2, 7):
            press(page, "Next step")
            page.locator(".steps").get_by_text(re.compile(rf"^{number}\. ")).wait_for()
        see(page, "The card: package refused: counter 1 is not above 1")
        assert page.locator(".seq .party").all_inner_texts() == [
            "person",
            "stranger",
            "eIM 1",
            "eIM 2",
            "card",
        ]
        page.locator(".seq .refused .number", has_text="6.2").click()
        page.locator(".messages").get_by_text("replayError").first.wait_for()


def test_half_a_character_in_a_field_is_replaced_and_nothing_is_printed(
    browser: Browser, directory: Path, tmp_path: Path
) -> None:
    with (
        open(tmp_path / "printed", "w") as printed,
        shown("web", directory, "--port", 0, stderr=printed) as (address, _),
        opened(browser, address) as page,
    ):
        go(page, "Act")
        page.get_by_label("eimId").evaluate(TYPE_HALF_A_CHARACTER)
        press(page, "Make an eIM")
        see(page, "eIM a\ufffd is made")
    assert (tmp_path / "printed").read_text() == ""


def test_a_recorded_trace_is_shown_in_the_same_view(browser: Browser, directory: Path) -> None:
    trace = directory.parent / "x.pcapng"
    script = directory.parent / "x.apdu"
    script.write_text(
        "00A4040010A0000005591010FFFFFFFF890000010000\n80E2910006BF3E035C015A\n00C0000015\n"
    )
    run = [sys.executable, "-m", "euicc_sim", "apdu", "run", str(script)]
    subprocess.run([*run, "--card", str(directory), "--trace", str(trace)], check=True)
    with (
        shown("web", "--port", 0, "--trace", trace) as (address, _),
        opened(browser, address, first="refusals only") as page,
    ):
        page.get_by_role("cell", name="GetEID").click()
        see(page, "eidValue")


def test_a_card_of_another_process_is_watched(browser: Browser, directory: Path) -> None:
    with (
        Card.open(directory),
        shown("web", directory, "--port", 0) as (address, _),
        opened(browser, address) as page,
    ):
        go(page, "Act")
        see(page, "A different process has this card open, and not in a reader")
        go(page, "Card")
        see(page, "A different process serves this card")


def test_serve_shows_the_page_of_the_cards_that_it_serves(
    browser: Browser, directory: Path
) -> None:
    with shown("serve", directory, "--web", "--tcp", 0) as (address, process):
        assert process.stdout
        found = re.search(r" at 127\.0\.0\.1:(\d+), over TCP$", process.stdout.readline().strip())
        assert found
        with socket.create_connection(("127.0.0.1", int(found[1]))) as client:
            client.sendall(bytes.fromhex("0005 80E2000000"))
            client.recv(100)
        with opened(browser, address) as page:
            go(page, "Conversation")
            page.get_by_role("cell", name="STORE DATA").first.wait_for()
