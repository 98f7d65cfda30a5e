"""The changes between two states lead from the one to the other, whatever has changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from euicc_sim.model.notification import PackageResult
from euicc_sim.model.state import State
from euicc_sim.store import change_log
from euicc_sim.store.schema import STATE

POOL = [
    PackageResult(number, f"eim{mark}", bytes([mark])) for number in range(1, 7) for mark in (1, 2)
]
"""Two results for each number: the one takes the other's place, as when an item has changed."""
RESULTS = st.lists(st.sampled_from(POOL), unique_by=lambda one: one.seq_number).map(tuple)


@given(RESULTS, RESULTS)
def test_changes_lead_from_any_list_of_results_to_any_other(
    before: tuple[PackageResult, ...], now: tuple[PackageResult, ...]
) -> None:
    tree: dict[str, Any] = STATE.write(State(results=before))
    change_log.put(tree, change_log.differences(State(results=before), State(results=now)))
    assert tree == STATE.write(State(results=now))


@given(st.lists(st.sampled_from(POOL), min_size=2, unique_by=lambda one: one.seq_number), st.data())
def test_a_dropped_oldest_and_appended_results_are_written_without_the_ones_that_stay(
    results: list[PackageResult], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(results) - 1))
    before, now = tuple(results[:cut]), tuple(results[1:])
    changes = change_log.differences(State(results=before), State(results=now))["results"]
    assert set(changes) == {"remove", "add"}
    assert [one["seqNumber"] for one in changes["add"]] == [one.seq_number for one in results[cut:]]
