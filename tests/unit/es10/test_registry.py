"""The tables of functions and operations: no double claims, and every refusal can be said."""

from __future__ import annotations

from typing import Any

import pytest
from support.eims import ANSWERS, ANSWERS22, value_of
from support.judge import SGP32, module

from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.es10 import FUNCTIONS, Function, ResultError
from euicc_sim.es10.packages.operations import OPERATIONS, Operation, operation
from euicc_sim.es10.registry import es10

TAGS = [
    0xBF20,
    0xBF21,
    0xBF22,
    0xBF28,
    0xBF2B,
    0xBF2D,
    0xBF2E,
    0xBF30,
    0xBF38,
    0xBF3C,
    0xBF3E,
    0xBF3F,
    0xBF41,
    0xBF43,
    0xBF51,
    0xBF55,
    0xBF56,
    0xBF57,
    0xBF64,
    0xBF65,
]


@pytest.mark.parametrize("tag", TAGS, ids="{:X}".format)
def test_a_function_of_this_card_is_in_the_table(tag: int) -> None:
    assert FUNCTIONS[tag].tag == tag


def test_a_second_claim_to_a_tag_is_an_error() -> None:
    before = dict(FUNCTIONS)
    with pytest.raises(ValueError, match="BF3E is GetEID already"):
        es10(0xBF3E, "GetEuiccDataRequest", "GetEuiccDataResponse", clause="none")(print)
    assert before == FUNCTIONS


def test_a_second_claim_to_an_operation_is_an_error() -> None:
    before = dict(OPERATIONS)
    with pytest.raises(ValueError, match="operation addEim is there already"):
        operation("addEim", "addEimResult", clause="none")(print)
    assert before == OPERATIONS


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda one: one.name)
def test_a_function_cites_its_clause_and_has_known_types(function: Function) -> None:
    assert function.clause.startswith(("SGP.22 ", "SGP.32 "))
    assert function.handler.__doc__
    assert function.response in WIRE_1_2.types
    if function.request is not None:
        node = WIRE_1_2.types[function.request].tagSet.superTags[0]
        assert node.tagId == function.tag & 0xFF


@pytest.mark.parametrize("one", OPERATIONS.values(), ids=lambda one: one.name)
def test_an_operation_cites_its_clause_and_has_a_known_result(one: Operation) -> None:
    assert one.clause.startswith(("SGP.22 ", "SGP.32 "))
    assert one.handler.__doc__
    names = WIRE_1_2.types["EuiccResultData"].componentType
    assert one.result in names


def test_every_operation_of_the_module_is_in_the_table() -> None:
    types = module(SGP32).SGP32Definitions
    assert set(OPERATIONS) == {*types.Psmo._cont, *types.Eco._cont}


REFUSALS = [
    (function, code)
    for function in FUNCTIONS.values()
    if function.refuse is not None
    for code in function.codes
]


@pytest.mark.parametrize(
    ("function", "code"), REFUSALS, ids=[f"{one.name}-{code}" for one, code in REFUSALS]
)
def test_every_code_of_a_function_can_be_encoded(function: Function, code: str) -> None:
    assert function.refuse is not None
    answer = WIRE_1_2.encode(function.response, function.refuse(code))
    assert answer.startswith(function.tag.to_bytes(2))
    assert value_of(answer)


OPERATION_REFUSALS = [
    (one, code)
    for one in OPERATIONS.values()
    for code in sorted({*one.codes, *filter(None, [one.malformed])})
]


@pytest.mark.parametrize(
    ("one", "code"), OPERATION_REFUSALS, ids=[f"{a.name}-{b}" for a, b in OPERATION_REFUSALS]
)
def test_every_code_of_an_operation_can_be_encoded(one: Operation, code: str) -> None:
    element = (one.result, one.refuse(code))
    encoded = WIRE_1_2.encode("EuiccResultData", element)
    judge = module(SGP32).SGP32Definitions.EuiccResultData
    judge.from_der(encoded)
    assert judge.get_val()[0] == one.result


@pytest.mark.parametrize("code", FUNCTIONS[0xBF51].codes)
def test_every_error_of_a_package_can_be_encoded(code: str) -> None:
    value: dict[str, Any] = {"eimId": "e", "counterValue": 1, "euiccPackageErrorCode": code}
    assert WIRE_1_2.encode("EuiccPackageErrorDataSigned", value)


@pytest.mark.parametrize(
    ("tag", "arm", "field"),
    [
        (0xBF38, "authenticateResponseError", "authenticateErrorCode"),
        (0xBF21, "downloadResponseError", "downloadErrorCode"),
    ],
)
def test_every_error_of_an_rsp_session_can_be_encoded(tag: int, arm: str, field: str) -> None:
    function = FUNCTIONS[tag]
    known = WIRE_1_2.types[function.response].componentType[arm].asn1Object.componentType[field]
    assert set(function.codes) == set(known.asn1Object.namedValues)
    for code in function.codes:
        error = {"transactionId": b"1", field: code}
        assert value_of(WIRE_1_2.encode(function.response, (arm, error)))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda one: one.name)
def test_a_function_with_codes_can_refuse(function: Function) -> None:
    if function.codes and function.request is not None:
        assert function.refuse is not None
    if function.refuse is not None:
        assert function.codes


def test_a_code_that_is_none_cannot_be_encoded() -> None:
    refuse = FUNCTIONS[0xBF57].refuse
    assert refuse is not None
    with pytest.raises(ValueError, match="noSuchCode is no code of"):
        WIRE_1_2.encode("AddInitialEimResponse", refuse("noSuchCode"))


def test_a_refusal_carries_its_code_and_a_sentence() -> None:
    error = ResultError("eimNotFound", "no eIM x is trusted")
    assert (error.code, error.why) == ("eimNotFound", "no eIM x is trusted")
    assert str(error) == "eimNotFound: no eIM x is trusted"


def test_the_judge_knows_every_answer() -> None:
    answers = {*ANSWERS, *ANSWERS22} - {0xBF37} | {0xBF36}
    assert answers == set(FUNCTIONS)
