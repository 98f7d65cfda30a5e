"""`euicc-sim smdpp`: activation codes, and a server that a real client downloads from."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import fields
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.bsp import BSP
from support.fresh import fresh_card
from support.hexes import hx
from support.web import served

from euicc_sim import Card
from euicc_sim.cli.main import main
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.lpa.lpa import Lpa, download_over_es9
from euicc_sim.parties.messages.activation_code import ActivationCode
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.smdpp import OrderState, made_up_package
from euicc_sim.servers.es9_app import PATH
from euicc_sim.servers.package_folder import Sidecar
from keys import Curve, TestPki

DEADLINE = 120.0
ICCID = "89000123456789012341"
BLUE = "89001234567890123456"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "packages"
    found.mkdir()
    (found / "RED-1.der").write_bytes(hx(BSP["upp"]))
    (found / "RED-1.toml").write_text("confirmation_code = 'Secret-1'\nsingle_use = true")
    (found / "blue_2.der").write_bytes(made_up_package(BLUE, "Blue"))
    return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim smdpp`: exit code, standard output, standard error."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["euicc-sim", "smdpp", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        assert isinstance(code, int)
        return code, *capsys.readouterr()

    return run


class Served:
    """`euicc-sim smdpp serve` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.until("notification process")

    def until(self, words: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if words in line:
                return self.lines[-1]
        raise AssertionError(self.lines)

    @property
    def port(self) -> int:
        found = re.search(r"listens at https?://127\.0\.0\.1:(\d+)", self.lines[0])
        assert found is not None
        return int(found[1])

    def end(self, number: int = signal.SIGTERM) -> list[str]:
        """Everything that it said, without times."""
        self.process.send_signal(number)
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        assert self.process.wait(DEADLINE) == 0
        return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in self.lines]


@contextmanager
def serving(*words: object) -> Iterator[Served]:
    command = [sys.executable, "-u", "-m", "euicc_sim", "smdpp", "serve", *map(str, words)]
    with subprocess.Popen(
        [*command, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Served(process)
        finally:
            process.kill()


def trust(pki_folder: Path) -> list[bytes]:
    branch = TestPki.load(pki_folder).branch(Curve.NIST)
    return [branch.ci.certificate.public_bytes(Encoding.DER)]


# -- codes


def test_codes_are_listed_with_what_is_to_be_known(run: Run, folder: Path) -> None:
    code, out, err = run("codes", folder)
    assert (code, err) == (0, "")
    red, blue = out.splitlines()
    assert red.startswith(f"LPA:1$localhost:8443$RED-1$$1  ICCID {ICCID}, ")
    assert red.endswith(", with a confirmation code, once")
    assert blue == f"LPA:1$localhost:8443$blue_2    ICCID {BLUE}, Blue"


def test_codes_have_the_address_that_is_given(run: Run, folder: Path) -> None:
    assert run("codes", folder, "--address", "smdp.example.com")[1].startswith(
        "LPA:1$smdp.example.com$RED-1$$1  "
    )


def test_codes_say_which_orders_are_over(run: Run, folder: Path) -> None:
    (folder / "orders.json").write_text(
        '{"schema": 1, "orders": {"RED-1": {"state": "installed", "wrongCodes": 0}}}'
    )
    assert "once, installed: no longer available\n" in run("codes", folder)[1]


def test_codes_say_how_far_each_order_is(run: Run, folder: Path) -> None:
    (folder / "RED-1.toml").write_text("state = 'available'\nprofile_type = 'Test'")
    (folder / "blue_2.toml").write_text(
        "state = 'confirmed'\ntries = 3\nexpires = 2026-12-31\neligible = false"
    )
    red, blue = run("codes", folder)[1].splitlines()
    assert red.startswith("RED-1  ")
    assert red.endswith(", type Test, available: not released")
    assert blue == (
        f"LPA:1$localhost:8443$blue_2  ICCID {BLUE}, Blue, until 2026-12-31 00:00 UTC, "
        "0 of 3 tries, for no card, confirmed: not released"
    )


def test_a_confirmation_code_is_not_listed(run: Run, folder: Path) -> None:
    assert "Secret-1" not in run("codes", folder)[1]


# -- serve


@pytest.mark.slow
def test_a_profile_is_downloaded_over_tls(folder: Path, pki_folder: Path, card: Card) -> None:
    lpa, known = Lpa(card.transmit), trust(pki_folder)
    with serving(folder, "--pki", pki_folder) as server:
        address = f"localhost:{server.port}"
        code = ActivationCode.parse(f"LPA:1${address}$RED-1$$1")
        assert any(line.startswith(f"{code}  ICCID {ICCID}") for line in server.lines)
        with pytest.raises(LpaError, match="2 tries are left"):
            download_over_es9(lpa, code, trust=known, confirmation_code="wrong")
        done = download_over_es9(lpa, code, trust=known, confirmation_code="Secret-1")
        assert done.iccid == ICCID
        lpa.enable(ICCID)
        with Es9Client(f"https://{address}", trust=known) as client:
            assert len(lpa.process_notifications(client)) == 2
        with pytest.raises(LpaError, match="No order waits"):
            download_over_es9(lpa, code, trust=known, confirmation_code="Secret-1")
        said = server.end()
    assert (
        f"HandleNotification: EID {card.eid}, ICCID {ICCID}, install, installed, number 1" in said
    )
    assert f"HandleNotification: EID {card.eid}, ICCID {ICCID}, enable, number 2" in said
    assert "Secret-1" not in "".join(said)
    assert "PRIVATE" not in "".join(said)


@pytest.mark.slow
def test_an_order_that_is_over_stays_so_after_a_restart(
    folder: Path, pki_folder: Path, card: Card
) -> None:
    lpa, known = Lpa(card.transmit), trust(pki_folder)
    with serving(folder, "--pki", pki_folder) as server:
        code = ActivationCode(f"localhost:{server.port}", "RED-1")
        done = download_over_es9(lpa, code, trust=known, confirmation_code="Secret-1")
        with Es9Client(f"https://{code.address}", trust=known) as client:
            client.handle_notification(done.result)
        server.end(signal.SIGINT)
    with serving(folder, "--pki", pki_folder) as server:
        assert "once, installed: no longer available" in "\n".join(server.lines)
        code = ActivationCode(f"localhost:{server.port}", "RED-1")
        with pytest.raises(LpaError, match="No order waits"):
            download_over_es9(lpa, code, trust=known, confirmation_code="Secret-1")


@pytest.mark.slow
def test_it_says_which_ci_and_how_to_download(folder: Path, pki_folder: Path) -> None:
    with serving(folder, "--pki", pki_folder, "--address", "testsmdpplus1.example.com") as server:
        said = server.end()
    pki = TestPki.load(pki_folder)
    port = server.port
    assert said == [
        f"SM-DP+ testsmdpplus1.example.com listens at https://127.0.0.1:{port}",
        *(
            f"CI {one.ci.ci_pk_id.hex().upper()} ({one.curve.value}) "
            f"{pki_folder}/CertificateIssuer/CERT_CI_ECDSA_{one.curve.value}.der"
            for one in pki.branches
        ),
        *said[3:5],
        "Try:",
        "  LPAC_APDU=pcsc LPAC_HTTP=curl lpac profile download "
        "-a 'LPA:1$testsmdpplus1.example.com$RED-1$$1' -c CODE",
        "  LPAC_APDU=pcsc LPAC_HTTP=curl lpac notification process -a -r",
    ]


@pytest.mark.slow
def test_a_matching_id_that_lpac_takes_from_no_code_is_given_apart(
    folder: Path, pki_folder: Path
) -> None:
    (folder / "RED-1.der").unlink()
    with serving(folder, "--pki", pki_folder, "--curve", "nist", "--no-tls") as server:
        address = f"localhost:{server.port}"
        assert (
            f"  LPAC_APDU=pcsc LPAC_HTTP=curl lpac profile download -s {address} -m 'blue_2'"
            in (server.lines)
        )
        assert not any("(BRP)" in line for line in server.lines)
        answer = httpx.post(f"http://127.0.0.1:{server.port}{PATH}cancelSession", content=b"{")
        assert answer.json()["header"]["functionExecutionStatus"]["status"] == "Failed"
        said = server.end()
    assert said[-1].startswith("CancelSession: refused 1/2.1: The body is not JSON: ")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.5", "2.7"])
def test_a_card_of_a_version_that_is_not_wanted_is_refused(
    tmp_path: Path, folder: Path, pki_folder: Path, version: str
) -> None:
    wanted = ("--lowest-svn", "2.6", "--highest-svn", "2.6.1", "--no-tls")
    directory = fresh_card(tmp_path / "card", pki_folder, sgp22=version)
    with serving(folder, "--pki", pki_folder, *wanted) as server:
        with (
            Card.open(directory, fsync=False) as card,
            Es9Client(f"http://localhost:{server.port}") as es9,
            pytest.raises(LpaError) as caught,
        ):
            Lpa(card.transmit).download(es9, matching_id="blue_2")
        server.end()
    assert caught.value.code == "8.8.3/3.1"
    said = f"The card is of SGP.22 v{version}.0, and this SM-DP+ is for v2.6.0 to v2.6.1."
    assert said in str(caught.value)


@pytest.mark.slow
def test_what_others_send_cannot_move_the_terminal(folder: Path, pki_folder: Path) -> None:
    with serving(folder, "--pki", pki_folder, "--no-tls") as server:
        httpx.post(
            f"http://127.0.0.1:{server.port}{PATH}initiateAuthentication",
            json={"smdpAddress": "\x1b[2J\n08:00:00 fine", "euiccChallenge": "", "euiccInfo1": ""},
        )
        said = server.end()
    assert "\x1b" not in "".join(said)
    assert said[-1].startswith("InitiateAuthentication: refused 8.8.1/3.8: ")


@pytest.mark.slow
def test_a_damaged_order_is_told_and_the_server_goes_on(
    folder: Path, pki_folder: Path, card: Card
) -> None:
    lpa, known = Lpa(card.transmit), trust(pki_folder)
    with serving(folder, "--pki", pki_folder) as server:
        code = ActivationCode(f"localhost:{server.port}", "RED-1")
        with closing(sqlite3.connect(folder / "orders.db")) as database:
            database.execute("ALTER TABLE orders ADD COLUMN good")
            database.execute("UPDATE orders SET good = document, document = '{}'")
            database.commit()
            with pytest.raises(LpaError, match=r"has an order that cannot be.* \(8\.8/5\.1\)"):
                download_over_es9(lpa, code, trust=known, confirmation_code="Secret-1")
            database.execute("UPDATE orders SET document = good")
            database.commit()
        download_over_es9(lpa, code, trust=known, confirmation_code="Secret-1")
        said = server.end()
    assert any("refused 8.8/5.1" in line for line in said)


@contextmanager
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An operator's server: its URL, and what it was told."""
    heard: list[dict[str, Any]] = []

    async def answer(request: Request) -> Response:
        heard.append(json.loads(await request.body()))
        return Response(status_code=204)

    path = "/gsma/rsp2/es2plus/handleDownloadProgressInfo"
    with served(Starlette(routes=[Route(path, answer, methods=["POST"])])) as port:
        yield f"http://127.0.0.1:{port}", heard


@pytest.mark.slow
def test_an_operator_orders_and_a_card_downloads(
    run: Run, folder: Path, pki_folder: Path, card: Card
) -> None:
    (folder / "RED-1.toml").write_text("state = 'available'\nprofile_type = 'Test'")
    lpa, known = Lpa(card.transmit), trust(pki_folder)
    token = folder / "orders.token"
    with (
        told() as (operator, heard),
        serving(folder, "--pki", pki_folder, "--es2plus", 0, "--operator", operator) as server,
    ):
        found = re.fullmatch(
            r"Operators order at (https://127\.0\.0\.1:\d+) \(ES2\+\), "
            + re.escape(f"with the token in {token}"),
            server.lines[1],
        )
        assert found is not None
        ordering: tuple[object, ...]
        ordering = ("order", found[1].replace("127.0.0.1", "localhost"), "--pki", pki_folder)
        assert "The token for orders is missing" in complaint(run(*ordering, "--type", "Test"))
        ordering = (*ordering, "--token", token)
        placed = run(*ordering, "--type", "Test", "--eid", card.eid, "--keep", "--code", "77")
        text = re.escape(f"LPA:1$localhost:{server.port}$") + r"([A-Z2-7]{16})\$\$1  ICCID "
        printed = re.fullmatch(f"{text}{ICCID}, confirmed\n", placed[1])
        assert printed is not None
        code = ActivationCode(f"localhost:{server.port}", printed[1])
        with pytest.raises(LpaError, match=r"is not released.*8\.2/1\.2"):
            download_over_es9(lpa, code, trust=known)
        server.end()
    assert [one["notificationPointId"] for one in heard] == [1]
    with serving(folder, "--pki", pki_folder, "--es2plus", 0) as server:
        found = re.search(r"https://127\.0\.0\.1:\d+", server.lines[1])
        assert found is not None
        ordering = ("order", found[0].replace("127.0.0.1", "localhost"), "--pki", pki_folder)
        ordering = (*ordering, "--token", token, "--iccid", ICCID)
        assert run(*ordering, "--release") == (0, f"ICCID {ICCID} is released.\n", "")
        code = ActivationCode(f"localhost:{server.port}", printed[1])
        done = download_over_es9(lpa, code, trust=known, confirmation_code="77")
        assert done.iccid == ICCID
        assert "is downloaded: there is no order to cancel" in complaint(run(*ordering, "--cancel"))
        said = server.end()
    assert f"ReleaseProfile: euicc-sim, ICCID {ICCID} released" in said


@pytest.mark.slow
def test_an_operator_shows_a_certificate(run: Run, folder: Path, pki_folder: Path) -> None:
    (folder / "RED-1.toml").write_text("state = 'available'")
    own = TestPki.load(pki_folder).branch(Curve.NIST).ci.issue_dp_tls("op.example.com")
    pem, ca = folder.parent / "op.pem", folder.parent / "op.der"
    key = own.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(key + own.certificate.public_bytes(Encoding.PEM))
    ca.write_bytes(own.der)
    words = (folder, "--pki", pki_folder, "--es2plus", 0, "--operator-ca", ca)
    with serving(*words) as server:
        found = re.search(r"https://127\.0\.0\.1:\d+", server.lines[1])
        assert found is not None
        assert server.lines[1].endswith("(ES2+), with a certificate")
        url = found[0].replace("127.0.0.1", "localhost")
        asked = ("order", url, "--pki", pki_folder, "--iccid", ICCID)
        assert "does not answer" in complaint(run(*asked))
        code, out, _ = run(*asked, "--certificate", pem)
        assert (code, out.endswith(f"ICCID {ICCID}, released\n")) == (0, True)
    assert not (folder / "orders.token").exists()
    assert "cannot be used for HTTPS" in complaint(run(*asked, "--certificate", ca))


def test_what_to_release_or_cancel_must_be_said(run: Run) -> None:
    url = "https://localhost:1"
    assert "Which Profile? Add --iccid ICCID to --cancel" in complaint(
        run("order", url, "--cancel")
    )
    assert "two commands" in complaint(run("order", url, "--iccid", ICCID, "--cancel", "--release"))
    assert "does not answer" in complaint(run("order", "http://127.0.0.1:1", "--type", "x"))
    assert "none cannot be used" in complaint(run("order", url, "--token", "none"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--operator-ca", "x"), "--operator-ca is for ES2+. Name its port"),
        (("--es2plus", 0, "--operator-ca", "x", "--no-tls"), "--operator-ca needs HTTPS"),
        (
            ("--lowest-svn", "2"),
            "'2' is not a version of SGP.22; write numbers up to 255, such as 2.5.0.",
        ),
        (
            ("--lowest-svn", "2.7", "--highest-svn", "2.6.1"),
            "no card has an svn from 2.7 to 2.6.1; exchange the two.",
        ),
        (("--es2plus", 0, "--operator-ca", "none.pem"), "none.pem cannot be read"),
    ],
)
def test_who_may_order_must_make_sense(
    run: Run, folder: Path, pki_folder: Path, words: tuple[object, ...], sentence: str
) -> None:
    found = complaint(run("serve", folder, "--pki", pki_folder, "--port", 0, *words))
    assert sentence in found


# -- what a person can mend


def complaint(ran: tuple[int, str, str]) -> str:
    code, out, err = ran
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("euicc-sim: ")
    return err.removeprefix("euicc-sim: ")


def test_a_folder_without_packages_is_a_sentence(
    run: Run, tmp_path: Path, pki_folder: Path
) -> None:
    for words in (("codes", tmp_path), ("serve", tmp_path, "--pki", pki_folder, "--port", 0)):
        assert "has no profile packages. Put some there" in complaint(run(*words))


def test_a_folder_that_is_no_pki_is_a_sentence(run: Run, folder: Path, tmp_path: Path) -> None:
    assert "does not hold a complete test PKI" in complaint(run("serve", folder, "--pki", tmp_path))


def test_a_taken_port_is_a_sentence(run: Run, folder: Path, pki_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = complaint(run("serve", folder, "--pki", pki_folder, "--port", port))
    assert found.startswith(f"Cannot listen on 127.0.0.1:{port}: ")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_who_listens_everywhere_needs_a_name(
    run: Run, folder: Path, pki_folder: Path, host: str
) -> None:
    found = complaint(run("serve", folder, "--pki", pki_folder, "--host", host))
    assert (
        found
        == f"{host} is not a name that others can use. Say what they call this machine: "
        + ("--address NAME:PORT.\n")
    )


@pytest.mark.parametrize("address", ["", ":1", "a:b", "a:99999", "a/b", "https://a", "a$b", "u@a"])
def test_what_is_no_address_is_a_sentence(
    run: Run, folder: Path, pki_folder: Path, address: str
) -> None:
    words = ("serve", folder, "--pki", pki_folder, "--address", address)
    assert "is not an address. Give a name and a port" in complaint(run(*words))


def test_a_state_that_is_not_ours_is_a_sentence(run: Run, folder: Path, pki_folder: Path) -> None:
    (folder / "orders.json").write_text("?")
    found = complaint(run("serve", folder, "--pki", pki_folder, "--port", 0))
    assert "orders.json is not a state of orders" in found


def test_a_missing_extra_is_a_sentence(
    run: Run, folder: Path, pki_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("euicc_sim.servers.es9_app", "euicc_sim.servers.web_server"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "starlette", None)
    for name in [one for one in sys.modules if one.startswith("starlette.")]:
        monkeypatch.setitem(sys.modules, name, None)
    found = complaint(run("serve", folder, "--pki", pki_folder, "--port", 0))
    assert "pip install 'euicc-sim[servers]'" in found


def test_every_option_of_a_sidecar_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "smdpp.md").read_text()
    for one in fields(Sidecar):
        assert f"`{one.encode_name}" in page, one.encode_name


def test_every_state_of_an_order_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "smdpp.md").read_text()
    for one in OrderState:
        assert one.value in page, one.value
