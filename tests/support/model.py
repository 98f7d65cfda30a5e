"""The eIM table of a card as a plain dict: what SGP.32 says becomes of it, and no bytes.

Written from the rules (clauses 3.5, 5.9.1, 5.9.4, 5.9.5, 5.9.18), not from the card. An entry is a
dict whose keys are the ASN.1 names of its fields and "key", the name of a key or None.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

MAX_COUNTER = 8388607
Entry = dict[str, Any]
Operation = tuple[str, Entry]


@dataclass(frozen=True)
class Order:
    """A package: who claims to send it, for which card, which counter, how it was signed."""

    eim_id: str
    eid: bytes
    counter: int
    signed_by: str
    signed_token: int | None
    operations: tuple[Operation, ...]
    transaction: bytes | None = None


class Table:
    """The contact list of a card and the counters that go with it."""

    def __init__(self, eid: bytes, ci_ids: list[bytes], room: int, results: int) -> None:
        """A card that trusts nobody yet."""
        self.eid = eid
        self.ci_ids = ci_ids
        self.room = room
        self.result_room = results
        self.eims: dict[str, Entry] = {}
        self.results: list[int] = []
        self.next_token = 1
        self.next_seq = 1

    def copy(self) -> Table:
        """The same table, on its own."""
        return copy.deepcopy(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    # -- what is shown

    def configuration(self) -> list[Entry]:
        """GetEimConfigurationData: everything but the counter (5.9.18)."""
        return [
            {name: value for name, value in one.items() if name != "counterValue"}
            for one in self.eims.values()
        ]

    def counters(self) -> dict[str, int]:
        """The last accepted counter of each eIM."""
        return {name: one["counterValue"] for name, one in self.eims.items()}

    # -- unsigned functions

    def add_initial(self, entries: list[Entry]) -> tuple[str, Any]:
        """AddInitialEim (5.9.4): ("ok", token or None for each entry) or ("error", code)."""
        code = self._initial_error(entries)
        if code:
            return "error", code
        return "ok", [self._store(one) for one in entries]

    def _initial_error(self, entries: list[Entry]) -> int:
        names = [one["eimId"] for one in entries]
        if self.eims:
            return 2
        if not entries or len(set(names)) < len(names) or not all(map(_complete, entries)):
            return 7
        if not all(_in_range(one) for one in entries):
            return 6
        if not all(map(self._ci_known, entries)):
            return 3
        if not all(one.get("associationToken", -1) == -1 for one in entries):
            return 5
        return 1 if len(entries) > self.room else 0

    def reset_eims(self) -> dict[str, int]:
        """EuiccMemoryReset with bit 5 alone (5.9.5)."""
        code = 0 if self.eims else 1
        self.eims = {}
        return {"resetResult": code, "resetEimResult": code}

    def remove(self, number: int) -> int:
        """RemoveNotificationFromList (5.9.12)."""
        if number not in self.results:
            return 1
        self.results.remove(number)
        return 0

    # -- packages

    def load(self, order: Order) -> tuple[str, Any]:
        """LoadEuiccPackage (5.9.1).

        ("unsigned", token shown or None), ("error", code), or ("result", the list of results).
        """
        sender = self.eims.get(order.eim_id)
        if sender is None:
            return "unsigned", None
        token = sender.get("associationToken")
        if (order.signed_by, order.signed_token) != (sender["key"], token):
            return "unsigned", token
        if order.eid != self.eid:
            return "error", 3
        if not 0 <= order.counter <= MAX_COUNTER:
            return "error", 6
        if order.counter <= sender["counterValue"]:
            return "error", 4
        return "result", self._execute(order)

    def _execute(self, order: Order) -> list[tuple[str, Any]]:
        results, trusted = [], True
        for name, content in order.operations:
            result, go_on = getattr(self, f"_{name}")(content)
            results.append(result)
            trusted = trusted and order.eim_id in self.eims
            if not go_on:
                break
        entry = self.eims.get(order.eim_id)
        if entry is not None and (trusted or entry.get("associationToken") is None):
            known = -1 if trusted else entry["counterValue"]
            entry["counterValue"] = max(known, order.counter)
        self.results = [*self.results, self.next_seq][-self.result_room :]
        self.next_seq += 1
        return results

    def _addEim(self, content: Entry) -> tuple[tuple[str, Any], bool]:  # noqa: N802 as in the ASN.1
        code = self._add_error(content)
        if code:
            return ("addEimResult", ("addEimResultCode", code)), False
        token = self._store(content)
        if token is None:
            return ("addEimResult", ("addEimResultCode", 0)), True
        return ("addEimResult", ("associationToken", token)), True

    def _add_error(self, content: Entry) -> int:
        if not _complete(content):
            return 7
        if content["eimId"] in self.eims:
            return 2
        if not _in_range(content):
            return 6
        if not self._ci_known(content):
            return 3
        if content.get("associationToken", -1) != -1:
            return 5
        return 1 if len(self.eims) >= self.room else 0

    def _updateEim(self, content: Entry) -> tuple[tuple[str, Any], bool]:  # noqa: N802
        code = self._update_error(content)
        if not code:
            entry = self.eims[content["eimId"]]
            entry.update({name: value for name, value in content.items() if value is not None})
        return ("updateEimResult", code), not code

    def _update_error(self, content: Entry) -> int:
        entry = self.eims.get(content["eimId"])
        if entry is None:
            return 1
        if "associationToken" in content or (
            set(content) <= {"eimId", "key"} and not content["key"]
        ):
            return 7
        if content["key"] and not usable(content["key"]):
            return 7
        if not _in_range(content):
            return 6
        lower = content.get("counterValue", MAX_COUNTER) < entry["counterValue"]
        if lower and content["key"] in (None, entry["key"]):
            return 7
        return 0 if self._ci_known(content) else 3

    def _deleteEim(self, content: Entry) -> tuple[tuple[str, Any], bool]:  # noqa: N802
        if self.eims.pop(content["eimId"], None) is None:
            return ("deleteEimResult", 1), False
        return ("deleteEimResult", 0 if self.eims else 2), True

    def _listEim(self, _: Entry) -> tuple[tuple[str, Any], bool]:  # noqa: N802
        listed = [
            {"eimId": name} | ({"eimIdType": one["eimIdType"]} if one["eimIdType"] != 3 else {})
            for name, one in self.eims.items()
        ]
        return ("listEimResult", ("eimIdList", listed)), True

    # -- parts

    def _store(self, content: Entry) -> int | None:
        """Fill in the defaults (5.9.4) and a token of the card's own when one is asked for."""
        entry = {"eimIdType": 3, "eimSupportedProtocol": (1, 5), "euiccCiPKId": self.ci_ids[0]}
        entry |= content
        token = None
        if "associationToken" in content:
            token = entry["associationToken"] = self.next_token
            self.next_token += 1
        self.eims[content["eimId"]] = entry
        return token

    def _ci_known(self, content: Entry) -> bool:
        return content.get("euiccCiPKId", self.ci_ids[0]) in self.ci_ids


def usable(key: str | None) -> bool:
    """Whether a card can verify with the key of that name."""
    return key is not None and key.startswith(("P-256", "brainpoolP256r1"))


def _complete(content: Entry) -> bool:
    size = len(content["eimId"])
    return 1 <= size <= 128 and "counterValue" in content and usable(content["key"])


def _in_range(content: Entry) -> bool:
    counter: int = content.get("counterValue", 0)
    return 0 <= counter <= MAX_COUNTER
