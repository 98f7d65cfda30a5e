"""`euicc-sim eim serve`, `order` and `results`, and `euicc-sim ipa`: in processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from support import saip
from support.esipa import EID, OTHER_EID
from support.fresh import fresh_card
from support.installing import A_DIGITS, install

from euicc_sim import Card
from euicc_sim.cli.main import main
from euicc_sim.parties.eim.eim import add_initial_eim, take_initial_answer
from euicc_sim.parties.eim.eim_file import changing, load
from euicc_sim.parties.messages.apdus import exchange, select_isdr
from euicc_sim.servers.database import EimDatabase

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim`: exit code, standard output, standard error."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["euicc-sim", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        assert isinstance(code, int)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def file(tmp_path: Path, run: Run) -> Path:
    """The file of an eIM."""
    found = tmp_path / "eim1.json"
    assert run("eim", "new", found, "--id", "eim1.example.com", "--seed", 1)[0] == 0
    return found


@pytest.fixture
def folder(tmp_path: Path, pki_folder: Path, file: Path) -> Path:
    """A card that trusts the eIM."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder), fsync=False) as card:
        select_isdr(card.transmit)
        with changing(file) as eim:
            asked = add_initial_eim(eim.configuration(want_token=True))
            take_initial_answer(exchange(card.transmit, asked), eim)
    return tmp_path / "card"


@contextmanager
def served(file: Path, *words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The URL of a server in a process of its own, ended by SIGTERM."""
    command = [sys.executable, "-m", "euicc_sim", "eim", "serve", str(file), "--port", "0"]
    with subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert " listens at " in line, line
            yield line.split()[-1], process
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.mark.slow
def test_a_card_is_managed_by_command_line(run: Run, file: Path, folder: Path) -> None:
    assert run("eim", "order", file, EID, "listEim") == (
        0,
        f"order 1 (listEim) waits for {EID}\n",
        "",
    )
    with served(file) as (url, process):
        assert url.startswith("http://127.0.0.1:")
        code, out, _ = run("ipa", "poll", "--card", folder, "--eim", url)
        assert (code, "2 packages done, the eIM has nothing more" in out) == (0, True)
        code, out, _ = run("ipa", "run", "--once", "--card", folder, "--eim", url)
        assert (code, "no packages done" in out) == (0, True)
        run("eim", "order", file, EID, "listEim")
        code, out, _ = run("ipa", "poll", "--card", folder, "--eim", url, "--esipa", "1.0")
        assert (code, "1 package done" in out) == (0, True)
        run("eim", "order", file, EID, "getRAT")
        code, out, _ = run("ipa", "poll", "--card", folder, "--eim", url, "--binding", "json")
        assert (code, "1 package done" in out) == (0, True)
        process.kill()
    run("eim", "order", file, EID, "enable:89000123456789012341")
    with served(file) as (url, process):
        assert run("ipa", "poll", "--card", folder, "--eim", url)[0] == 3
    assert process.returncode == 0
    code, out, _ = run("eim", "results", file, EID)
    assert code == 3
    assert "eimId eim1.example.com" in out
    assert "iccidOrAidNotFound" in out
    assert run("eim", "results", file, EID, "--last", 5)[1] == out
    code, out, _ = run("eim", "cards", file)
    assert (code, EID in out) == (0, True)


@pytest.mark.slow
def test_a_changed_profile_is_shown(
    run: Run, file: Path, folder: Path, tmp_path: Path, pki_folder: Path
) -> None:
    with Card.open(folder, fsync=False) as card:
        install(card.transmit, pki_folder)
    run("eim", "card", file, EID, "--counter", 0)
    with served(file) as (url, _):
        poll = ("ipa", "poll", "--card", folder, "--eim", url, "--state", tmp_path / "ipa.json")
        run(*poll, "--plmn", "26201")
        assert "changed" not in run("eim", "cards", file)[1]
        run("profile", "enable", A_DIGITS, "--card", folder)
        _, out, _ = run(*poll, "--plmn", "310-260")
        assert "the eIM was told that the enabled Profile has changed: local" in out
    code, out, _ = run("eim", "card", file, EID)
    assert code == 0
    assert "local in network 310-260" in out
    out = run("eim", "cards", file)[1]
    assert "changed" in out
    assert "local" in out


@pytest.mark.parametrize("plmn", ["26", "2620", "26201000", "26-201", "262-0a", ""])
def test_what_is_not_a_network_is_told(run: Run, folder: Path, plmn: str) -> None:
    code, _, err = run(
        "ipa", "poll", "--card", folder, "--eim", "http://127.0.0.1:9", "--plmn", plmn
    )
    assert code == 1
    assert "is not a network. Write MCC and MNC" in err


def test_a_damaged_memory_of_an_ipa_is_told(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ipa.json").write_text("{}x")
    words = ("--card", folder, "--eim", "http://127.0.0.1:9", "--state", tmp_path / "ipa.json")
    for command in ("poll", "run"):
        code, _, err = run("ipa", command, *words)
        assert (code, "is not what an IPA remembers: it is not JSON" in err) == (1, True)


@pytest.mark.slow
def test_https_is_served_below_the_ci(run: Run, file: Path, folder: Path, pki_folder: Path) -> None:
    run("eim", "order", file, EID, "getRAT")
    with served(file, "--tls", "--pki", str(pki_folder)) as (url, _):
        assert url.startswith("https://")
        poll = ("ipa", "poll", "--card", folder, "--eim", url.replace("127.0.0.1", "localhost"))
        code, _, err = run(*poll, "--tries", 1)
        assert (code, "Name the CA" in err) == (1, True)
        assert run(*poll, "--pki", pki_folder)[0] == 0
    assert run("eim", "results", file, EID)[0] == 0


def test_a_card_is_shown_with_what_waits(run: Run, file: Path, folder: Path) -> None:
    with Card.open(folder) as card:
        select_isdr(card.transmit)
        certificates = exchange(card.transmit, bytes.fromhex("BF5600")).hex()
    code, out, _ = run("eim", "card", file, EID, "--counter", 8, "--certificate", certificates)
    assert code == 0
    assert "8, the next package has 9" in out
    assert "known" in out
    run("eim", "order", file, EID, "data")
    run("eim", "order", file, EID, "getRAT")
    assert "order 2 (getRAT)" in run("eim", "card", file, EID)[1]
    assert "order 1 (data)" not in run("eim", "card", file, EID, "--withdraw", 1)[1]
    assert run("eim", "card", file, EID, "--again", 2)[0] == 0


def test_a_card_that_is_only_shown_is_not_made(run: Run, file: Path) -> None:
    code, out, error = run("eim", "card", file, OTHER_EID)
    assert (code, out) == (1, "")
    assert f"No card {OTHER_EID} is known here" in error
    assert "eim card" in error
    assert not file.with_suffix(".cards").exists()


def test_a_card_is_made_by_what_is_told_of_it(run: Run, file: Path) -> None:
    assert run("eim", "card", file, OTHER_EID, "--counter", 8)[0] == 0
    assert "8, the next package has 9" in run("eim", "card", file, OTHER_EID)[1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["eim", "order", "{file}", "12", "getRAT"], "is not an EID"),
        (["eim", "order", "{file}", EID, "enable"], "is incomplete"),
        (["eim", "results", "{file}", OTHER_EID], "No card"),
        (["eim", "serve", "{file}", "--tls"], "--pki FOLDER"),
        (["eim", "serve", "{file}", "--certificate", "{file}"], "cannot be used for HTTPS"),
        (["eim", "serve", "{file}", "--host", "192.0.2.1"], "Cannot listen"),
        (["eim", "push", "{file}", OTHER_EID, "--ipa", "x"], "is not a URL"),
        (["ipa", "poll", "--card", "{card}"], "--eim URL"),
        (["ipa", "poll", "--card", "{card}", "--eim", "x"], "is not a URL"),
        (
            ["ipa", "poll", "--card", "{card}", "--esipa", "1.0", "--binding", "json"],
            "Leave out --binding json",
        ),
        (["ipa", "poll", "--card", "{card}", "--eim", "http://127.0.0.1:9"], "does not answer"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    run: Run, file: Path, folder: Path, words: list[str], why: str
) -> None:
    filled = [one.format(file=file, card=folder) for one in words]
    code, _, err = run(*filled)
    assert code == 1
    assert why in err
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("binding", ["asn1", "json"])
def test_packages_are_brought_to_an_ipa_that_listens(
    run: Run, file: Path, folder: Path, binding: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run("eim", "order", file, EID, "getRAT")
    command = [sys.executable, "-m", "euicc_sim", "ipa", "listen", "--card", str(folder)]
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"listens at" in process.stdout.readline()
        push = ("eim", "push", file, EID, "--ipa", f"http://127.0.0.1:{port}")
        code, out, _ = run(*push, "--binding", binding)
        process.send_signal(signal.SIGTERM)
    assert (code, "2 delivered" in out) == (0, True)
    assert run("eim", "results", file, EID)[0] == 0


@pytest.mark.slow
def test_packages_are_brought_over_https(
    run: Run, file: Path, folder: Path, pki_folder: Path
) -> None:
    run("eim", "order", file, EID, "getRAT")
    command = [sys.executable, "-m", "euicc_sim", "ipa", "listen", "--card", str(folder)]
    tls = ["--port", "0", "--tls", "--pki", str(pki_folder)]
    with subprocess.Popen([*command, *tls], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1].replace("127.0.0.1", "localhost")
        push = ("eim", "push", file, EID, "--ipa", url)
        code, out, err = run(*push)
        assert (code, "failed TLS verification" in " ".join((out + err).split())) == (1, True)
        code, out, _ = run(*push, "--pki", pki_folder)
        process.send_signal(signal.SIGTERM)
    assert (code, "2 delivered" in out) == (0, True)


@pytest.mark.parametrize(
    "words", [("eim", "serve", "eim1.json"), ("ipa", "listen"), ("smdpp", "serve", ".", "--no-tls")]
)
def test_client_certificates_need_https(
    run: Run, file: Path, pki_folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(file.parent)
    ca = next((pki_folder / "CertificateIssuer").glob("*.der"))
    more = ("--pki", pki_folder) if words[0] == "smdpp" else ()
    (file.parent / "A.der").write_bytes(saip.package("89000123456789012341"))
    code, out, err = run(*words, "--port", 0, "--client-ca", ca, *more)
    assert (code, "--client-ca needs HTTPS" in out + err) == (1, True)


def test_the_token_for_orders_is_made_at_the_first_start(run: Run, file: Path) -> None:
    token = file.with_suffix(".token")
    with served(file) as (url, _):
        assert token.stat().st_mode & 0o777 == 0o600
        assert httpx.get(f"{url}/eids").status_code == 401
        secret = token.read_text().strip()
        answer = httpx.get(f"{url}/eids", headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json()) == (200, [])
    with served(file):
        assert token.read_text().strip() == secret


def test_help_names_the_orders(run: Run) -> None:
    code, out, _ = run("eim", "order", "--help")
    assert code == 0
    assert "download:ACTIVATION-CODE" in out
    assert "enable:ICCID[,rollback]" in out


# -- the database beside the eIM's file


def test_a_database_is_made_beside_the_file_without_being_asked(
    run: Run, file: Path, tmp_path: Path
) -> None:
    assert run("eim", "order", file, EID, "getRAT")[0] == 0
    assert (tmp_path / "eim1.db").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "eim1.db-wal").exists()


def test_no_counter_is_used_twice_by_hand_and_by_the_server(
    run: Run, file: Path, tmp_path: Path
) -> None:
    counters = []
    run("eim", "card", file, EID, "--counter", 6)
    for name in ("a", "b"):
        run("eim", "package", file, "getRAT", "--eid", EID, "--out", tmp_path / name)
        counters.append(run("eim", "card", file, EID)[1].partition("counter")[2].split()[0])
    assert counters == ["7,", "8,"]
    assert b"\x81\x01\x07" in (tmp_path / "a").read_bytes()
    assert b"\x81\x01\x08" in (tmp_path / "b").read_bytes()
    assert load(file).counter == 0


def test_cards_of_0_2_0_are_taken_over_with_a_sentence(
    run: Run, file: Path, tmp_path: Path
) -> None:
    old = tmp_path / "eim1.cards"
    old.mkdir()
    golden = Path(__file__).parents[2] / "golden" / "parties" / "card-of-an-eim-0.2.0.json"
    (old / f"{EID}.json").write_bytes(golden.read_bytes())
    code, out, err = run("eim", "cards", file)
    assert code == 0
    assert EID in out
    assert f"1 card of {old} taken over into {tmp_path / 'eim1.db'}" in out + err
    assert "taken over" not in "".join(map(str, run("eim", "cards", file)))


def test_a_damaged_database_is_a_sentence(run: Run, file: Path, tmp_path: Path) -> None:
    (tmp_path / "eim1.db").write_bytes(b"damaged" * 1000)
    for words in (("cards", file), ("order", file, EID, "getRAT"), ("serve", file, "--port", 0)):
        code, out, err = run("eim", *words)
        assert (code, "Traceback" in err) == (1, False)
        assert "eim1.db is damaged" in " ".join((out + err).split())


# -- several processes


def workers_of(pid: int, count: int) -> list[int]:
    """The workers of a server, when there are so many."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    until(lambda: len(children.read_text().split()) == count)
    return [int(one) for one in children.read_text().split()]


def until(done: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def served_by(url: str, token: Path) -> bool:
    headers = {"Authorization": f"Bearer {token.read_text().strip()}"}
    return httpx.get(f"{url}/eids", headers=headers).status_code == 200


@pytest.mark.slow
def test_workers_serve_one_port_and_one_that_dies_is_replaced(
    run: Run, file: Path, folder: Path
) -> None:
    for _ in range(3):
        run("eim", "order", file, EID, "getRAT")
    token = file.with_suffix(".token")
    with served(file, "--workers", "3") as (url, process):
        first = workers_of(process.pid, 3)
        assert served_by(url, token)
        os.kill(first[0], signal.SIGKILL)
        code, out, _ = run("ipa", "poll", "--card", folder, "--eim", url)
        assert (code, "4 packages done" in out) == (0, True)
        until(lambda: first[0] not in workers_of(process.pid, 3))
        assert served_by(url, token)
    assert process.returncode == 0
    assert not any(Path(f"/proc/{one}").exists() for one in first)


@pytest.mark.slow
def test_workers_end_with_the_first_process_however_it_ends(file: Path) -> None:
    with served(file, "--workers", "2") as (_, process):
        workers = workers_of(process.pid, 2)
        process.kill()
        until(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))


@pytest.mark.slow
def test_four_workers_use_no_counter_and_no_order_twice(
    run: Run, file: Path, tmp_path: Path, pki_folder: Path
) -> None:
    """A device that asks by many connections at once gets each package from one worker."""
    run("eim", "card", file, EID, "--counter", 0)
    for _ in range(12):
        run("eim", "order", file, EID, "data")
    poll = bytes.fromhex(f"BF4F125A10{EID}")
    headers = {"Content-Type": "application/x-gsma-rsp-asn1"}
    answer = bytes.fromhex(f"BF501A5A10{EID}BF5205A003830178")
    with served(file, "--workers", "4") as (url, _), ThreadPoolExecutor(4) as pool:

        def device(_: int) -> None:
            for _ in range(6):
                httpx.post(f"{url}/gsma/rsp2/asn1", content=poll, headers=headers)
                httpx.post(f"{url}/gsma/rsp2/asn1", content=answer, headers=headers)

        list(pool.map(device, range(4)))
    with closing(EimDatabase(file.with_suffix(".db"))) as store:
        numbers = [one.order or 0 for one in store.results(EID)]
        waiting = [one.number for one in store.queue(EID)]
    assert len(set(numbers)) == len(numbers)
    assert sorted([*numbers, *waiting]) == list(range(1, 13))
