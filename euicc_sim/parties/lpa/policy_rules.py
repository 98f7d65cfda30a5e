"""What an LPA checks before a Profile with policy rules is bound: the Rules Authorisation Table.

SGP.22 v2.5 clauses 2.9.2 and 2.9.3: a rule is allowed if a row of the table has it for the owner of
the Profile. The card checks it, too, but only after the package was bound to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from euicc_sim.asn1.sgp22.common import OperatorIdValue, ProfilePolicyAuthorisationRuleValue

UPDATE_CONTROL = 0
"""The bit pprUpdateControl, which is not a rule."""
_ANY_DIGIT = 0xE


def forbidden_rules(
    rules: Iterable[int],
    owner: OperatorIdValue | None,
    table: Iterable[ProfilePolicyAuthorisationRuleValue],
) -> frozenset[int]:
    """The bits of `rules` that no row of the table allows for the owner."""
    rows = list(table)
    return frozenset(
        rule
        for rule in rules
        if rule != UPDATE_CONTROL and not any(_allows(row, rule, owner) for row in rows)
    )


def _allows(
    row: ProfilePolicyAuthorisationRuleValue, rule: int, owner: OperatorIdValue | None
) -> bool:
    return (
        rule in row["pprIds"]
        and owner is not None
        and any(_is(one, owner) for one in row["allowedOperators"])
    )


def _is(allowed: OperatorIdValue, owner: OperatorIdValue) -> bool:
    """Whether an owner is meant: E is any digit, an empty GID any value, an absent one none."""
    digits = zip(_digits(allowed["mccMnc"]), _digits(owner["mccMnc"]), strict=True)
    return (
        all(one in (_ANY_DIGIT, other) for one, other in digits)
        and _fits(allowed.get("gid1"), owner.get("gid1"))
        and _fits(allowed.get("gid2"), owner.get("gid2"))
    )


def _fits(allowed: bytes | None, own: bytes | None) -> bool:
    if not allowed:
        return allowed is not None or not own
    return allowed == own


def _digits(operator: bytes) -> list[int]:
    return [half for one in operator for half in (one >> 4, one & 0xF)]
