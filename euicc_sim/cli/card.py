"""`euicc-sim card`: make, show, copy and set cards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.text import Text

import euicc_sim
from apdu.words import did_you_mean
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.saip.names import ELEMENTS, PE_STATUSES, PEStatus
from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.cli.card_tables import card_table, eims_table, settings_table
from euicc_sim.cli.command import CardArgument
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.machine_card import CardOutput
from euicc_sim.cli.profile_tables import kept_profiles, sim_facts
from euicc_sim.env import SystemEnv
from euicc_sim.formats.saip import PackageError, contents_of
from euicc_sim.model.identity import SECURITY_LEVEL, CardType
from euicc_sim.model.profile import AuthorisationRule, Operator, Rule
from euicc_sim.model.sgp22_versions import SGP22_VERSIONS
from euicc_sim.model.state import Limits, RefusedElement, Strictness
from euicc_sim.parties.messages import Address, AddressError
from euicc_sim.store import (
    DEFAULT_EID,
    DOCUMENT,
    SGP33_EID,
    Keep,
    Properties,
    changed_at,
    check_card,
    copy_card,
    mend_card,
    read,
    set_properties,
    set_switches,
)
from euicc_sim.uicc import SimMisfitError, check_fit, tree_of
from keys import make_eid

EVERY_OPERATOR = Operator(bytes.fromhex("EEEEEE"), gid1=b"", gid2=b"")
PPR_WITH_CONSENT = AuthorisationRule(
    frozenset({Rule.PPR1_NO_DISABLE, Rule.PPR2_NO_DELETE}), (EVERY_OPERATOR,), consent_required=True
)
"""The row of a Rules Authorisation Table that lets every operator use both policy rules."""

_VERSIONS = f"{', '.join([*VERSIONS][:-1])} or {[*VERSIONS][-1]}"
_SGP22 = f"{', '.join([*SGP22_VERSIONS][:-1])} or {[*SGP22_VERSIONS][-1]}"
_SIZE = re.compile(r"([0-9]{1,12})([kM]?)")
_WITHOUT_CHECK_DIGITS = 30
_AID_SIZES = range(5, 17)
"""Bytes of an AID (ISO/IEC 7816-4 clause 12.2.3)."""
_RANDOM_SIZE = 16
_UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20}

T = TypeVar("T")

app = typer.Typer(name="card", help="Make, show, copy, check and set cards.", no_args_is_help=True)

SecurityLevelOption = Annotated[
    str | None,
    typer.Option(
        metavar="HEX",
        help="The euiccMinimumSecurityLevel of a card of SGP.22 v2.7, one byte: a Profile that "
        "asks for more is not installed.",
        show_default=SECURITY_LEVEL.hex().upper(),
    ),
]
NewDirectory = Annotated[
    Path, typer.Argument(metavar="DIR", help="The card's directory.", show_default=False)
]


@app.command()
def new(
    directory: NewDirectory,
    eid: Annotated[
        str,
        typer.Option(
            metavar="DIGITS",
            help="32 digits, or 30 without the check digits, or random.",
        ),
    ] = DEFAULT_EID,
    pki: Annotated[
        Path | None,
        typer.Option(help="A PKI folder in the layout of GSMA SGP.26. Default: make one."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Make keys and challenges that repeat, for scripts.")
    ] = None,
    card_type: Annotated[
        CardType,
        typer.Option(
            "--type",
            help="SGP.32 that an LPA can also manage, SGP.32 only, or SGP.22 only: some LPAs "
            "encode EUICCInfo2 anew and lose what SGP.32 has added, and only the last works then.",
        ),
    ] = CardType.IOT,
    sgp33: Annotated[
        bool,
        typer.Option(
            "--sgp33",
            help=f"The eUICC of SGP.33-1: its EID, {SGP33_EID}, and the eUICC certificates and "
            "keys of --pki for it, such as the published ones of SGP.26.",
        ),
    ] = False,
    sgp32: Annotated[
        str, typer.Option(metavar="VERSION", help=f"The version of SGP.32 it speaks: {_VERSIONS}.")
    ] = "1.2",
    sgp22: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            help=f"The version of SGP.22 it is of: {_SGP22}.",
            show_default="2.7 for SGP.32 v1.3, else 2.5",
        ),
    ] = None,
    highest_svn: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            help="Announce that version of SGP.22 v3, such as 3.1.0, beside its own (highestSvn).",
            show_default="none",
        ),
    ] = None,
    ipae: Annotated[
        bool,
        typer.Option(
            "--ipae", help="It has an IPA of its own (IPAe), which serve plays against its eIM."
        ),
    ] = False,
    security_level: SecurityLevelOption = None,
    test_profile_server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="The only SM-DP+ whose test Profiles a card of SGP.22 v2.7 installs; repeatable.",
            show_default="every one",
        ),
    ] = None,
    memory: Annotated[
        str,
        typer.Option(metavar="SIZE", help="Memory for Profiles in bytes, such as 64k or 1M."),
    ] = f"{Limits().memory >> 10}k",
    max_eims: Annotated[int, typer.Option(min=1, help="How many eIMs fit.")] = Limits().eims,
    results: Annotated[
        int, typer.Option(min=1, help="How many package results are kept.")
    ] = Limits().results,
    allow_ppr: Annotated[
        bool,
        typer.Option(
            "--allow-ppr", help="Profiles of every operator may have PPR1 and PPR2, with consent."
        ),
    ] = False,
) -> None:
    """Make a card in a new directory."""
    if sgp33:
        _check_sgp33(eid, card_type)
    with euicc_sim.Card.create(
        directory,
        eid=_eid(eid),
        pki=pki,
        seed=seed,
        max_eims=max_eims,
        results=results,
        memory=_bytes(memory),
        card_type=card_type,
        sgp32=sgp32,
        sgp22=sgp22,
        security_level=_level(security_level),
        test_profile_servers=_each(_server, test_profile_server) or (),
        highest_svn=highest_svn,
        rules=(PPR_WITH_CONSENT,) if allow_ppr else (),
        published=sgp33,
        ipae=ipae,
    ) as card:
        console.print(Text(f"card {card.eid} made in {directory}"))
        if sgp33 and pki is None:
            console.print(Text("its keys are new; --pki takes those that SGP.26 publishes"))
        console.print(Text(f"serve it on a reader with: euicc-sim serve --card {directory}"))


def _check_sgp33(eid: str, card_type: CardType) -> None:
    """Fail where other options contradict --sgp33."""
    if eid not in (DEFAULT_EID, SGP33_EID):
        fail(f"--sgp33 is the EID {SGP33_EID}; leave out --eid, or --sgp33.")
    if card_type is CardType.CONSUMER:
        fail("SGP.33-1 is for IoT eUICCs; leave out --type consumer, or --sgp33.")


def _eid(given: str) -> str:
    """An EID of 32 digits. Raises PkiError."""
    if given == "random":
        serial = int.from_bytes(SystemEnv().random(_RANDOM_SIZE)) % 10**22
        return make_eid(DEFAULT_EID[:8], serial)
    if len(given) == _WITHOUT_CHECK_DIGITS and given.isdecimal():
        return make_eid(given[:8], int(given[8:]))
    return given


@app.command()
def copy(
    source: Annotated[Path, typer.Argument(help="The card's directory.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")],
) -> None:
    """Copy a card, even while it is in use."""
    copy_card(source, target)
    console.print(Text(f"{source} copied to {target}"))


@app.command()
def show(card: CardArgument, as_json: JsonOption = False) -> None:
    """Show what a card keeps, even while it is in use."""
    identity, state, _ = read(card)
    if as_json:
        print_json(CardOutput.of(identity, state, changed_at(card)))
        return
    changed = datetime.fromtimestamp(changed_at(card), UTC)
    console.print(card_table(identity, state, changed))
    if state.profiles:
        console.print(kept_profiles(state))
        if state.enabled is not None and (sim := sim_facts(state.enabled)) is not None:
            console.print(sim)
    else:
        console.print(Text(f"no Profiles; euicc-sim profile download FILE --card {card}"))
    console.print(eims_table(state))


@app.command()
def check(card: CardArgument) -> None:
    """Check whether a card's directory is sound, even while it is in use. Changes nothing."""
    for one in check_card(card):
        console.print(Text(one))
    for number, profile in enumerate(read(card)[1].profiles):
        try:
            check_fit(tree_of(contents_of(profile.package), profile.iccid), profile.sim)
        except SimMisfitError as error:
            fail(f"{card / DOCUMENT}, at profiles[{number}].{error}.")
        except PackageError as error:
            named = iccid_digits(profile.iccid)
            console.print(Text(f"Profile {named} cannot be used as a SIM: {error}"))
    console.print(Text(f"{card} is sound"))


@app.command()
def mend(
    card: CardArgument,
    keep: Annotated[
        Keep | None,
        typer.Option(
            help="The edited card.json as it is, or the changes, made to the edited card.json. "
            "The other file gets a new name."
        ),
    ] = None,
) -> None:
    """Decide what counts when card.json was edited while changes of a crash waited beside it.

    A damaged card.history is mended first: what can be read of it is kept.
    """
    console.print(Text(mend_card(card, keep)))


@app.command("set")
def set_(
    card: CardArgument,
    reset_after_switch: Annotated[
        bool | None,
        typer.Option(
            "--reset-after-switch/--no-reset-after-switch",
            help="Once the enabled Profile has changed, ES10 is 6985 until the next reset.",
        ),
    ] = None,
    ipad_required: Annotated[
        bool | None,
        typer.Option(
            "--ipad-required/--no-ipad-required",
            help="ES10 is 6985 until TERMINAL CAPABILITY declares an IPAd.",
        ),
    ] = None,
    toolkit: Annotated[
        bool | None,
        typer.Option(
            "--toolkit/--no-toolkit",
            help="After TERMINAL PROFILE, a switch ends with 91XX and REFRESH, and the reset that "
            "follows changes the files; without, it changes them at once.",
        ),
    ] = None,
    poll_interval: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=255,
            help="Ask for it with POLL INTERVAL after TERMINAL PROFILE; 0 does not.",
        ),
    ] = None,
    toolkit_busy: Annotated[
        bool | None,
        typer.Option(
            "--toolkit-busy/--no-toolkit-busy",
            help="A proactive session is in progress: what needs a REFRESH is catBusy.",
        ),
    ] = None,
    memory_full: Annotated[
        bool | None,
        typer.Option("--memory-full/--no-memory-full", help="Nothing more fits."),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict",
            help="Refuse every request that is not in the form of the standard, as chips do.",
        ),
    ] = None,
    lenient: Annotated[
        bool | None,
        typer.Option(
            "--lenient/--no-lenient",
            help="Serve every request that can be understood. With neither, only the wrong forms "
            "that known clients send are served.",
        ),
    ] = None,
    never_twice: Annotated[
        bool | None,
        typer.Option(
            "--never-twice/--no-never-twice",
            help="A package that ran before is a replay, even if its eIM's counter began anew.",
        ),
    ] = None,
    profile_required: Annotated[
        bool | None,
        typer.Option(
            "--profile-required/--no-profile-required",
            help="While Profiles are installed and none is enabled, ES10 is 6985, but for the "
            "functions that enable one.",
        ),
    ] = None,
    lost_with_channel: Annotated[
        bool | None,
        typer.Option(
            "--lost-with-channel/--no-lost-with-channel",
            help="Closing a channel loses the download that was begun on it, with no result.",
        ),
    ] = None,
    number_from_zero: Annotated[
        bool | None,
        typer.Option(
            "--number-from-zero/--no-number-from-zero",
            help="The first notification or package result has the seqNumber 0. For a new card.",
        ),
    ] = None,
    isdr_aid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AID",
            help="The ISD-R can be selected by this AID too; repeat for several. They take the "
            "place of those that were given before.",
        ),
    ] = None,
    no_isdr_aid: Annotated[
        bool, typer.Option("--no-isdr-aid", help="The ISD-R has its standard AID alone.")
    ] = False,
    standard_isdr_aid: Annotated[
        bool | None,
        typer.Option(
            "--standard-isdr-aid/--no-standard-isdr-aid",
            help="The ISD-R can be selected by its standard AID; without, only by those of "
            "--isdr-aid.",
        ),
    ] = None,
    refuse_element: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=STATUS]",
            help="Refuse to install a Profile that has this Profile Element, such as opt-isim; "
            "repeat for several. They take the place of those that were given before. STATUS is "
            f"the PEStatus in the result; the default is {PE_STATUSES[PEStatus.PE_NOT_SUPPORTED]}.",
        ),
    ] = None,
    no_refuse_element: Annotated[
        bool, typer.Option("--no-refuse-element", help="Refuse no Profile Element for its name.")
    ] = False,
    sgp32: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help=f"Speak a different version of SGP.32: {_VERSIONS}."),
    ] = None,
    sgp22: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help=f"Be of a different version of SGP.22: {_SGP22}."),
    ] = None,
    security_level: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="A different euiccMinimumSecurityLevel, one byte."),
    ] = None,
    test_profile_server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="The only SM-DP+ whose test Profiles are installed; repeat for several. They take "
            "the place of those that were given before.",
        ),
    ] = None,
    no_test_profile_server: Annotated[
        bool,
        typer.Option("--no-test-profile-server", help="Test Profiles of every SM-DP+ are."),
    ] = False,
    highest_svn: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Announce that version of SGP.22 v3, such as 3.1.0."),
    ] = None,
    no_highest_svn: Annotated[
        bool, typer.Option("--no-highest-svn", help="Announce no version of SGP.22 v3.")
    ] = False,
) -> None:
    """Make a closed card difficult, or easy again; without options print its settings.

    The switches show how software copes with such a card. A new card has them all off but for
    --toolkit and --standard-isdr-aid. docs/card.md says of each where it was seen.
    """
    if (
        (isdr_aid and no_isdr_aid)
        or (refuse_element and no_refuse_element)
        or (test_profile_server and no_test_profile_server)
        or (highest_svn and no_highest_svn)
    ):
        fail("give an option or its --no- form, not both.")
    wanted: dict[str, object] = {
        "reset_after_switch": reset_after_switch,
        "ipad_required": ipad_required,
        "toolkit": toolkit,
        "poll_interval": poll_interval,
        "toolkit_busy": toolkit_busy,
        "memory_full": memory_full,
        "never_twice": never_twice,
        "profile_required": profile_required,
        "lost_with_channel": lost_with_channel,
        "number_from_zero": number_from_zero,
        "isdr_aids": () if no_isdr_aid else _each(_further_aid, isdr_aid),
        "standard_isdr_aid": standard_isdr_aid,
        "refused_elements": () if no_refuse_element else _each(_refused, refuse_element),
        "strictness": _strictness(card, strict=strict, lenient=lenient),
    }
    properties = Properties(
        sgp32,
        sgp22,
        _level(security_level),
        () if no_test_profile_server else _each(_server, test_profile_server),
        "" if no_highest_svn else highest_svn,
    )
    changes = {name: value for name, value in wanted.items() if value is not None}
    if properties == Properties():
        switches = set_switches(card, **changes)
    else:
        switches = set_properties(card, properties, **changes)
    console.print(settings_table(read(card)[0], switches))


def _each(read: Callable[[str], T], given: list[str] | None) -> tuple[T, ...] | None:
    """What was given, read; None if nothing was."""
    return tuple(map(read, given)) if given else None


def _server(given: str) -> str:
    """The address of a server, as it was given: the card compares the text."""
    try:
        Address.read(given)
    except AddressError as error:
        fail(str(error))
    return given


def _further_aid(given: str) -> bytes:
    """An AID in hex digits."""
    try:
        aid = bytes.fromhex(given)
    except ValueError:
        aid = b""
    if len(aid) not in _AID_SIZES:
        fail(f"{given[:40]!r} is not an AID; write 5 to 16 bytes as pairs of hex digits.")
    return aid


def _refused(given: str) -> RefusedElement:
    """A Profile Element, and its PEStatus."""
    name, equals, word = given.partition("=")
    if name not in ELEMENTS:
        fail(f"{name[:40]!r} is not a Profile Element. {did_you_mean(name, ELEMENTS)}")
    statuses = {text: number for number, text in PE_STATUSES.items() if number}
    status = statuses.get(word) if equals else PEStatus.PE_NOT_SUPPORTED
    if status is None:
        fail(f"{word[:40]!r} is not a PEStatus of a refusal. {did_you_mean(word, statuses)}")
    return RefusedElement(name, status)


def _strictness(directory: Path, *, strict: bool | None, lenient: bool | None) -> Strictness | None:
    """What `--strict` and `--lenient` ask for; None is no change."""
    if strict and lenient:
        fail("a card is either strict or lenient; give one of --strict and --lenient.")
    if strict or lenient:
        return Strictness.STRICT if strict else Strictness.LENIENT
    ended = {Strictness.STRICT: strict, Strictness.LENIENT: lenient}
    if strict is lenient is None:
        return None
    now = read(directory)[1].switches.strictness
    return Strictness.DEFAULT if ended.get(now) is False else now


def _level(digits: str | None) -> bytes | None:
    """A security level in hex digits."""
    if digits is None:
        return None
    try:
        return bytes.fromhex(digits)
    except ValueError:
        fail(f"{digits[:40]!r} is not a security level; write it as hex digits, such as 0C.")


def _bytes(size: str) -> int:
    """How many bytes `64k` or `1M` are."""
    found = _SIZE.fullmatch(size)
    if found is None:
        fail(f"{size[:40]!r} is not a memory size; write bytes, such as 65536, 64k or 1M.")
    return int(found[1]) * _UNITS[found[2]]
