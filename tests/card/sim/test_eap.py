"""wpa_supplicant and its eapol_test authenticate with the SIM in the reader, against hostapd.

EAP-AKA, EAP-AKA', EAP-SIM over RADIUS, and EAP-AKA over 802.1X on a pair of virtual interfaces.
None of these programs is ours; the home network is `support.hlr`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.eims import ask, eim1, trust
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.hlr import Hlr
from support.installing import A_DIGITS, B_DIGITS, A, B, install
from support.network import Network, Subscriber, TestNetwork
from support.psmos import enable, order
from support.reader import READER, Reader
from support.rollback import ROLLBACK
from support.sims import algorithm, make_sim, with_keys

from euicc_sim import Card
from euicc_sim.formats.saip.editing import Changes, edited
from euicc_sim.formats.saip.sample import AID, OPC, K, sample

pytestmark = [pytest.mark.slow, pytest.mark.pcsc]

PROGRAMS = ("eapol_test", "hostapd", "wpa_supplicant", "ip")
SECONDS = 120
SELECT_USIM = hx("00A4 040C 10") + AID
ENABLE_PIN1 = hx("0028 0001 08 30303030FFFFFFFF")


@pytest.fixture(autouse=True)
def _programs() -> None:
    missing = [one for one in PROGRAMS if shutil.which(one) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{', '.join(missing)} not installed (eapoltest, hostapd, wpasupplicant)")
    assert not missing


@pytest.fixture(params=["Milenage", "the USIM test algorithm"])
def subscriber(request: pytest.FixtureRequest) -> Subscriber:
    return Network(K, OPC) if request.param == "Milenage" else TestNetwork(K)


@pytest.fixture
def inserted(
    tmp_path: Path, pki_folder: Path, subscriber: Subscriber, reader: Reader
) -> Iterator[Card]:
    """A card in the reader, whose enabled Profile has the subscriber's keys."""
    package = edited(sample(), Changes(iccid=A_DIGITS))
    if isinstance(subscriber, TestNetwork):
        package = with_keys(package, algorithm(3, K, bytes(16), 2))
    with Card.open(make_sim(tmp_path / "card", pki_folder, package), fsync=False) as card:
        reader.insert(card)
        yield card


@contextmanager
def hostapd(folder: Path, *lines: str) -> Iterator[None]:
    """hostapd with its EAP server, until the block ends."""
    users = folder / "users"
    users.write_text('"0"* AKA\n"1"* SIM\n"6"* AKA\'\n')
    settings = folder / "hostapd.conf"
    server = ("eap_server=1", f"eap_user_file={users}", f"eap_sim_db=unix:{folder}/hlr")
    log = ("logger_stdout=-1", "logger_stdout_level=0")
    settings.write_text("\n".join([*lines, *server, *log, ""]))
    output = folder / "hostapd.log"
    with output.open("w") as sink:
        process = subprocess.Popen(["hostapd", str(settings)], stdout=sink, stderr=sink)
    try:
        _wait_for("AP-ENABLED", output)
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def _wait_for(words: str, output: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while words not in output.read_text():
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)


def over_radius(folder: Path, method: str, pin: str = "") -> str:
    """What eapol_test says at the end of an authentication by RADIUS."""
    (folder / "clients").write_text("127.0.0.1 radius\n")
    network = folder / "eapol.conf"
    network.write_text(
        f'network={{\nssid="x"\nkey_mgmt=WPA-EAP\neap={method}\npcsc="{READER}"\npin="{pin}"\n}}\n'
    )
    settings = ("driver=none", "interface=eap0", f"radius_server_clients={folder}/clients")
    command = ["eapol_test", "-c", str(network), "-a127.0.0.1", "-p18120", "-sradius", "-r0"]
    with hostapd(folder, *settings, "radius_server_auth_port=18120"):
        done = subprocess.run(
            [*command, f"-t{SECONDS}"], capture_output=True, text=True, timeout=2 * SECONDS
        )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("method", ["AKA", "AKA'", "SIM"])
def test_eapol_test_authenticates_by(
    method: str, inserted: Card, subscriber: Subscriber, tmp_path: Path
) -> None:
    with Hlr(tmp_path / "hlr", subscriber, 0) as hlr:
        assert over_radius(tmp_path, method) == "SUCCESS"
    assert hlr.heard == ["SIM-REQ-AUTH" if method == "SIM" else "AKA-REQ-AUTH"]
    (enabled,) = inserted.state.profiles
    expected = 1 if method != "SIM" and isinstance(subscriber, Network) else None
    assert max(enabled.sim.sequence.values(), default=None) == expected


@pytest.mark.parametrize("subscriber", ["Milenage"], indirect=True)
def test_a_pin_is_verified_first(inserted: Card, subscriber: Subscriber, tmp_path: Path) -> None:
    assert inserted.transmit(SELECT_USIM) == hx("9000")
    assert inserted.transmit(ENABLE_PIN1) == hx("9000")
    with Hlr(tmp_path / "hlr", subscriber, 0):
        assert over_radius(tmp_path, "AKA", "0000") == "SUCCESS"


@pytest.mark.parametrize("subscriber", ["Milenage"], indirect=True)
def test_a_network_that_is_behind_is_synchronised(
    inserted: Card, subscriber: Subscriber, tmp_path: Path
) -> None:
    with Hlr(tmp_path / "hlr", subscriber, 32 * 1000) as hlr:
        assert over_radius(tmp_path, "AKA") == "SUCCESS"
        hlr.sqn = 32 * 5
        assert over_radius(tmp_path, "AKA") == "SUCCESS"
    assert hlr.heard == ["AKA-REQ-AUTH", "AKA-REQ-AUTH", "AKA-AUTS", "AKA-REQ-AUTH"]
    assert hlr.sqn == 32 * 1002


@pytest.mark.parametrize("subscriber", ["Milenage"], indirect=True)
def test_wrong_keys_are_refused_by_the_card(inserted: Card, tmp_path: Path) -> None:
    with Hlr(tmp_path / "hlr", Network(OPC, K), 0):
        assert over_radius(tmp_path, "AKA") == "FAILURE"
    assert any("9862" in one.text for one in inserted.take_events() if one.refused)


def test_the_imsi_changes_with_the_profile_that_an_eim_enables(
    tmp_path: Path, pki_folder: Path, reader: Reader
) -> None:
    first, second = "001010000000011", "001010000000012"
    folder = tmp_path / "card"
    with Card.create(folder, pki=pki_folder, fsync=False) as card:
        for digits, imsi in ((A_DIGITS, first), (B_DIGITS, second)):
            package = edited(sample(imsi), Changes(iccid=digits))
            install(card.transmit, pki_folder, digits, package=package)
        reader.insert(card)
        reader.transmit(SELECT_ISDR)
        eim = eim1()
        trust(reader.transmit, eim, token_wanted=True)

        def authenticate() -> None:
            assert over_radius(tmp_path, "AKA") == "SUCCESS"
            reader.insert(card)
            reader.transmit(SELECT_ISDR)

        with Hlr(tmp_path / "hlr", Network(K, OPC), 0) as hlr:
            order(reader.transmit, eim, enable(A))
            authenticate()
            order(reader.transmit, eim, enable(B, rollback=True))
            authenticate()
            assert ask(reader.transmit, ROLLBACK).startswith(hx("BF58"))
            authenticate()
    assert hlr.imsis == [first, second, first]


@pytest.fixture
def interfaces() -> Iterator[tuple[str, str]]:
    """Two interfaces that are each other's end."""
    names = ("eap-a", "eap-b")
    added = ["ip", "link", "add", names[0], "type", "veth", "peer", "name", names[1]]
    done = subprocess.run(added, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"no virtual interfaces here: {done.stderr.strip()}")
    assert not done.returncode, done.stderr
    for one in names:
        subprocess.run(["ip", "link", "set", one, "up"], check=True, timeout=SECONDS)
    yield names
    subprocess.run(["ip", "link", "del", names[0]], check=True, timeout=SECONDS)


@pytest.mark.usefixtures("inserted")
@pytest.mark.parametrize("subscriber", ["Milenage"], indirect=True)
def test_wpa_supplicant_authenticates_by_802_1x(
    subscriber: Subscriber, interfaces: tuple[str, str], tmp_path: Path
) -> None:
    ours, theirs = interfaces
    network = tmp_path / "wpa.conf"
    network.write_text(
        f'ap_scan=0\nnetwork={{\nkey_mgmt=IEEE8021X\neap=AKA\npcsc="{READER}"\npin=""\n'
        "eapol_flags=0\n}\n"
    )
    output = tmp_path / "wpa.log"
    wired = ("driver=wired", f"interface={theirs}", "ieee8021x=1", "use_pae_group_addr=1")
    command = ["wpa_supplicant", "-Dwired", f"-i{ours}", "-c", str(network)]
    with Hlr(tmp_path / "hlr", subscriber, 0), hostapd(tmp_path, *wired), output.open("w") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink)
        try:
            _wait_for("CTRL-EVENT-EAP-SUCCESS", output)
        finally:
            process.terminate()
            process.wait(SECONDS)
