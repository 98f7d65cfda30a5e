"""Medians of the card's commands, and their ratios to floors measured in the same run.

Run it with scripts/bench, which provides a private pcscd. The floors: an echo card that gives the
same responses over the same reader (echo_card.py); one ECDSA verify plus one sign; one append with
fdatasync.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from bench_basics import MANY, REQUESTS, SELECT, Bench, Row, timed
from bench_eims import crowd
from bench_fleet import many_cards
from bench_packages import packages
from bench_pcsc import over_pcsc
from bench_profiles import direct_profiles
from bench_servers import eim_servers, smdpp_servers
from bench_sim import direct_sim
from bench_start import starts
from rich.console import Console
from rich.table import Table

from euicc_sim.parties.messages import exchange

console = Console(highlight=False, soft_wrap=True, width=100)


def direct(bench: Bench) -> Iterator[Row]:
    """The card alone, called as a function."""
    with bench.card(2) as card:
        send = card.transmit
        yield Row("SELECT ISD-R", timed(send, [SELECT] * bench.rounds))
        for name, request in REQUESTS.items():
            yield Row(name, timed(lambda one: exchange(send, one), [request] * bench.rounds))
    with bench.card(MANY) as card:
        request = REQUESTS["GetEimConfigurationData"]
        median = timed(lambda one: exchange(card.transmit, one), [request] * (bench.rounds // 4))
        yield Row(f"GetEimConfigurationData, {MANY} eIMs", median)
    yield from packages(bench)
    yield from direct_profiles(bench)
    yield from direct_sim(bench)


def report(title: str, rows: Iterable[Row]) -> None:
    """Print a table of the rows."""
    table = Table("what", "median", "beside", "ratio", "goal", title=title, title_justify="left")
    for column in (1, 3, 4):
        table.columns[column].justify = "right"
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(
            row.name,
            "" if row.median is None else f"{row.median:,.0f} µs",
            row.beside,
            ratio,
            "" if row.goal is None else f"≤ {row.goal}",
            style="red" if row.goal and row.ratio and row.ratio > row.goal else None,
        )
    console.print(table)


def main(
    rounds: Annotated[int, typer.Option(min=40, help="How many times to send each command.")] = 400,
    ipas: Annotated[bool, typer.Option(help="Measure a hundred IPAs on one eIM server.")] = True,
    cards: Annotated[bool, typer.Option(help="Measure two thousand open cards.")] = True,
    servers: Annotated[
        bool, typer.Option(help="Measure servers with little and much in their databases.")
    ] = True,
    start: Annotated[bool, typer.Option(help="Measure how long commands take to start.")] = True,
    pcsc: Annotated[bool, typer.Option(help="Also measure over the reader.")] = True,
) -> None:
    """Measure the card."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), rounds)
        with console.status("measuring, a minute or so"):
            rows = list(direct(bench))
        report("direct", rows)
        if cards:
            with console.status("measuring two thousand open cards"):
                rows = list(many_cards(bench))
            report("cards by the thousand", rows)
        if ipas:
            with console.status("measuring a hundred IPAs"):
                rows = list(crowd(bench))
            report("a hundred IPAs", rows)
        if servers:
            with console.status("measuring servers with little and much stored"):
                rows = [*eim_servers(bench), *smdpp_servers(bench)]
            report("servers, CPU time", rows)
        if start:
            with console.status("measuring starts"):
                rows = list(starts(bench))
            report("start-up, CPU time", rows)
        if pcsc:
            with console.status("measuring over PC/SC"):
                rows = list(over_pcsc(bench))
            report("over PC/SC", rows)


if __name__ == "__main__":
    typer.run(main)
