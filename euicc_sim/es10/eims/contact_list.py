"""The list of eIMs: AddInitialEim, GetEimConfigurationData."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp32.eims import (
    AddInitialEimOkValue,
    AddInitialEimRequest,
    AddInitialEimRequestValue,
    AddInitialEimResponse,
    AddInitialEimResponseValue,
    GetEimConfigurationDataRequest,
    GetEimConfigurationDataRequestValue,
    GetEimConfigurationDataResponse,
    GetEimConfigurationDataResponseValue,
)
from euicc_sim.asn1.types import ListOf
from euicc_sim.es10.eims.configuration import (
    Config,
    associate,
    check_ci,
    check_complete,
    check_counter,
    check_room,
    check_token,
    configuration_data,
)
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.eim import Eim
from euicc_sim.readings import DUPLICATE_IN_ADD_INITIAL_EIM


def _refuse(
    code: Literal[
        "insufficientMemory",
        "associatedEimAlreadyExists",
        "ciPKUnknown",
        "invalidAssociationToken",
        "counterValueOutOfRange",
        "commandError",
    ],
) -> AddInitialEimResponseValue:
    return "addInitialEimError", code


def _check_nobody_trusted(session: Session) -> None:
    if session.state.eims:
        names = ", ".join(one.eim_id for one in session.state.eims[:3])
        raise ResultError(
            "associatedEimAlreadyExists",
            f"{names} is trusted already, so only a signed package can add an eIM",
        )


def _malformed(session: Session, why: str) -> ResultError:
    try:
        _check_nobody_trusted(session)
    except ResultError as error:
        return error
    return ResultError("commandError", why)


@es10(
    0xBF57,
    AddInitialEimRequest,
    AddInitialEimResponse,
    clause="SGP.32 5.9.4",
    only="SGP.32",
    refuse=_refuse,
    malformed=_malformed,
)
def add_initial_eim(
    session: Session, request: AddInitialEimRequestValue
) -> AddInitialEimResponseValue:
    """AddInitialEim, SGP.32 v1.2 clauses 3.5.2 and 5.9.4: unsigned, while no eIM is trusted."""
    configs = request["eimConfigurationDataList"]
    _check_nobody_trusted(session)
    _check_list(configs)
    for config in configs:
        check_complete(config)
    for config in configs:
        check_counter(config)
    for config in configs:
        check_ci(session, config)
    for config in configs:
        check_token(config)
    check_room(session, len(configs))
    added = [associate(session, config) for config in configs]
    session.note(f"trusts {', '.join(one.eim_id for one in added)}")
    return "addInitialEimOk", [_added(one) for one in added]


def _added(one: Eim) -> AddInitialEimOkValue:
    return ("addOk", None) if one.token is None else ("associationToken", one.token)


def _check_list(configs: ListOf[Config]) -> None:
    if not configs:
        raise ResultError("commandError", "the list of eIMs is empty")
    ids = [config["eimId"] for config in configs]
    if len(set(ids)) != len(ids):
        raise ResultError(DUPLICATE_IN_ADD_INITIAL_EIM, "an eimId appears twice")


@es10(
    0xBF55,
    GetEimConfigurationDataRequest,
    GetEimConfigurationDataResponse,
    clause="SGP.32 5.9.18",
    only="SGP.32",
)
def get_eim_configuration_data(
    session: Session, request: GetEimConfigurationDataRequestValue
) -> GetEimConfigurationDataResponseValue:
    """GetEimConfigurationData, SGP.32 v1.2 clause 5.9.18: all eIMs, or the requested one."""
    eims = session.state.eims
    if "searchCriteria" in request:
        _, wanted = request["searchCriteria"]
        eims = tuple(one for one in eims if one.eim_id == wanted)
    session.note(f"{len(eims)} eIM{'' if len(eims) == 1 else 's'}")
    return {"eimConfigurationDataList": [configuration_data(session.wire, one) for one in eims]}
