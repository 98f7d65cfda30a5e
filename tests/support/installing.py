"""Profiles on cards of tests: made up, bound by our SM-DP+ and loaded as an LPA does.

The SM-DP+ and the LPA are the project's off-card ones; they reach the card as bytes only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from euicc_sim.parties.lpa.es10_messages import DownloadResult
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.metadata import Event, NotificationTarget
from euicc_sim.parties.smdpp.profile_packages import metadata_of
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import Curve
from support import saip
from support.fresh import pki_in
from support.hexes import hx

Send = Callable[[bytes], bytes]

A_DIGITS = "89000123456789012341"
B_DIGITS = "89000123456789012342"
C_DIGITS = "89000123456789012343"
D_DIGITS = "89000123456789012344"
"""ICCIDs in printed order; the first three are those of the vectors."""

A = hx("98001032547698103214")
B = hx("98001032547698103224")
C = hx("98001032547698103234")
D = hx("98001032547698103244")
"""The same as on the wire."""

SMDP = "testsmdpplus1.example.com"
RECIPIENT = "notifications.example.com"
EVERY_EVENT = (NotificationTarget(frozenset(Event), RECIPIENT),)
"""notificationConfigurationInfo by which each event is told to RECIPIENT."""


def smdpp(pki_folder: Path, *orders: Order, curve: Curve = Curve.NIST, **options: Any) -> Smdpp:
    """The SM-DP+ of a PKI, on one curve."""
    return Smdpp.of(pki_in(pki_folder), orders, curves=(curve,), **options)


def order(
    digits: str = A_DIGITS, *, package: bytes | None = None, matching_id: str = "", **fields: Any
) -> Order:
    """An order of a Profile; `fields` are those of Metadata that differ from the usual ones."""
    content = saip.package(digits) if package is None else package
    metadata = replace(metadata_of(content, SMDP), **{"notifications": EVERY_EVENT, **fields})
    return Order(content, matching_id or digits, metadata=metadata)


def install(
    send: Send,
    pki_folder: Path,
    digits: str = A_DIGITS,
    *,
    curve: Curve = Curve.NIST,
    package: bytes | None = None,
    **fields: Any,
) -> DownloadResult:
    """Download a made-up Profile; it is disabled then. Fails unless the card installs it."""
    wanted = order(digits, package=package, **fields)
    server = smdpp(pki_folder, wanted, curve=curve)
    return Lpa(send).download(server, matching_id=wanted.matching_id)
