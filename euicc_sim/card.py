"""The card: commands in, responses out, and the only place where anything is kept.

Builds the applications and connects them to the store. Knows nothing of sockets or ASN.1.
"""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from apdu import (
    SW,
    Channels,
    Command,
    Installed,
    Response,
    StatusError,
    counts_tries,
    refuses,
)
from apdu.channels import Ins
from apdu.names import instruction, without_pins
from euicc_sim import es10
from euicc_sim.applications.ecasd import ECASD_AID, Ecasd
from euicc_sim.applications.isdr import ISDR_AID, IsdR
from euicc_sim.applications.terminal import TERMINAL_CAPABILITY, declares_ipad
from euicc_sim.asn1.wire import wire_of
from euicc_sim.crypto.signer import Signer
from euicc_sim.env import Env, SeededEnv, SystemEnv
from euicc_sim.es10 import IPAE, Event, OnKeys, Session
from euicc_sim.formats import saip
from euicc_sim.model.identity import CardType, Identity
from euicc_sim.model.profile import AuthorisationRule, Profile
from euicc_sim.model.replacing import replace
from euicc_sim.model.sim import SimState
from euicc_sim.model.state import Limits, State, Strictness, Switches
from euicc_sim.model.volatile import Volatile
from euicc_sim.readings import ONE_TIME_KEYS_OUTLIVE_RESET
from euicc_sim.store import (
    DEFAULT_EID,
    DOCUMENT,
    CardPlan,
    Disk,
    JsonStore,
    Properties,
    load_signers,
    make_identity,
    type_of_card,
)
from euicc_sim.uicc import (
    Sim,
    SimFiles,
    SimMisfitError,
    Tree,
    check_fit,
    ota,
    platform,
    toolkit,
    tree_of,
)
from keys import TestPki

ATR = bytes.fromhex("3B9F96803FC7828031E073FE211B6753494D4555303134")
"""T=0 first; eUICC-related functions in TB3 (ETSI TS 102 221 6.3.3); four or more channels."""

ENVELOPE = 0xC2
EVENTS_KEPT = 1000
QUIET_SECONDS = 1.0
TREES_KEPT = 2
"""So many Profiles' files are kept in memory: those that a device switches between."""

log = logging.getLogger(__name__)


class Card:
    """A software eUICC that lives in a directory.

    Make one with `Card.create` or open one with `Card.open`; the directory is locked until `close`.
    Use a card from one thread at a time. Set `on_keys` to receive the session keys of downloads;
    nobody gets them otherwise.
    """

    def __init__(
        self, store: JsonStore, env: Env | None = None, *, signers: tuple[Signer, ...] = ()
    ) -> None:
        self._store = store
        self._identity, self._state = store.look()
        seed = self._identity.seed
        self._env = env or (SystemEnv() if seed is None else SeededEnv(seed))
        self._signers = load_signers(store.directory, self._identity, signers)
        kind = self._identity.card_type
        self._wire = wire_of(
            self._identity.sgp32_version,
            iot=kind is not CardType.CONSUMER,
            strict=kind is CardType.IOT_STRICT,
        )
        self._volatile = Volatile()
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self.on_keys: OnKeys | None = None
        self._sim: Sim | None = None
        self._shown = self._state.enabled
        self._trees: deque[tuple[bytes, Tree]] = deque(maxlen=TREES_KEPT)
        self._channels = Channels(
            self._applications(),
            self._new_files,
            {TERMINAL_CAPABILITY: self._terminal_capability}
            | {ins: partial(self._toolkit, answer) for ins, answer in toolkit.COMMANDS.items()}
            | {ENVELOPE: self._envelope},
            tell=self._tell,
            closing=self._closing,
            strict=lambda: self._state.switches.strictness is Strictness.STRICT,
        )
        self._isdr_of_ipae = self._new_isdr_of_ipae()
        store.recover()  # last: an opening that is refused leaves the directory as it was

    @classmethod
    def create(
        cls,
        directory: Path | str,
        *,
        eid: str = DEFAULT_EID,
        pki: TestPki | Path | str | None = None,
        seed: int | None = None,
        max_eims: int = Limits().eims,
        results: int = Limits().results,
        memory: int = Limits().memory,
        card_type: CardType | str = CardType.IOT,
        sgp32: str = "1.2",
        rules: tuple[AuthorisationRule, ...] = (),
        published: bool = False,
        sgp22: str | None = None,
        security_level: bytes | None = None,
        test_profile_servers: tuple[str, ...] = (),
        highest_svn: str | None = None,
        ipae: bool = False,
        fsync: bool = True,
    ) -> Self:
        """Make a card in `directory` and open it.

        `eid` has 32 digits. The EUM of `pki`, a test PKI or a folder in the layout of SGP.26,
        issues the card's certificates; without it, a test PKI in the card's own directory is made
        or reused. With `seed`, keys and challenges repeat. `max_eims`, `results` and `memory`
        (bytes, for Profiles) are how much fits; `card_type` is iot, iot-strict or consumer;
        `sgp32` is the version on the wire, one of 1.0.1, 1.1, 1.2 and 1.3; `rules` is the Rules
        Authorisation Table. `sgp22` is the version of SGP.22, one of 2.5, 2.6.1 and 2.7, by default
        2.7 for SGP.32 v1.3 and else 2.5; `security_level` is the euiccMinimumSecurityLevel of v2.7,
        one byte, and `test_profile_servers` are the SM-DP+ of which a card of v2.7 installs test
        Profiles, if not of all; `highest_svn` is the version of v3 that it announces. With
        `published`, the card has the certificates and keys that `pki` holds for its EID, as SGP.26
        does for the EID of SGP.33; a curve without them gets new ones. With `ipae` it has an IPA of
        its own. Without `fsync`, a power cut may lose the new card or later changes. Raises
        CardError, and then no card was made.
        """
        directory = Path(directory)
        limits = Limits(max_eims, results, memory=memory)
        kind = type_of_card(card_type)
        properties = Properties(
            sgp32, sgp22, security_level, tuple(test_profile_servers) or None, highest_svn
        )
        plan = CardPlan(eid, seed, limits, kind, rules, published, ipae, properties)
        signers = make_identity(directory, plan, pki=pki, fsync=fsync)
        return cls._opened(JsonStore(directory, fsync=fsync), signers)

    @classmethod
    def open(cls, directory: Path | str, *, fsync: bool = True, disk: Disk | None = None) -> Self:
        """Open the card in `directory`. Raises CardError, whose text says what to do.

        Without `fsync` a change survives the end of the process, but perhaps not a power cut.
        """
        return cls._opened(JsonStore(Path(directory), fsync=fsync, disk=disk))

    @classmethod
    def _opened(cls, store: JsonStore, signers: tuple[Signer, ...] = ()) -> Self:
        try:
            return cls(store, signers=signers)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Bring `card.json` up to date and unlock the directory.

        From now on, commands that would change the card are answered 6581.
        """
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def atr(self) -> bytes:
        """The answer to reset; does not reset the card."""
        return ATR

    @property
    def eid(self) -> str:
        """The EID, 32 digits."""
        return self._identity.eid

    @property
    def directory(self) -> Path:
        """The card's directory."""
        return self._store.directory

    @property
    def identity(self) -> Identity:
        """What was fixed when the card was made."""
        return self._identity

    @property
    def state(self) -> State:
        """What the card keeps, as a frozen value."""
        return self._state

    def set_switches(self, switches: Switches) -> None:
        """Make the card difficult, or easy again, while it is open; kept on disk.

        Raises SwitchError for switches that the card cannot have, and OSError when they cannot be
        written; then nothing has changed.
        """
        state = self._state.with_switches(switches)
        self._store.save(state)
        self._state = state
        self._channels.install(self._applications())

    def reset(self) -> bytes:
        """Power on or warm reset: drop channels, sessions and partial requests; return the ATR.

        A download in progress ends, and its result is kept.
        """
        self._show(self._state.enabled)
        self._channels.reset()
        self._isdr_of_ipae = self._new_isdr_of_ipae()
        kept = self._volatile.one_time_keys if ONE_TIME_KEYS_OUTLIVE_RESET else ()
        self._volatile = Volatile(one_time_keys=kept)
        self._env.restart()
        try:
            self._settle()
        except OSError as error:
            log.warning("the result of a download could not be kept yet: %s", error)
        return ATR

    def power_off(self) -> None:
        """Power off: as `reset`, and bring `card.json` up to date."""
        self.reset()
        self._fold()

    def idle(self, seconds: float) -> None:
        """Use a pause of that many seconds for work that no command should wait for.

        Brings `card.json` up to date after a second, or at once when the change log has grown. Call
        this whenever the card is idle.
        """
        if seconds >= QUIET_SECONDS or self._store.has_grown:
            self._fold()

    def transmit(self, apdu: bytes, *, of_ipae: bool = False) -> bytes:
        """Answer a command APDU with data followed by SW1 SW2. Any bytes at all get an answer.

        The card's IPAe has an ISD-R of its own, on no channel, that is always selected.
        """
        apdu = bytes(apdu)
        try:
            if of_ipae:
                return bytes(_with_reason(self._of_ipae(apdu)))
            response = _with_reason(self._channels.transmit(apdu))
            return bytes(toolkit.announced(response, self._volatile.toolkit, self._state.switches))
        except StatusError as error:
            if refuses(error.sw):
                self._refused(error.about or _name(apdu), f"{error.sw:04X}, {error.reason}")
            return error.sw.to_bytes(2)
        except Exception:
            shown = without_pins(apdu).hex()
            log.exception("a bug in this program, answered 6F00; the command was %s", shown)
            self._refused("card", "6F00, a bug in this program: see its log")
            return SW.INTERNAL_ERROR.to_bytes(2)

    def take_events(self) -> list[Event]:
        """The outcomes of functions and the refusals since the last call, oldest first."""
        if not self._events:
            return []
        events = list(self._events)
        self._events.clear()
        return events

    @property
    def ipae_runs(self) -> bool:
        """Whether the card's IPAe is its active IPA, rather than an IPAd (SGP.32 clause 3.8.4)."""
        return self._session().ipae_runs

    def _of_ipae(self, apdu: bytes) -> Response:
        command = Command.parse(apdu)
        if command.ins == Ins.SELECT:
            return Response(self._isdr_of_ipae.fci())
        return self._isdr_of_ipae.call(command)

    def _execute(self, request: bytes, channel: int | None = None) -> bytes:
        """Run one ES10 request: all of it is kept when this returns, nothing when it raises."""
        session = self._session(channel)
        try:
            answer = es10.execute(session, request)
        except StatusError as error:
            error.about = session.function
            session.rewind()
            self._keep_or_refuse(session)
            raise
        self._keep_or_refuse(session)
        return answer

    def _session(self, channel: int | None = None) -> Session:
        return Session(
            self._state,
            self._volatile,
            self._env,
            self._identity,
            self._wire,
            self._signers,
            ran_before=self._store.ran_before,
            on_keys=self.on_keys,
            channel=self._channels.current if channel is None else channel,
        )

    def _keep(self, session: Session) -> None:
        """Keep what a session has done: on disk, then in memory. Raises OSError."""
        before = self._state
        if session.state is not before:
            self._store.save(session.state, session.ran)
        self._state, self._volatile = session.state, session.volatile
        self._events += session.events
        if session.state.profiles is not before.profiles:
            self._profiles_changed(before)

    def _profiles_changed(self, before: State) -> None:
        """Show another Profile's files unless REFRESH has to come first; forget deleted ones."""
        is_switched = self._state.enabled_iccid != before.enabled_iccid
        if is_switched and not self._volatile.toolkit.refreshing:
            self._show(self._state.enabled)
        if len(self._state.profiles) < len(before.profiles):
            self._trees.clear()

    def _show(self, profile: Profile | None) -> None:
        """Let the files be those of that Profile, or of the card alone."""
        self._sim, self._shown = None, profile

    def _keep_or_refuse(self, session: Session) -> None:
        """The same for a command: StatusError 6581 when it cannot be written."""
        try:
            self._keep(session)
        except OSError as error:
            refusal = _not_kept(error)
            refusal.about = session.function
            raise refusal from error

    def _fold(self) -> None:
        try:
            self._store.fold()
        except OSError as error:
            log.warning("card.json is not up to date, its changes wait in card.changes: %s", error)

    def _settle(self) -> None:
        """End a download that cannot continue. Raises OSError when that cannot be kept."""
        session = self._session()
        es10.interrupt(session)
        self._keep(session)

    def _closing(self, channel: int) -> None:
        """End a download that came on a channel. Raises StatusError 6581 if that cannot be kept."""
        loading = self._volatile.loading
        is_loading = loading is not None and loading.channel == channel
        loses = self._state.switches.lost_with_channel
        try:
            if loses and (is_loading or self._volatile.rsp_channel == channel):
                self._lose_download(channel)
            elif is_loading:
                self._settle()
        except OSError as error:
            raise _not_kept(error) from error

    def _lose_download(self, channel: int) -> None:
        """Forget the RSP session and its download, without a result. Raises OSError."""
        if self._state.installation is not None:
            state = replace(self._state, installation=None)
            self._store.save(state)
            self._state = state
        self._volatile = self._volatile.ended()
        self._tell(
            "MANAGE CHANNEL",
            f"what was downloaded on channel {channel} is lost with it "
            "(card set --no-lost-with-channel)",
            lost=True,
        )

    def _terminal_capability(self, command: Command) -> Response:
        """TERMINAL CAPABILITY, ETSI TS 102 221 11.1.19: always accepted."""
        declared = declares_ipad(command.data)
        self._volatile = replace(self._volatile, ipad_declared=declared)
        return Response()

    def _toolkit(self, answer: toolkit.Answer, command: Command) -> Response:
        """A command of the card application toolkit. Raises StatusError."""
        outcome = answer(self._volatile.toolkit, self._state.switches, command)
        self._volatile = replace(self._volatile, toolkit=outcome.toolkit)
        self._tell(instruction(command.ins), outcome.said)
        return outcome.response

    def _envelope(self, command: Command) -> Response:
        """ENVELOPE: to the SIM, or to the toolkit. Raises StatusError."""
        if not ota.is_sms_pp(command.data):
            return self._toolkit(toolkit.envelope, command)
        received = ota.receive(self._present_sim(), command.data)
        self._tell(instruction(command.ins), received.said)
        return received.response

    def _refused(self, name: str, text: str) -> None:
        self._tell(name, text, lost=True)

    def _tell(self, name: str, text: str, *, lost: bool = False) -> None:
        self._events.append(Event(name, refused=lost, text=f"{name}: {text}"))

    def _applications(self) -> tuple[Installed, ...]:
        """What can be selected beside a SIM: the ISD-R by each of its AIDs, the ECASD."""
        switches = self._state.switches
        standard = Installed(ISDR_AID, partial(self._new_isdr, ISDR_AID))
        further = [Installed(aid, partial(self._new_isdr, aid)) for aid in switches.isdr_aids]
        ecasd = Installed(ECASD_AID, self._new_ecasd)
        if switches.standard_isdr_aid:
            return (standard, *further, ecasd)
        # the last, so that a part of an AID finds the others
        return (*further, ecasd, Installed(ISDR_AID, self._no_isdr))

    def _no_isdr(self) -> NoReturn:
        aids = ", ".join(one.hex().upper() for one in self._state.switches.isdr_aids)
        raise StatusError(
            SW.NOT_FOUND,
            "the ISD-R does not have its standard AID (card set --standard-isdr-aid)",
            f"it has {aids}",
        )

    def _new_isdr(self, aid: bytes) -> IsdR:
        return IsdR(self._execute, self._describe, self._tell, aid)

    def _new_isdr_of_ipae(self) -> IsdR:
        return IsdR(lambda request: self._execute(request, IPAE), self._describe, self._tell)

    def _new_ecasd(self) -> Ecasd:
        return Ecasd(self._identity.eid_bytes)

    def _new_files(self) -> SimFiles:
        return SimFiles(self._present_sim, self._tell)

    def _present_sim(self) -> Sim:
        """The SIM of the Profile that is shown; it is made when it is first looked at."""
        if self._sim is None:
            tree, state = platform(), SimState()
            if profile := self._shown:
                tree, state = self._tree(profile), profile.sim
                try:
                    check_fit(tree, state)
                except SimMisfitError as error:
                    self._no_sim(f"{DOCUMENT}, {error}")
                    tree, state = platform(profile.iccid), SimState()
            self._sim = Sim(tree, state, self._keep_sim, self._env.random)
        return self._sim

    def _no_sim(self, why: str) -> None:
        self._refused("card", f"the enabled Profile cannot be used as a SIM: {why}")

    def _tree(self, profile: Profile) -> Tree:
        for package, tree in self._trees:
            if package is profile.package:
                return tree
        try:
            tree = tree_of(saip.contents_of(profile.package), profile.iccid)
        except saip.PackageError as error:
            self._no_sim(str(error))
            tree = platform(profile.iccid)
        self._trees.append((profile.package, tree))
        return tree

    def _keep_sim(self, sim: SimState) -> None:
        """Keep what a command has changed in the SIM that is shown. Raises StatusError 6581."""
        profile = self._shown and self._state.find_profile(self._shown.iccid)
        if profile is None:
            raise StatusError(SW.MEMORY_FAILURE, "there is no Profile that could keep this")
        state = self._state.with_profile(replace(profile, sim=sim))
        try:
            self._store.save(state)
        except OSError as error:
            raise _not_kept(error) from error
        self._state = state

    def _describe(self) -> bytes:
        svn = self._identity.sgp22.svn
        enabled = self._state.enabled is not None
        has_ipae = self._identity.has_ipae
        return es10.templates(self._wire, svn, has_ipae=has_ipae, profile_enabled=enabled)


def _not_kept(error: OSError) -> StatusError:
    return StatusError(SW.MEMORY_FAILURE, f"not kept: {error.strerror or error}")


def _with_reason(response: Response) -> Response:
    """An application's response; ValueError for a refusal, which must be raised with a reason."""
    sw = response.sw
    if sw != SW.OK and refuses(sw) and not counts_tries(sw):
        raise ValueError(f"{sw:04X} was returned without a reason")
    return response


def _name(apdu: bytes) -> str:
    return instruction(apdu[1]) if len(apdu) > 1 else "command"
