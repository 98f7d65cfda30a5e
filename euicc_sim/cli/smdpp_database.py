"""The database of an SM-DP+ in its folder of packages, with the packages that are new there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from euicc_sim.cli.console import log_line
from euicc_sim.servers import extra_needed

if TYPE_CHECKING:
    from euicc_sim.servers.database import SmdppDatabase


@contextmanager
def opened_orders(folder: Path, address: str) -> Iterator[SmdppDatabase]:
    """The orders of a folder; the database is made if there is none.

    New packages are added; what 0.2.0 kept there is taken over. Raises ServerError, SmdppError.
    """
    with extra_needed():
        from euicc_sim.servers.database import SmdppDatabase
    from euicc_sim.servers.package_folder import DATABASE, PackageFolder, take_over_states

    packages = PackageFolder(folder, address)
    packages.packages()  # a folder without any is a mistake: nothing is made there
    with SmdppDatabase(folder / DATABASE, packages.profile) as orders:
        new = packages.seed(orders.names())
        with orders.changing() as draft:
            for order in new:
                draft.add(order)
        told = take_over_states(folder, orders)
        if told is not None:
            log_line(told)
        yield orders
