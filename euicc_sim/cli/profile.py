"""`euicc-sim profile`: be an LPA: install Profiles on a card, switch, name and delete them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.asn1.sgp32.profiles import EuiccMemoryResetRequest, EuiccMemoryResetRequestValue
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.link import CardOption, ReaderOption, open_lpa
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.machine_card import NotificationOutput
from euicc_sim.cli.profile_download import download
from euicc_sim.cli.profile_edit import edit
from euicc_sim.cli.profile_fetch import fetch
from euicc_sim.cli.profile_files import files
from euicc_sim.cli.profile_tables import for_machines, listed_notifications, listed_profiles
from euicc_sim.cli.rsp_options import SGP32_DEFAULT, Sgp32Option
from euicc_sim.parties.lpa import Lpa, ResetOption, identifier
from euicc_sim.parties.messages import LpaError

_SHOWN = (0x5A, 0x4F, 0x9F70, 0x90, 0x91, 0x92, 0x95, 0x99, 0x9F7B, 0x9F26, 0x9F67)
"""The tags of what `list` asks for: all but icons, recipients and owner."""

_NO_SUCH_FUNCTION = "6A88"

app = typer.Typer(
    name="profile",
    no_args_is_help=True,
    help="Be an LPA: download Profiles to a card, enable, disable, name and delete them.",
)
app.command()(download)
app.command()(fetch)
app.command()(edit)
app.command()(files)

Id = Annotated[
    str,
    typer.Argument(metavar="ID", help="ICCID, or AID in 32 hex digits.", show_default=False),
]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Set refreshFlag: the card may have to ask for REFRESH.")
]


@app.command("list")
def list_(
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs, with AIDs and all other fields.")
    ] = False,
    card: CardOption = None,
    reader: ReaderOption = None,
    sgp32: Sgp32Option = SGP32_DEFAULT,
) -> None:
    """List the Profiles of a card."""
    with open_lpa(card, reader, sgp32) as lpa:
        found = lpa.profiles(_SHOWN)
    if as_json:
        print_json([for_machines(one) for one in found])
    elif found:
        console.print(listed_profiles(found))
    else:
        console.print("no Profiles; install one with: euicc-sim profile download FILE")


@app.command()
def enable(
    profile: Id, refresh: Refresh = False, card: CardOption = None, reader: ReaderOption = None
) -> None:
    """Enable a Profile; the one that was enabled is disabled."""
    with open_lpa(card, reader) as lpa, _left_to_an_eim(lpa, "enable", profile):
        lpa.enable(profile, refresh=refresh)
    _say(f"{profile} enabled")


@app.command()
def disable(
    profile: Id, refresh: Refresh = False, card: CardOption = None, reader: ReaderOption = None
) -> None:
    """Disable a Profile; then none is enabled."""
    with open_lpa(card, reader) as lpa, _left_to_an_eim(lpa, "disable", profile):
        lpa.disable(profile, refresh=refresh)
    _say(f"{profile} disabled")


@app.command()
def delete(profile: Id, card: CardOption = None, reader: ReaderOption = None) -> None:
    """Delete a disabled Profile."""
    with open_lpa(card, reader) as lpa, _left_to_an_eim(lpa, "delete", profile):
        lpa.delete(profile)
    _say(f"{profile} deleted")


@app.command()
def nickname(
    profile: Id,
    name: Annotated[str, typer.Argument(help='Up to 64 bytes; "" removes it.')],
    card: CardOption = None,
    reader: ReaderOption = None,
) -> None:
    """Give a Profile a nickname."""
    with open_lpa(card, reader) as lpa:
        try:
            lpa.set_nickname(_iccid(lpa, profile), name)
        except LpaError as error:
            if error.code != _NO_SUCH_FUNCTION:
                raise
            fail(
                "This card does not support nicknames, and SGP.32 has no operation for them; "
                "use a card of type iot: euicc-sim card new DIR --type iot"
            )
    _say(f"{profile} is called {name!r}" if name else f"{profile} has no nickname")


@app.command()
def notifications(
    as_json: JsonOption = False, card: CardOption = None, reader: ReaderOption = None
) -> None:
    """List the notifications that the card has for servers, oldest first."""
    with open_lpa(card, reader) as lpa:
        found = lpa.notifications()
    if as_json:
        print_json([NotificationOutput.listed(one) for one in found])
        return
    console.print(listed_notifications(found) if found else "no notifications")


@app.command()
def reset(
    operational: Annotated[
        bool, typer.Option("--operational", help="Delete the operational Profiles.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Delete the test Profiles that were downloaded.")
    ] = False,
    smdp_address: Annotated[
        bool, typer.Option("--smdp-address", help="Forget the default SM-DP+ address.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All of these.")] = False,
    card: CardOption = None,
    reader: ReaderOption = None,
) -> None:
    """Reset the memory of a card, without asking: what the options name is deleted."""
    wanted = {
        ResetOption.OPERATIONAL_PROFILES: operational,
        ResetOption.FIELD_LOADED_TEST_PROFILES: test,
        ResetOption.DEFAULT_SMDP_ADDRESS: smdp_address,
    }
    options = frozenset(one for one, chosen in wanted.items() if chosen or everything)
    if not options:
        fail("Say what to delete: --operational, --test, --smdp-address or --all.")
    with open_lpa(card, reader) as lpa:
        try:
            lpa.memory_reset(options)
        except LpaError as error:
            if error.code != _NO_SUCH_FUNCTION:
                raise
            value = EuiccMemoryResetRequestValue(resetOptions=options)
            same = WIRE_1_2[EuiccMemoryResetRequest].encode(value).hex().upper()
            fail(
                "This card knows the memory reset of SGP.32 only; "
                f"send it with: euicc-sim apdu es10 {same}"
            )
    _say("memory reset")


@contextmanager
def _left_to_an_eim(lpa: Lpa, order: str, profile: str) -> Iterator[None]:
    """On a card that no LPA manages, say how an eIM orders the same."""
    try:
        yield
    except LpaError as error:
        if error.code != _NO_SUCH_FUNCTION:
            raise
        fail(
            f"This card does not obey an LPA; an eIM has to order it by a package: "
            f"euicc-sim eim package EIM.json {order}:{_iccid(lpa, profile)} --eid {lpa.eid()}"
        )


def _iccid(lpa: Lpa, profile: str) -> str:
    """The ICCID of a Profile that is named by ICCID or AID. Raises LpaError."""
    form, value = identifier(profile)
    if form == "iccid":
        return profile
    for one in lpa.profiles((0x5A, 0x4F)):
        if one.aid == value and one.iccid:
            return one.iccid
    raise LpaError(f"The card has no Profile {profile}. List its Profiles.")


def _say(sentence: str) -> None:
    console.print(Text(sentence))
