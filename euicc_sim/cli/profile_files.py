"""`euicc-sim profile files`: the files of a Profile's SIM, as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from euicc_sim.asn1.iccid import iccid_digits, iccid_from
from euicc_sim.cli.console import columns, console, facts, fail
from euicc_sim.cli.link import CardOption, ReaderOption, directory_named
from euicc_sim.formats.file_contents import decoded
from euicc_sim.formats.saip import Kind, PackageError, contents_of
from euicc_sim.model.profile import Profile
from euicc_sim.store import read
from euicc_sim.uicc import Described, SimMisfitError, check_fit, inventory, tree_of

_HEAD = ("file", "name", "size", "read", "update", "content")
_SHORT = 12
_KINDS = {
    Kind.MF: "MF",
    Kind.ADF: "ADF",
    Kind.DF: "DF",
    Kind.TRANSPARENT: "transparent",
    Kind.LINEAR_FIXED: "linear fixed",
    Kind.CYCLIC: "cyclic",
    Kind.BER_TLV: "BER-TLV",
}
_LINE = 32


def files(
    iccid: Annotated[
        str, typer.Argument(metavar="ICCID", help="18 to 20 digits.", show_default=False)
    ],
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="PATH",
            help="One file: its name (EF.IMSI), or identifiers as listed (7FD0/6F07).",
            show_default=False,
        ),
    ] = None,
    card: CardOption = None,
    reader: ReaderOption = None,
) -> None:
    """Show the files of a Profile, or one file with its FCP and content; nothing changes.

    euicc-sim profile files 8900101000000000100 EF.IMSI --card card
    """
    profile = _profile(iccid, read(directory_named(card, reader))[1].profiles)
    try:
        tree = tree_of(contents_of(profile.package), profile.iccid)
        check_fit(tree, profile.sim)
        found = list(inventory(tree, profile.sim))
    except SimMisfitError as error:
        fail(f"What the card keeps of this Profile does not fit its package: {error}.")
    except PackageError as error:
        fail(f"The package of this Profile cannot be used: {error}.")
    if path is None:
        console.print(_table(found))
        return
    one = _chosen(found, path)
    console.print(_facts(one))
    for number, record in enumerate(one.records, 1):
        _print_content(one, number, record)


def _profile(iccid: str, profiles: Sequence[Profile]) -> Profile:
    try:
        wanted = iccid_from(iccid)
    except ValueError as error:
        fail(f"{error}. Write its 18 to 20 digits as printed on a SIM.")
    found = next((one for one in profiles if one.iccid == wanted), None)
    if found is None:
        known = ", ".join(iccid_digits(one.iccid) for one in profiles) or "none"
        fail(f"The card has no Profile {iccid_digits(wanted)}; it has {known}.")
    return found


def _table(found: Sequence[Described]) -> Table:
    rows = []
    for one in found:
        depth = len(one.file.path) // 2
        name = "  " * depth + one.file.fid.hex().upper()
        shown = (one.conditions.get("read", ""), one.conditions.get("update", ""))
        rows.append((name, one.file.label, _size(one), *shown, _summary(one)))
    return columns(_HEAD, rows, {"file", "name", "size"})


def _size(one: Described) -> str:
    if one.kind.is_directory:
        return ""
    return f"{len(one.content) // one.record}x{one.record}" if one.record else f"{len(one.content)}"


def _summary(one: Described) -> str:
    """What a file says, on a line."""
    if one.kind is Kind.ADF:
        return one.file.name.hex().upper()
    said = [words for record in one.records if (words := decoded(one.file.label, record))]
    if said:
        return "; ".join(said)
    if not one.content.strip(b"\xff"):
        return "" if one.kind.is_directory else "blank"
    more = "…" if len(one.content) > _SHORT else ""
    return f"{one.content[:_SHORT].hex().upper()}{more}"


def _chosen(found: Sequence[Described], path: str) -> Described:
    """The file of a name or of identifiers; only one may fit."""
    first, *rest = wanted = [one for one in path.upper().split("/") if one] or [""]
    from_mf = first in ("3F00", "MF")
    fit = [one for one in found if _fits(one, found, rest if from_mf else wanted, from_mf)]
    if len(fit) > 1:
        places = ", ".join(_path(one) for one in fit)
        fail(f"{path[:60]} may be any of {places}; name one of them.")
    if not fit:
        fail(f"There is no file {path[:60]}; without a path all files are listed.")
    return fit[0]


def _fits(one: Described, found: Sequence[Described], wanted: Sequence[str], from_mf: bool) -> bool:
    """Whether the last parts of the file's path, or their names, are those; or all, from the MF."""
    labels = {each.file.path: each.file.label.upper() for each in found}
    at = one.file.path
    for word in reversed(wanted):
        if not at or not (word == at[-2:].hex().upper() or word == labels[at]):
            return False
        at = at[:-2]
    return not at if from_mf else True


def _path(one: Described) -> str:
    path = one.file.path.hex().upper()
    return "/".join(path[at : at + 4] for at in range(0, len(path), 4)) or "3F00"


def _facts(one: Described) -> Table:
    file = one.file
    rows = {
        "file": f"{_path(one)} {file.label}",
        "kind": _KINDS[one.kind],
        "AID": file.name.hex().upper(),
        "short identifier": "" if file.sfi is None else f"{file.sfi:02X}",
        "size": _size(one),
        "state": "" if one.activated else "deactivated",
        "shares the content of": "" if file.link is None else file.link.hex().upper(),
        "access rule": f"record {file.rule[2]} of {file.rule[:2].hex().upper()}",
        **one.conditions,
        "FCP": one.fcp.hex().upper(),
    }
    return facts({name: value for name, value in rows.items() if value})


def _print_content(one: Described, number: int, record: bytes) -> None:
    """A record in hex, and what it says."""
    head = f"record {number}" if one.record else "content"
    lines = [record[at : at + _LINE].hex().upper() for at in range(0, len(record), _LINE)]
    for at, line in enumerate(lines):
        console.print(Text(f"{head if not at else '':<10}  {line}"))
    if words := decoded(one.file.label, record):
        console.print(Text(f"{'':<10}  {words}"))
