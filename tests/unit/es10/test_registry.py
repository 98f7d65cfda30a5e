"""The tables of functions and operations: what cannot be right is an error at import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from support.eims import ANSWERS, ANSWERS22, value_of
from support.judge import SGP32, module

from euicc_sim.asn1.sgp22.common import GetEuiccDataRequest, GetEuiccDataResponse
from euicc_sim.asn1.sgp32.packages import (
    Eco,
    EmptySequence,
    EuiccResultData,
    IccidOnly,
    Psmo,
)
from euicc_sim.asn1.sgp32.profiles import GetCertsRequest, GetCertsResponse
from euicc_sim.asn1.sgp32.v1_0 import NotificationAndEprList
from euicc_sim.asn1.wire import VERSIONS, WIRE_1_2, WIRE_CONSUMER, WIRES, Wire, wire_of
from euicc_sim.es10 import FUNCTIONS, Function, ResultError
from euicc_sim.es10.packages.operations import (
    KINDS,
    OPERATIONS,
    HandledOperation,
    Operation,
    operation,
)
from euicc_sim.es10.registry import Codes, Exchange, Versions, es10, es10_as_received

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

FREE_TAG = 0xDF7F
"""No function has it."""

STANDARD = [one for one in FUNCTIONS.values() if one.clause is not None]
EXCHANGES = [one for one in FUNCTIONS.values() if isinstance(one, Exchange)]
HANDLED = [one for one in OPERATIONS.values() if isinstance(one, HandledOperation)]


@pytest.mark.parametrize("tag", TAGS, ids="{:X}".format)
def test_a_function_of_this_card_is_in_the_table(tag: int) -> None:
    assert FUNCTIONS[tag].tag == tag


def nothing(*_: object) -> Any:
    """A handler of any function."""


def test_a_second_claim_to_a_tag_is_an_error() -> None:
    before = dict(FUNCTIONS)
    with pytest.raises(ValueError, match="BF3E is already the tag of GetEID"):
        es10(0xBF3E, GetEuiccDataRequest, GetEuiccDataResponse, clause=None)(nothing)
    assert before == FUNCTIONS


def test_a_function_whose_types_a_version_lacks_is_an_error() -> None:
    before = dict(FUNCTIONS)
    with pytest.raises(ValueError, match=r"Old: a card of SGP\.22 v2\.5 has it, but no Not"):
        es10_as_received(FREE_TAG, "Old", NotificationAndEprList, clause=None)(nothing)
    with pytest.raises(ValueError, match=r"GetCerts: a card of SGP\.32 v1\.1 has it, but no N"):
        es10(FREE_TAG, GetCertsRequest, NotificationAndEprList, clause=None, only="SGP.32")(nothing)
    assert before == FUNCTIONS


def test_a_second_claim_to_an_operation_is_an_error() -> None:
    with pytest.raises(ValueError, match="operation getRAT is there already"):
        operation("getRAT", EmptySequence, clause=None)(nothing)


@pytest.mark.parametrize(
    ("name", "content", "since", "why"),
    [
        ("noSuch", EmptySequence, "1.0", "noSuch is there since 1.0, but .*1.0.1.* lacks it"),
        ("noSuch", EmptySequence, "9.0", "no version of SGP.32 has an operation noSuch"),
        ("setDefaultDpAddress", IccidOnly, "1.0", "since 1.0, but .*1.0.1.* lacks it"),
        ("setDefaultDpAddress", IccidOnly, "1.2", "since 1.2, but .*1.1.* has it"),
        ("setDefaultDpAddress", IccidOnly, "1.1", "is not a IccidOnly in .*1.1"),
    ],
)
def test_an_operation_that_is_not_as_the_types_say_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, content: type[Any], since: str, why: str
) -> None:
    monkeypatch.delitem(OPERATIONS, name, raising=False)
    with pytest.raises(ValueError, match=why):
        operation(name, content, clause=None, since=since)(nothing)
    assert name not in OPERATIONS


@pytest.mark.parametrize("function", STANDARD, ids=lambda one: one.name)
def test_a_function_cites_its_clause(function: Function) -> None:
    assert function.clause is not None
    assert function.clause.startswith(("SGP.22 ", "SGP.32 "))
    assert function.about


@pytest.mark.parametrize("function", EXCHANGES, ids=lambda one: one.name)
def test_a_request_and_its_answer_have_the_tag_of_the_function(
    function: Exchange[Any, Any, Any],
) -> None:
    for wire in function.wires:
        for one in (function.request, function.reply):
            assert wire[one].spec.tagSet.superTags[-1].tagId == function.tag & 0xFF


@pytest.mark.parametrize("one", OPERATIONS.values(), ids=lambda one: one.name)
def test_an_operation_cites_its_clause(one: Operation) -> None:
    assert one.clause is None or one.clause.startswith(("SGP.22 ", "SGP.32 "))
    assert one.about


IOT = [one for one in WIRES if one.iot]


@pytest.mark.parametrize("wire", IOT, ids=str)
def test_every_operation_of_a_version_is_in_the_table(wire: Wire) -> None:
    there = {name for kind in KINDS for name in wire.alternatives(kind)}
    assert there == {one.name for one in OPERATIONS.values() if wire.since(one.since)}


def test_the_operations_of_v1_2_are_those_of_gsmas_module() -> None:
    types = module(SGP32).SGP32Definitions
    assert set(WIRE_1_2.alternatives(Psmo)) == set(types.Psmo._cont)
    assert set(WIRE_1_2.alternatives(Eco)) == set(types.Eco._cont)


# -- versions


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (Versions(), ["SGP.22", "1.0.1", "1.1", "1.3", "strict 1.0.1", "strict 1.3"]),
        (Versions(only="SGP.22"), ["SGP.22", "1.0.1", "1.1", "1.3"]),
        (Versions(only="SGP.32"), ["1.0.1", "1.1", "1.3", "strict 1.0.1", "strict 1.3"]),
        (Versions(since="1.1", only="SGP.32"), ["1.1", "1.3", "strict 1.3"]),
        (Versions(since="1.3"), ["SGP.22", "1.3", "strict 1.3"]),
        (Versions(until="1.1"), ["SGP.22", "1.0.1", "1.1", "1.3", "strict 1.0.1"]),
    ],
)
def test_a_function_is_on_the_cards_of_its_versions(
    versions: Versions, expected: list[str]
) -> None:
    wires = {
        "SGP.22": WIRE_CONSUMER,
        **{name: VERSIONS[name] for name in ("1.0.1", "1.1", "1.3")},
        **{f"strict {name}": wire_of(name, strict=True) for name in ("1.0.1", "1.3")},
    }
    assert [name for name, wire in wires.items() if versions.on(wire)] == expected


def test_the_reset_of_sgp22_was_the_one_of_the_iot_in_v1_0() -> None:
    strict = {name: wire_of(name, strict=True) for name in VERSIONS}
    there = [name for name, wire in strict.items() if wire in FUNCTIONS[0xBF34].wires]
    assert there == ["1.0.1"]
    assert VERSIONS["1.3"] in FUNCTIONS[0xBF34].wires
    assert [name for name, wire in strict.items() if wire in FUNCTIONS[0xBF64].wires] == [
        "1.1",
        "1.2",
        "1.3",
    ]


# -- refusals


def the_first_that_says(code: str, wires: Any, write: Callable[[Wire], bytes]) -> bytes:
    """What a code is written as in the first version that has it."""
    errors = []
    for wire in sorted(wires, key=lambda one: one is not WIRE_1_2):
        try:
            return write(wire)
        except ValueError as error:
            errors.append(str(error))
    raise AssertionError(f"{code} cannot be written: {errors}")


REFUSALS = [(function, code) for function in EXCHANGES for code in function.codes]


@pytest.mark.parametrize(
    ("function", "code"), REFUSALS, ids=[f"{one.name}-{code}" for one, code in REFUSALS]
)
def test_every_code_of_a_function_can_be_encoded(
    function: Exchange[Any, Any, Any], code: Any
) -> None:
    error = ResultError.own(code, "That is why.")
    answer = the_first_that_says(code, function.wires, lambda wire: function.refusal(wire, error))
    assert answer.startswith(function.tag.to_bytes(2))
    assert function.clause is None or value_of(answer)  # the judge knows the standards


OPERATION_REFUSALS = [(one, code) for one in HANDLED for code in one.codes]


@pytest.mark.parametrize(
    ("one", "code"), OPERATION_REFUSALS, ids=[f"{a.name}-{b}" for a, b in OPERATION_REFUSALS]
)
def test_every_code_of_an_operation_can_be_encoded(
    one: HandledOperation[Any, Any], code: Any
) -> None:
    element = one.refusal(ResultError.own(code, "That is why."))
    wires = [wire for wire in IOT if wire.since(one.since)]
    encoded = the_first_that_says(code, wires, lambda wire: wire[EuiccResultData].encode(element))
    assert encoded


@pytest.mark.parametrize("one", HANDLED, ids=lambda one: one.name)
def test_content_that_cannot_be_read_is_refused_by_a_code_of_the_operation(
    one: HandledOperation[Any, Any],
) -> None:
    assert one.malformed is None or one.malformed in one.codes


def test_the_codes_of_a_function_are_those_its_refusal_takes() -> None:
    def refuse(code: Literal["ok", "catBusy"]) -> Any:
        raise NotImplementedError(code)

    before = dict(FUNCTIONS)
    try:
        es10(FREE_TAG, GetCertsRequest, GetCertsResponse, clause=None, refuse=refuse)(nothing)
        function = FUNCTIONS[FREE_TAG]
        assert isinstance(function, Exchange)
        assert function.codes == ("catBusy",)
        assert function.name == "GetCerts"
    finally:
        FUNCTIONS.clear()
        FUNCTIONS.update(before)


def test_a_code_that_a_function_does_not_have_is_no_answer() -> None:
    function = FUNCTIONS[0xBF56]
    assert isinstance(function, Exchange)
    with pytest.raises(ResultError, match="catBusy: a proactive session runs"):
        function.refusal(WIRE_1_2, ResultError("catBusy", "a proactive session runs"))


def test_a_refusal_that_is_returned_is_one_of_its_names() -> None:
    names = Literal["catBusy", "undefinedError"]
    codes: Codes[Literal["catBusy", "undefinedError"]] = Codes(names)
    assert codes.of(ResultError("catBusy", "a proactive session runs")) == "catBusy"
    with pytest.raises(ResultError, match="commandError: no"):
        codes.of(ResultError("commandError", "no"))


def test_a_refusal_carries_its_code_and_a_sentence() -> None:
    error = ResultError("eimNotFound", "no eIM x is trusted")
    assert (error.code, error.why) == ("eimNotFound", "no eIM x is trusted")
    assert str(error) == "eimNotFound: no eIM x is trusted"


def test_a_function_of_our_own_may_refuse_by_a_code_of_its_own() -> None:
    error = ResultError.own("tooTired", "it is late")
    assert (error.code, error.why) == ("tooTired", "it is late")
    assert str(error) == "tooTired: it is late"


def test_the_judge_knows_every_answer() -> None:
    answers = {*ANSWERS, *ANSWERS22} - {0xBF37} | {0xBF36}
    missing = [one.name for one in STANDARD if one.tag not in answers]
    assert missing == [], "enter them into ANSWERS of tests/support/eims.py"
    assert answers == {one.tag for one in STANDARD}


@pytest.mark.parametrize("versions", [{"since": "1.31"}, {"since": "2"}, {"until": "1.0.2"}])
def test_a_version_that_does_not_exist_is_an_error(versions: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is not a version; there are 1\.0, 1\.0\.1, 1\.1,"):
        Versions(**versions)  # type: ignore[arg-type]
