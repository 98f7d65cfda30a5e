"""The devices of a load test, for Locust: each is an IPA with a card of a fleet.

    from euicc_sim.fleet.users import Packages     # in a locustfile of your own

`euicc-sim fleet run` starts Locust with this module. What is measured are the messages to the eIM
and whole tasks; a task that fails names its request, the EID, what was expected and what came.
Importing this module imports Locust, which patches the process: nothing else of this program does.
"""

from __future__ import annotations

import logging
import random
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from locust import User, constant_pacing, events, task
from locust.exception import StopUser

from euicc_sim.asn1 import esipa
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.wire import wire_of
from euicc_sim.card import Card
from euicc_sim.fleet.cards import Fleet
from euicc_sim.parties.clients import Es9Client, EsipaClient, OrderClient
from euicc_sim.parties.ipa import DownloadMode, Ipa, Poll
from euicc_sim.parties.messages import EimUnreachableError, LpaError
from euicc_sim.parties.messages.interfaces import Esipa, RspServer
from keys import TestPki
from keys.pem import load_certificate

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each message

ESIPA, ORDERS, DEVICE = "ESipa", "orders", "device"
"""The types of requests in Locust's tables."""
JITTER = 0.1
"""By so much of the interval a device comes earlier or later."""
_GOLDEN = 0.6180339887
"""Its multiples are spread evenly between whole numbers, however many there are."""


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("euicc-sim")
    group.add_argument("--fleet", metavar="DIR", help="The cards.", required=True)
    group.add_argument("--every", type=float, default=20.0, help="Seconds between two tasks.")
    group.add_argument("--order-token", metavar="FILE", help="The token for orders at the eIM.")
    group.add_argument("--download", metavar="CODE", help="What Downloads and Switches fetch.")
    group.add_argument("--relayed", action="store_true", help="Downloads by way of the eIM.")
    group.add_argument(
        "--ca",
        metavar="FILE",
        action="append",
        default=[],
        help="A CA certificate for HTTPS; the CIs of the fleet's own PKI are trusted anyway.",
    )
    group.add_argument("--insecure", action="store_true", help="Accept any certificate.")


@cache
def _fleet(directory: str) -> Fleet:
    """The fleet of this process; its cards are held by the users."""
    return Fleet(directory, fsync=False)


@cache
def _trust(fleet: str, files: tuple[str, ...]) -> list[bytes]:
    found = [load_certificate(Path(one)) for one in files]
    pki = Fleet(fleet).pki
    if pki.exists():
        found += [branch.ci.certificate for branch in TestPki.load(pki).branches]
    return [one.public_bytes(Encoding.DER) for one in found]


class DeviceError(Exception):
    """What a device expected, and what came instead."""


class Measured:
    """An eIM whose answers are measured; with `lost` set, results no longer reach it."""

    def __init__(self, eim: Esipa, device: Device) -> None:
        self._eim, self._device = eim, device
        self.lost = False

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer. Raises EimUnreachableError, LpaError."""
        name = esipa.name_of(message) or "message"
        if self.lost and name != "getEimPackageRequest":
            raise EimUnreachableError("the connection is lost, as this device was told to lose it")
        with self._device.measuring(ESIPA, name, "an answer") as size:
            answer = self._eim.exchange(message)
            size.append(len(answer))
        return answer


class Device(User):
    """A device that polls; subclasses have tasks. Its card is one whose folder nobody else uses."""

    abstract = True
    host: str  # Locust sets it to the eIM's URL
    card: Card

    def on_start(self) -> None:
        """Take a card and switch it on."""
        self._pace = constant_pacing(self.options.every)
        found = _fleet(self.options.fleet).take()
        if found is None:
            log.error("the fleet in %s has no free card for another device", self.options.fleet)
            raise StopUser
        self.card = found
        self.card.reset()
        time.sleep(_phase(found.eid) * min(1.0, self.options.every))
        self._said: list[str] = []

    def on_stop(self) -> None:
        """Switch the card off and free it."""
        if "card" in vars(self):
            self.card.close()

    def wait_time(self) -> float:
        """Seconds until the next task, so that tasks begin at the interval asked for, more or less.

        Without the difference of up to a tenth, devices that once waited for each other would come
        together for ever.
        """
        pace: float = self._pace(self)
        every: float = self.options.every
        return max(0.0, pace + random.uniform(-JITTER, JITTER) * every)  # noqa: S311 not a secret

    @property
    def options(self) -> Any:
        """The options of the command line."""
        return self.environment.parsed_options

    @cached_property
    def trust(self) -> list[bytes]:
        """The CA certificates, DER."""
        return _trust(self.options.fleet, tuple(self.options.ca))

    @contextmanager
    def measuring(self, kind: str, name: str, expected: str) -> Iterator[list[int]]:
        """Tell Locust how long something took, and whether it failed.

        The list takes the size of the answer.
        """
        size: list[int] = []
        failure: DeviceError | None = None
        start = time.perf_counter()
        try:
            yield size
        except (LpaError, DeviceError) as error:
            failure = DeviceError(f"{name} of {self.card.eid}: expected {expected}, got: {error}")
            raise
        finally:
            self.environment.events.request.fire(
                request_type=kind,
                name=name,
                response_time=(time.perf_counter() - start) * 1000,
                response_length=sum(size),
                exception=failure,
                context={"eid": self.card.eid},
            )

    def poll(self, *, lost: bool = False) -> Poll:
        """Poll the eIM once; with `lost`, the connection is lost once a package was fetched.

        Raises LpaError.
        """
        identity = self.card.identity
        with ExitStack() as stack:
            client = EsipaClient(self.host, trust=self.trust, verify=not self.options.insecure)
            eim = Measured(stack.enter_context(client), self)
            eim.lost = lost

            def smdpp(address: str) -> RspServer:
                server = Es9Client.at(address, trust=self.trust, verify=not self.options.insecure)
                return stack.enter_context(server)

            return Ipa(
                self.card.transmit,
                eim,
                smdpp,
                DownloadMode.RELAYED if self.options.relayed else DownloadMode.DIRECT,
                tries=1,
                tell=self._said.append,
                wire=wire_of(identity.sgp32_version),
            ).poll()

    def order(self, *words: str) -> None:
        """Order something for this card at an eIM of ours. Raises LpaError."""
        if not self.options.order_token:
            raise LpaError(
                "This device orders for itself. Give the eIM's token: --order-token FILE"
            )
        token = Path(self.options.order_token).read_text().strip()
        with (
            OrderClient(
                self.host, token, trust=self.trust, verify=not self.options.insecure
            ) as orders,
            self.measuring(ORDERS, words[0].partition(":")[0], "an order"),
        ):
            orders.order(self.card.eid, words)

    def attempt(self, name: str, expected: str, work: Callable[[], str]) -> bool:
        """A task: `work` says what came, and fails if that is not what was expected."""
        try:
            with self.measuring(DEVICE, name, expected):
                self._said.clear()
                _compare(work(), expected, self._said[-1:])
        except (LpaError, DeviceError):
            return False
        return True

    def iccids(self) -> list[str]:
        """The ICCIDs of the Profiles on the card, as printed."""
        return [iccid_digits(one.iccid) for one in self.card.state.profiles]


class PollOnly(Device):
    """Polls and does whatever the eIM has; for an eIM of any make."""

    @task
    def work(self) -> None:
        """One poll."""

        def poll() -> str:
            found = self.poll()
            return "all done" if found.done else f"{found.refused} refused, {found.kept} kept"

        self.attempt("poll", "all done", poll)


class Packages(Device):
    """Has a signed package ordered for itself, fetches it and delivers the result."""

    words = ("listProfileInfo",)

    @task
    def work(self) -> None:
        """One package."""

        def run() -> str:
            self.order(*self.words)
            return _packages(self.poll())

        self.attempt("package", _packages(Poll(1)), run)


class _WithProfiles(Device):
    """A device that has Profiles ordered for itself."""

    abstract = True

    def download(self) -> str:
        """Fetch the Profile that was asked for, if there is none yet."""
        if not self.iccids():
            if not self.options.download:
                raise LpaError("Give this device an activation code: --download CODE")
            self.order(f"download:{self.options.download}")
            self.poll()
        return _count(self.iccids())

    def delete(self) -> str:
        """Delete all."""
        for one in self.iccids():
            self.order(f"delete:{one}")
        self.poll()
        return _count(self.iccids())


class Downloads(_WithProfiles):
    """Downloads a Profile, then has it deleted."""

    @task
    def work(self) -> None:
        """A download and a deletion."""
        self.attempt("download", "1 Profile", self.download)
        self.attempt("delete", "0 Profiles", self.delete)


class Switches(_WithProfiles):
    """Enables a Profile that reaches nobody, goes back to the one before, and says so."""

    @task
    def work(self) -> None:
        """A download the first time, then a switch with rollback."""
        if not self.iccids():
            self.attempt("download", "1 Profile", self.download)
        self.attempt("switch and rollback", "rolled back, result delivered", self.switch)

    def switch(self) -> str:
        """Enable with rollback, lose the connection, go back, deliver."""
        for one in self.iccids()[:1]:
            self.order(f"enable:{one},rollback")
        try:
            found = self.poll(lost=True)
        except EimUnreachableError:
            found = Poll(1, rolled_back=self.card.state.enabled is None)
        self.poll()
        if not found.rolled_back:
            return "no rollback"
        return "rolled back, result " + ("kept" if self.card.state.results else "delivered")


def _phase(eid: str) -> float:
    """When in its first second a device begins, from 0 to 1: Locust starts many at once."""
    return int(eid[:30]) % 10**6 * _GOLDEN % 1


def _compare(found: str, expected: str, said: list[str]) -> None:
    if found != expected:
        raise DeviceError(". ".join([found, *said]))


def _packages(found: Poll) -> str:
    return f"{found.packages} done, {found.refused} refused, {found.kept} kept"


def _count(iccids: list[str]) -> str:
    return f"{len(iccids)} Profile{'' if len(iccids) == 1 else 's'}"
