"""The script scripts/download.apdu: what an LPA and an SM-DP+ send to a card made with --seed 1.

Such a card's keys, challenges and one-time keys repeat after every reset, so the whole download
can be written down once and played for ever.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from euicc_sim import Card
from euicc_sim.env import SeededEnv
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.apdus import exchange, select_isdr
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.metadata import Metadata
from euicc_sim.parties.smdpp.profile_packages import made_up_package
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import Curve, TestPki

PATH = Path(__file__).parents[2] / "scripts" / "download.apdu"
SEED = 1
ICCID, ON_THE_WIRE = "89000999000000000032", "98009099000000000023"

HEAD = f"""\
# A complete download, and what an LPA does with the Profile: mutual authentication,
# preparation, the Bound Profile Package piece by piece, list, enable, EF.ICCID, nickname, a
# refused delete, disable, delete.
#
# For a card whose keys and challenges repeat, made with: euicc-sim card new DIR --seed {SEED}
# Any other card refuses AuthenticateServer, since its challenge is different.
#
# Run it with: euicc-sim apdu run scripts/download.apdu
# or with: scriptor -r 'Virtual PCD 00 00' scripts/download.apdu
# To see what a line means: euicc-sim decode HEX (the bytes from BF on)
# Written by tests/support/write_download_script.py.
"""

GET_RESPONSE, MORE_DATA = 0xC0, 0x61


class Writer:
    """Sends commands to a card and writes down what was sent and is to be answered."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.lines: list[str] = [HEAD]

    def say(self, text: str) -> None:
        self.lines.append(f"\n# {text}")

    def reset(self) -> None:
        self._card.reset()
        self.lines.append("reset\n#< 3B.*")

    def transmit(self, apdu: bytes) -> bytes:
        answer = self._card.transmit(apdu)
        if apdu[1] == GET_RESPONSE:
            apdu = apdu[:4] + b"\0"  # numbers in answers grow, and with them their sizes
        self.lines += [apdu.hex().upper(), f"#< {pattern(answer)}"]
        return answer

    def es10(self, title: str, request: str, expected: str | None = None) -> None:
        """An ES10 request of few bytes, answered with few."""
        self.say(title)
        select_isdr(self._card.transmit)
        exchange(self.transmit, bytes.fromhex(request))
        if expected:
            self.lines[-1] = f"#< {expected} 9000"


def pattern(answer: bytes) -> str:
    """Every byte of a short answer; of a long one, that may hold signatures, its beginning."""
    data, sw = answer[:-2].hex().upper(), answer[-2:].hex().upper()
    if sw.startswith("61"):
        sw = "61.."
    if len(data) <= 80 and not data.startswith("BF37"):
        return f"{data} {sw}".strip()
    beginning = data[:4] if data.startswith("BF") else ""
    return f"{beginning}.* (9000|61..)"


def script() -> str:
    """The text of the script."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Card.create(Path(folder, "card"), seed=SEED, fsync=False) as card,
    ):
        writer = Writer(card)
        writer.reset()
        writer.say("SELECT ISD-R")
        select_isdr(writer.transmit)
        _clear(writer)
        server = Smdpp.of(
            TestPki.load(card.directory / "pki"),
            [_order()],
            curves=(Curve.NIST,),
            random=SeededEnv(SEED + 1).random,
        )
        told: list[str] = []
        Lpa(writer.transmit).download(server, matching_id="script", progress=_teller(writer, told))
        _use(writer)
    return "\n".join(writer.lines) + "\n"


def _order() -> Order:
    metadata = Metadata(
        iccid=ICCID,
        service_provider_name="Script",
        profile_name="Scripted",
        notifications=(),
    )
    package = made_up_package(ICCID, "Scripted")
    return Order(package, "script", metadata=metadata)


def _teller(writer: Writer, told: list[str]) -> Callable[[str, int, int], None]:
    def tell(step: str, _: int, __: int) -> None:
        if step not in told:
            told.append(step)
            writer.say(f"The next step of the download: {step}")

    return tell


def _clear(writer: Writer) -> None:
    writer.es10(
        "DisableProfile and DeleteProfile, in case an earlier run was interrupted",
        f"BF3211A00C5A0A{ON_THE_WIRE}810100",
        "BF3203 8001..",
    )
    writer.es10("DeleteProfile", f"BF330C5A0A{ON_THE_WIRE}", "BF3303 8001..")


def _use(writer: Writer) -> None:
    info = f"BF2D..A0.. E3..5A0A{ON_THE_WIRE}"
    ask = f"BF2D14A00C5A0A{ON_THE_WIRE}5C045A9F7090"
    writer.es10("GetProfilesInfo of it: disabled", ask, f"{info} 9F700100")
    switch = f"A00C5A0A{ON_THE_WIRE}810100"
    writer.es10("EnableProfile", f"BF3111{switch}", "BF3103 800100")
    writer.es10("GetProfilesInfo of it: enabled", ask, f"{info} 9F700101")
    writer.say("EF.ICCID is that of the enabled Profile")
    for command in ("00A40000023F00", "00A40000022FE2", "00B000000A"):
        answer = writer.transmit(bytes.fromhex(command))
        if answer[0] == MORE_DATA:
            writer.transmit(bytes((0x00, GET_RESPONSE, 0, 0, answer[1])))
    writer.say("SELECT ISD-R")
    select_isdr(writer.transmit)
    nickname = b"scripted".hex().upper()
    writer.es10("SetNickname", f"BF29165A0A{ON_THE_WIRE}9008{nickname}", "BF2903 800100")
    writer.es10("GetProfilesInfo of it: the nickname", ask, f"{info} 9F700101 9008{nickname}")
    writer.es10(
        "DeleteProfile of the enabled Profile: profileNotInDisabledState",
        f"BF330C5A0A{ON_THE_WIRE}",
        "BF3303 800102",
    )
    writer.es10("DisableProfile", f"BF3211{switch}", "BF3203 800100")
    writer.es10("DeleteProfile", f"BF330C5A0A{ON_THE_WIRE}", "BF3303 800100")
    writer.es10("GetProfilesInfo of it: nothing", ask, "BF2D02A000")
