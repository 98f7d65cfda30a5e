"""`euicc-sim decode` as a person types it."""

from pathlib import Path

import pytest
import typer
from support.growth import LINEAR, growth
from support.vectors import vector
from typer.testing import CliRunner, Result

from euicc_sim.cli.decode import decode

app = typer.Typer()
app.command()(decode)

GET_EID = "BF3E 12 5A10 89049032123451234512345678901235"


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def complaint(*arguments: str, stdin: bytes | None = None) -> str:
    """The one sentence that is all a refused input gets."""
    result = run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    return lines[0].removeprefix("euicc-sim: ")


def test_a_package_is_printed_as_a_tree_with_one_line_for_each_object() -> None:
    result = run(vector("pkg_multi_eco").hex())
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "EuiccPackageRequest           BF51    232"
    assert lines[2] == '    eimId                     80       16  "eim1.example.com"'
    assert "    euiccPackage ecoList      A1      121" in lines
    assert "              algorithm       06        7  1.2.840.10045.2.1 id-ecPublicKey" in lines
    assert lines[-1].startswith("  eimSignature                5F37     64  0A3E2E64")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("BF4F 12 5A10 89049032123451234512345678901235", "GetEimPackageRequest"),
        ("BF4F 03 020101", "GetEimPackageResponse  BF4F      3\n  eimPackageError"),
        ("BF50 02 3000", "ProvideEimPackageResultResponse  BF50      2\n  emptyResponse"),
        (
            "BF40 03 810106",
            "AuthenticateClientResponseEs11  BF40      3\n  authenticateClientError",
        ),
        (
            "BF40 1C A01A 8008 0102030405060708 A10E 300C 8004 45565431 8104 61622E63",
            "AuthenticateClientResponseEs11  BF40     28\n  authenticateClientOk",
        ),
    ],
)
def test_messages_between_ipa_and_eim_are_known(message: str, name: str) -> None:
    assert run(message).stdout.startswith(name)


def test_a_package_in_an_esipa_message_is_shown_as_a_tree_too() -> None:
    package = vector("pkg_multi_eco")
    result = run((b"\xbf\x4f\x81" + bytes((len(package),)) + package).hex())
    assert "      eimId                     80       16" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        (GET_EID,),
        tuple(GET_EID.split()),
        (GET_EID.lower(),),
        (GET_EID, "9000"),
        (GET_EID + "9000",),
    ],
)
def test_hex_may_have_any_form_and_a_status_word(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).stdout.splitlines() == [
        "GetEuiccDataResponse  BF3E     18",
        "  eidValue            5A       16  89049032123451234512345678901235",
    ]


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_read_when_nothing_or_a_dash_is_given(arguments: tuple[str, ...]) -> None:
    assert run(*arguments, stdin=b"BF 56 00\n").stdout == "GetCertsRequest  BF56      0\n"
    assert run(*arguments, stdin=bytes.fromhex("BF5600")).stdout.startswith("GetCertsRequest")


@pytest.mark.parametrize(
    "content", [b"BF5603\n810101\n9000\n", bytes.fromhex("BF5603810101"), b"bf56 0381 0101"]
)
def test_a_file_holds_hex_or_der(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "answer").write_bytes(content)
    assert run(str(tmp_path / "answer")).stdout.splitlines()[1].split()[-1] == "invalidCiPKId(1)"


def test_der_of_small_bytes_only_is_still_der(tmp_path: Path) -> None:
    (tmp_path / "der").write_bytes(bytes.fromhex("5F370111"))
    assert run(str(tmp_path / "der")).stdout.splitlines()[-1].split() == ["?", "5F37", "1", "11"]


def test_if_two_types_fit_equally_well_both_are_printed() -> None:
    result = run("BF5A03800100")
    assert result.exit_code == 0
    assert result.stdout == (
        "ImmediateEnableRequest or ImmediateEnableResponse: they fit equally well; choose with "
        "--request, --response or --type.\n"
        "ImmediateEnableRequest  BF5A      3\n"
        "  refreshFlag           80        1  FALSE\n"
        "\n"
        "ImmediateEnableResponse  BF5A      3\n"
        "  immediateEnableResult  80        1  ok(0)\n"
    )


@pytest.mark.parametrize(
    ("option", "last"),
    [
        (("--request",), "FALSE"),
        (("--response",), "ok(0)"),
        (("--type", "ImmediateEnableResponse"), "ok(0)"),
        (("--type", "immediateenablerequest"), "FALSE"),
    ],
)
def test_an_option_decides(option: tuple[str, ...], last: str) -> None:
    lines = run("BF5A03800100", *option).stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith(last)


def test_a_type_may_be_named_as_in_the_standard() -> None:
    result = run("BF3F03800100", "--type", "SGP.22 SetDefaultDpAddressResponse")
    assert result.stdout.splitlines()[1].split() == [
        "setDefaultDpAddressResult",
        "80",
        "1",
        "ok(0)",
    ]
    assert run("BF3003800100", "--type", "SGP.22 NotificationSentResponse").exit_code == 0


def test_what_does_not_fit_is_marked() -> None:
    assert run("BF5503800100", "--response").stdout.splitlines() == [
        "GetEimConfigurationDataResponse  BF55      3    <- lacks eimConfigurationDataList",
        "  ?                              80        1  00"
        "  <- not expected in GetEimConfigurationDataResponse",
    ]


def test_an_object_of_unknown_type_is_printed_plainly() -> None:
    assert run("BF77 03 800100").stdout.splitlines() == [
        "No known type fits; these are the plain objects.",
        "?    BF77      3",
        "  ?  80        1  00",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("BF3E12",), "claims 18 bytes, 0 left"),
        (("BF5602 8005",), "cannot be read: object 80 at byte 3 claims 5 bytes"),
        (("BF5600 9000AA",), "3 bytes follow the object (9000AA)"),
        (("BF5600 90",), "1 byte follows the object (90)"),
        (("BF560",), "does not exist, and it is not hex (two digits per byte)"),
        (("no/such/file",), "the file 'no/such/file' does not exist"),
        (("x" * 5000,), "cannot be read"),
        (("BF5600", "--type", "GetEuiccInfoRequest"), "did you mean GetEuiccInfo2Request or"),
        (("BF5600", "--type", "Xyzzy"), "without --type it is detected"),
        (("BF5600", "--type", "GetRatRequest"), "GetRatRequest cannot begin with tag BF56"),
        (("BF7700", "--request"), "No request begins with tag BF77; leave out --request."),
        (("BF7700", "--response"), "No response begins with tag BF77"),
    ],
)
def test_bad_input_is_reported(arguments: tuple[str, ...], words: str) -> None:
    sentence = complaint(*arguments)
    assert words in sentence
    assert sentence[-1] in ".?"


def test_a_bad_file_is_reported(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(str(tmp_path))
    (tmp_path / "letter").write_text("Dear card,\n")
    assert "is text, but not hex (" in complaint(str(tmp_path / "letter"))
    (tmp_path / "nothing").write_text("\n")
    assert "is empty" in complaint(str(tmp_path / "nothing"))
    assert "Standard input is empty" in complaint("-", stdin=b"")


@pytest.mark.parametrize(
    "message",
    [
        *(f"BF25 8207D9 9582 07D1 {one} {'FF' * 2000} 9F700101" for one in ("7F", "80")),
        f"30 8207D5 0282 07D1 7F{'FF' * 2000}",
        f"BF28 8207D5 8182 07D1 80{'00' * 2000}",
        "30 06 0204 FFFFFFFF",
        "30 0C 020A 80000000000000000000",
    ],
    ids=lambda message: message[:30],
)
def test_a_number_of_any_size_is_shown(message: str) -> None:
    result = run(message)
    assert (result.exit_code, result.exception) == (0, None)


def test_a_number_that_is_too_long_to_read_is_shown_in_hex_with_its_size() -> None:
    result = run(f"30 8207D5 0282 07D1 7F{'FF' * 2000}")
    assert "7FFFFFFF" in result.stdout
    assert "2001  0x7FFF" in result.stdout


def test_a_negative_number_beyond_64_bits_is_shown_in_hex() -> None:
    assert run("30 0C 020A 80000000000000000000").stdout.endswith("-0x80000000000000000000\n")


@pytest.mark.parametrize("head", ["3082", "BF2D82", "BF5182"])
@pytest.mark.parametrize("fill", ["0500", "3000", "8000"])
def test_the_work_for_tens_of_thousands_of_objects_grows_with_their_number(
    head: str, fill: str
) -> None:
    def decoded(objects: int) -> None:
        message = bytes.fromhex(f"{head}{2 * objects:04X}{fill * objects}")
        assert len(run("-", stdin=message).stdout.splitlines()) >= objects

    assert growth(decoded, 0x7000) < LINEAR


CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]


@pytest.mark.parametrize("tag", ["0C", "80", "81", "91", "92", "16", "13"])
def test_no_control_and_no_mark_of_direction_is_printed(tag: str) -> None:
    encoding = "latin-1" if tag in ("13", "16") else "utf-8"
    points = CONTROLS if encoding == "latin-1" else CONTROLS + BIDI
    for text in map(chr, points):
        content = f"a{text}b".encode(encoding)
        inside = f"{tag}{len(content):02X}{content.hex()}"
        for message in (f"30{len(inside) // 2:02X}{inside}", f"BF25{len(inside) // 2:02X}{inside}"):
            shown = run(message).stdout
            assert shown.replace("\n", "").isprintable(), ascii(shown)


def test_a_carried_object_that_cannot_be_read_is_shown_as_bytes() -> None:
    first, *_, last = run("BF410B 8001FF BF4105 1CF88001FF").stdout.splitlines()
    assert first.startswith("CancelSessionRequestEsipa")
    assert "cancelSessionResponse" in last
    assert "1CF88001FF" in last
