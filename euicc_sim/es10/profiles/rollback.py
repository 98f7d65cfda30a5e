"""ProfileRollback: back to the previous Profile, if a package permits it (SGP.32 v1.2 5.9.16)."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp32.functions import (
    ProfileRollbackRequest,
    ProfileRollbackResponse,
    ProfileRollbackResponseValue,
    RefreshValue,
)
from euicc_sim.asn1.sgp32.packages import EuiccPackageResult
from euicc_sim.asn1.types import prepared
from euicc_sim.es10.packages.operations import keep_result, result_element
from euicc_sim.es10.profiles.switching import check_gives_way, check_not_busy, switch_to
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.replacing import replace


def _refuse(
    code: Literal["rollbackNotAllowed", "catBusy", "commandError"],
) -> ProfileRollbackResponseValue:
    return {"cmdResult": code}


@es10(
    0xBF58,
    ProfileRollbackRequest,
    ProfileRollbackResponse,
    clause="SGP.32 5.9.16",
    refuse=_refuse,
    only="SGP.32",
    enables=True,
)
def profile_rollback(session: Session, request: RefreshValue) -> ProfileRollbackResponseValue:
    """ProfileRollback, SGP.32 v1.2 clauses 3.3.2 and 5.9.16.

    Its signed result replaces that of the package that permitted it.
    """
    grant = session.state.returns.rollback
    eim = session.state.find_eim(grant.eim_id) if grant else None
    if grant is None or eim is None:
        raise ResultError("rollbackNotAllowed", "no trusted eIM has authorised a rollback")
    check_not_busy(session, refresh=request["refreshFlag"])
    target = session.state.find_profile(grant.iccid)
    if target is None or target.enabled:
        raise ResultError("commandError", "the previous Profile is not in the disabled state")
    check_gives_way(session.state.enabled, "commandError")
    switch_to(session, target, refresh=request["refreshFlag"])
    returns = replace(session.state.returns, rollback=None, fallback=None)
    session.state = replace(session.state, returns=returns).without_number(grant.seq_number)
    element = result_element(session.wire, ("rollbackResult", "ok"))
    result = keep_result(
        session, eim, grant.counter, grant.transaction_id, [element], grant.signature
    )
    return {"cmdResult": "ok", "eUICCPackageResult": prepared(EuiccPackageResult, result)}
