"""`euicc-sim profile download`: bind profile packages for a card and install them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from euicc_sim.asn1.wire import Wire
from euicc_sim.cli.console import console, fail, stderr
from euicc_sim.cli.link import CardOption, ReaderOption, open_lpa_and_link, pki_of
from euicc_sim.cli.rsp_options import SGP32_DEFAULT, Sgp32Option, wire_named
from euicc_sim.crypto.chain import InvalidCertificateError, UnsupportedCurveError
from euicc_sim.formats.file_contents import ContentError
from euicc_sim.formats.saip.sample import IMSI, sample
from euicc_sim.parties.lpa import Progress as Tell
from euicc_sim.parties.smdpp import (
    SEGMENT_SIZE,
    SERVICE_PROVIDER_NAME,
    Event,
    IconType,
    Metadata,
    MetadataError,
    NotificationTarget,
    Order,
    Owner,
    PolicyRule,
    ProfileClass,
    Smdpp,
    metadata_of,
)
from keys import Curve, TestPki, profiles

TestOption = Annotated[
    bool,
    typer.Option(
        "--test",
        help="The test Profile of this program: PLMN 001-01, Milenage with the keys of TS 35.208 "
        "set 1.",
    ),
]
ImsiOption = Annotated[
    str | None, typer.Option(metavar="DIGITS", help="The IMSI of the USIM, up to 15 digits.")
]


class WordError(ValueError):
    """An option that means nothing; a sentence with the next step."""


class ClassName(StrEnum):
    """profileClass."""

    TEST = "test"
    PROVISIONING = "provisioning"
    OPERATIONAL = "operational"


def download(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Unprotected profile packages, DER as in GSMA TS.48.",
            show_default=False,
        ),
    ] = None,
    test: TestOption = False,
    imsi: Annotated[
        str | None,
        typer.Option(metavar="DIGITS", help="The IMSI of the test Profile, 15 digits."),
    ] = None,
    card: CardOption = None,
    reader: ReaderOption = None,
    pki: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The PKI that the card was made with. Default: pki in its directory.",
        ),
    ] = None,
    curve: Annotated[
        Curve | None,
        typer.Option(case_sensitive=False, help="Default: the first that card and PKI have."),
    ] = None,
    profile_class: Annotated[
        ClassName, typer.Option("--class", help="The profileClass.")
    ] = ClassName.OPERATIONAL,
    name: Annotated[
        str | None, typer.Option(help="The profileName. Default: that in the package.")
    ] = None,
    provider: Annotated[str, typer.Option(help="The serviceProviderName.")] = SERVICE_PROVIDER_NAME,
    notify: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Who gets all notifications; repeatable. Default: the SM-DP+, all but install.",
        ),
    ] = None,
    ppr1: Annotated[bool, typer.Option("--ppr1", help="It must not be disabled.")] = False,
    ppr2: Annotated[bool, typer.Option("--ppr2", help="It must not be deleted.")] = False,
    owner: Annotated[
        str | None,
        typer.Option(metavar="MCCMNC", help="The profileOwner: 5 or 6 digits, such as 00101."),
    ] = None,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="It is the Emergency Profile (SGP.32).")
    ] = False,
    fallback_allowed: Annotated[
        bool,
        typer.Option("--fallback-allowed", help="It may get the fallback attribute (SGP.32)."),
    ] = False,
    icon: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JPG or PNG of at most 1024 bytes.")
    ] = None,
    confirmation_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Require this confirmation code.")
    ] = None,
    segment_size: Annotated[
        int, typer.Option(min=1, max=SEGMENT_SIZE, help="Plain bytes in a segment of the package.")
    ] = SEGMENT_SIZE,
    sgp32: Sgp32Option = SGP32_DEFAULT,
) -> None:
    """Install Profiles: bind their packages for the card with an SM-DP+ of its PKI, as an LPA does.

    euicc-sim profile download --test --card card --name Blue
    """
    try:
        packages = _packages(files or [], test=test, imsi=imsi)
        icon_type, icon_content = icon_of(icon)
        fields = {
            "profile_class": class_of(profile_class),
            "profile_name": name,
            "service_provider_name": provider,
            "notifications": _targets(notify),
            "policy_rules": rules_of(ppr1, ppr2, owner),
            "owner": Owner.of(owner) if owner else None,
            "ecall_indication": emergency or None,
            "fallback_allowed": fallback_allowed or None,
            "icon_type": icon_type,
            "icon": icon_content,
        }
        orders = orders_of(packages, fields, confirmation_code, wire_named(sgp32))
    except (MetadataError, WordError, ContentError) as error:
        fail(str(error))
    with open_lpa_and_link(card, reader, sgp32) as (lpa, link):
        folder = pki or pki_of(link, lpa.eid())
        server = _server(folder, curve, orders, segment_size, wire_named(sgp32))
        for order, package in zip(orders, packages, strict=True):
            with bar(package.name) as tell:
                done = lpa.download(
                    server,
                    matching_id=order.matching_id,
                    confirmation_code=confirmation_code,
                    progress=tell,
                )
            aid = done.aid.hex().upper()
            console.print(Text(f"{done.iccid} installed as {aid}, result {done.seq_number}"))


def _server(
    folder: Path, curve: Curve | None, orders: list[Order], segment_size: int, wire: Wire
) -> Smdpp:
    curves = None if curve is None else (curve,)
    try:
        return Smdpp.of(
            TestPki.load(folder), orders, curves=curves, segment_size=segment_size, wire=wire
        )
    except (InvalidCertificateError, UnsupportedCurveError) as error:
        fail(
            f"The SM-DP+ in {folder} would be refused by every card: {error}; use a different PKI."
        )


def _targets(addresses: list[str] | None) -> tuple[NotificationTarget, ...] | None:
    every = frozenset(Event)
    return tuple(NotificationTarget(every, one) for one in addresses) if addresses else None


@contextmanager
def bar(name: str) -> Iterator[Tell | None]:
    """A progress bar that disappears at the end; None without a terminal."""
    if not stderr.is_interactive:
        yield None
        return
    shown = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*shown, console=stderr, transient=True) as progress:
        task = progress.add_task(name, total=None)

        def tell(step: str, done: int, total: int) -> None:
            progress.update(task, description=f"{name}: {step}", completed=done, total=total)

        yield tell


class Package(NamedTuple):
    """A profile package and what it is called: its file's name."""

    name: str
    content: bytes


def _packages(files: Sequence[Path], *, test: bool, imsi: str | None) -> list[Package]:
    """Those in files, and the test Profile. Raises WordError and ContentError."""
    if imsi is not None and not test:
        raise WordError("--imsi needs --test; for other packages use: euicc-sim profile edit")
    if not files and not test:
        raise WordError("Name a profile package, or install the test Profile with --test.")
    found = [Package(one.name, _content(one)) for one in files]
    return [*found, Package("test Profile", sample(imsi or IMSI))] if test else found


def orders_of(
    packages: Sequence[Package],
    fields: Mapping[str, Any],
    confirmation_code: str | None,
    wire: Wire,
) -> list[Order]:
    """An order of each package, with these fields of its Metadata, but for None.

    Raises MetadataError for what makes no metadata, WordError for what is not a package.
    """
    given = {name: one for name, one in fields.items() if one is not None}
    found = []
    for number, one in enumerate(packages, 1):
        metadata = replace(_metadata(one), **given)
        found.append(Order(one.content, f"{number}", confirmation_code, metadata.encoded(wire)))
    return found


def class_of(name: ClassName) -> ProfileClass:
    """The profileClass of that name."""
    return ProfileClass[name.name]


def rules_of(ppr1: bool, ppr2: bool, owner: str | None) -> frozenset[PolicyRule] | None:
    """The policy rules that are wanted. Raises WordError when nobody owns a Profile with rules."""
    wanted = {PolicyRule.PPR1: ppr1, PolicyRule.PPR2: ppr2}
    rules = frozenset(one for one, chosen in wanted.items() if chosen)
    if rules and owner is None:
        raise WordError(
            "A Profile with policy rules needs an owner; add one, such as --owner 00101."
        )
    return rules or None


def icon_of(file: Path | None) -> tuple[IconType | None, bytes | None]:
    """Type and content of an icon. Raises WordError for other files."""
    if file is None:
        return None, None
    content = _content(file)
    try:
        return IconType.of(content), content
    except MetadataError as error:
        raise WordError(f"{file}: {error}") from error


def _metadata(package: Package) -> Metadata:
    try:
        return metadata_of(package.content, profiles.DP_HOST)
    except MetadataError as error:
        raise WordError(f"{package.name}: {error}") from error


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise WordError(
            f"{file} cannot be read ({error.strerror}); give a different file."
        ) from error
