"""Which policy rules a Profile may bring (SGP.22 v2.5 clauses 2.9.2 and 2.9.3)."""

from __future__ import annotations

from euicc_sim.es10.info import FORBIDDEN_RULES
from euicc_sim.es10.rsp.results import LoadError
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import BppCommand, Operator, Profile, ProfileClass, Rule
from euicc_sim.readings import PPR1_NEEDS_TO_BE_THE_ONLY_OPERATIONAL_PROFILE

ANY_DIGIT = 0xE
"""A digit of an MCC or MNC in a rule that stands for each."""


def check_allowed(session: Session, profile: Profile) -> None:
    """Refuse pprNotAllowed for rules that this card, or its table for that owner, does not allow.

    Raises LoadError.
    """
    for rule in sorted(profile.rules):
        if rule in FORBIDDEN_RULES or rule not in set(Rule):
            raise _not_allowed(f"this card forbids the rule of bit {rule}")
        if profile.owner is None:
            raise _not_allowed("a Profile with policy rules names its profileOwner")
        if not _authorised(session, rule, profile.owner):
            raise _not_allowed(f"the Rules Authorisation Table has no {Rule(rule).name} for it")
    if Rule.PPR1_NO_DISABLE in profile.rules and _another_operational(session, profile):
        raise _not_allowed("PPR1 comes, and another operational Profile is installed")


def _not_allowed(why: str) -> LoadError:
    return LoadError(BppCommand.STORE_METADATA, "pprNotAllowed", why)


def _another_operational(session: Session, profile: Profile) -> bool:
    if not PPR1_NEEDS_TO_BE_THE_ONLY_OPERATIONAL_PROFILE:
        return False
    operational = ProfileClass.OPERATIONAL
    return profile.profile_class == operational and any(
        one.profile_class == operational for one in session.state.profiles
    )


def _authorised(session: Session, rule: int, owner: Operator) -> bool:
    return any(
        rule in one.rules and any(matches(operator, owner) for operator in one.operators)
        for one in session.identity.authorisation_rules
    )


def matches(allowed: Operator, owner: Operator) -> bool:
    """Whether an operator of the table, with its wildcards, is that owner.

    A group identifier that the table does not name must be absent; an empty one stands for any.
    """
    digits = zip(allowed.mcc_mnc.hex(), owner.mcc_mnc.hex(), strict=True)
    return all(int(a, 16) == ANY_DIGIT or a == b for a, b in digits) and all(
        a == b"" or (a or b"") == (b or b"")
        for a, b in ((allowed.gid1, owner.gid1), (allowed.gid2, owner.gid2))
    )
