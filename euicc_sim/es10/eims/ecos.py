"""eIM Configuration Operations, which change the list of eIMs by package (SGP.32 clause 3.5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from euicc_sim.asn1.sgp32.eims import EimConfigurationData
from euicc_sim.asn1.sgp32.packages import (
    DeleteEim,
    DeleteEimValue,
    EimIdInfo,
    EimIdInfoValue,
    EmptySequence,
    EuiccResultDataValue,
)
from euicc_sim.asn1.types import Nothing, prepared
from euicc_sim.asn1.wire import Wire
from euicc_sim.es10.eims.configuration import (
    Config,
    associate,
    check_ci,
    check_complete,
    check_counter,
    check_fields,
    check_room,
    check_token,
    has_new_key,
    merged,
)
from euicc_sim.es10.packages.operations import operation
from euicc_sim.es10.registry import ResultError
from euicc_sim.es10.session import Session
from euicc_sim.model.eim import EIM_ID_TYPE_PROPRIETARY, Eim
from euicc_sim.readings import LOWER_COUNTER_WITHOUT_NEW_KEY


def _add_result(
    code: Literal[
        "ok",
        "insufficientMemory",
        "associatedEimAlreadyExists",
        "ciPKUnknown",
        "invalidAssociationToken",
        "counterValueOutOfRange",
        "commandError",
    ],
) -> EuiccResultDataValue:
    return "addEimResult", ("addEimResultCode", code)


@operation(
    "addEim",
    EimConfigurationData,
    clause="SGP.32 3.5.1",
    refuse=_add_result,
    malformed="commandError",
)
def add_eim(session: Session, config: Config) -> EuiccResultDataValue:
    """addEim, SGP.32 v1.2 clause 3.5.1."""
    check_complete(config)
    eim_id = config["eimId"]
    if session.state.find_eim(eim_id) is not None:
        raise ResultError("associatedEimAlreadyExists", f"{eim_id} is trusted already")
    check_counter(config)
    check_ci(session, config)
    check_token(config)
    check_room(session, 1)
    eim = associate(session, config)
    session.note(f"addEim: trusts {eim_id}, counter {eim.counter}")
    if eim.token is None:
        return _add_result("ok")
    return "addEimResult", ("associationToken", eim.token)


def _known(session: Session, eim_id: str) -> Eim:
    eim = session.state.find_eim(eim_id)
    if eim is None:
        raise ResultError("eimNotFound", f"this card does not trust the eIM {eim_id}")
    return eim


def _update_result(
    code: Literal["ok", "eimNotFound", "ciPKUnknown", "counterValueOutOfRange", "commandError"],
) -> EuiccResultDataValue:
    return "updateEimResult", code


@operation(
    "updateEim",
    EimConfigurationData,
    clause="SGP.32 3.5.1",
    refuse=_update_result,
    malformed="commandError",
)
def update_eim(session: Session, config: Config) -> EuiccResultDataValue:
    """updateEim, SGP.32 v1.2 clause 3.5: absent fields and the token stay the same."""
    eim = _known(session, config["eimId"])
    if "associationToken" in config:
        raise ResultError("commandError", "an association token cannot be updated")
    if len(config) == 1:
        raise ResultError("commandError", "updateEim has nothing to change")
    check_fields(config)
    check_counter(config)
    if config.get("counterValue", eim.counter) < eim.counter and not has_new_key(config, eim):
        raise ResultError(
            LOWER_COUNTER_WITHOUT_NEW_KEY,
            f"counter {config['counterValue']} is below {eim.counter}, and there is no new key",
        )
    check_ci(session, config)
    session.state = session.state.with_eim(merged(eim, config))
    session.note(f"updateEim: {eim.eim_id}")
    return _update_result("ok")


def _delete_result(
    code: Literal["ok", "eimNotFound", "lastEimDeleted", "commandError"],
) -> EuiccResultDataValue:
    return "deleteEimResult", code


@operation(
    "deleteEim",
    DeleteEim,
    clause="SGP.32 3.5.1",
    refuse=_delete_result,
    malformed="commandError",
)
def delete_eim(session: Session, request: DeleteEimValue) -> EuiccResultDataValue:
    """deleteEim, SGP.32 v1.2 clause 3.5.1: deleting the last eIM has its own success code."""
    eim_id = request["eimId"]
    _known(session, eim_id)
    session.state = session.state.without_eim(eim_id)
    if session.state.eims:
        session.note(f"deleteEim: {eim_id}")
        return _delete_result("ok")
    session.note(f"deleteEim: {eim_id} was the last trusted eIM")
    return _delete_result("lastEimDeleted")


@lru_cache(maxsize=4096)
def _eim_id_info(wire: Wire, eim_id: str, id_type: int) -> EimIdInfoValue:
    info: EimIdInfoValue = {"eimId": eim_id}
    if id_type != EIM_ID_TYPE_PROPRIETARY:
        info["eimIdType"] = id_type
    return prepared(EimIdInfo, wire[EimIdInfo].encode(info))


@operation("listEim", EmptySequence, clause="SGP.32 3.5.1")
def list_eim(session: Session, _: Nothing) -> EuiccResultDataValue:
    """listEim, SGP.32 v1.2 clause 3.5.1: including the changes of preceding operations."""
    session.note(f"listEim: {len(session.state.eims)}")
    found = [_eim_id_info(session.wire, one.eim_id, one.id_type) for one in session.state.eims]
    return "listEimResult", ("eimIdList", found)
