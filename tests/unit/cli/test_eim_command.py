"""`euicc-sim eim`, against a card that gets its bytes through files and pipes."""

import io
import json
import re
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console
from support.es10 import SELECT_ISDR, es10
from support.fresh import pki_in
from support.hexes import hx
from support.judge import judged
from support.published_pki import PUBLISHED, needs_published
from support.vectors import sgp32, vector
from typer.testing import CliRunner, Result

from apdu import tlv
from euicc_sim import Card
from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.cli.eim_tables import answer_table, outcome_table
from euicc_sim.cli.main import app
from euicc_sim.parties.eim.eim_file import load
from euicc_sim.parties.messages.package_results import Form, read_result
from keys import Curve, Role, TestPki
from keys.pem import write_public_file

EID = "89049032123451234512345678901235"
ICCID = "89000123456789012342"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(*words: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["eim", *words], input=stdin)


def done(*words: str, stdin: bytes | None = None) -> str:
    result = run(*words, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def failed(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("euicc-sim: ")
    assert result.stderr.strip()[-1] in ".?" or "euicc-sim eim new" in result.stderr
    return result.stderr


def made(file: str = "a.json", eim_id: str = "eim1", *words: str) -> str:
    done("new", file, "--id", eim_id, "--seed", "1", *words)
    return file


@pytest.fixture
def vector_eim(folder: Path) -> str:
    (folder / "eim1.pem").write_text(sgp32()["keys"]["eim1"]["pkcs8_pem"])
    done("new", "v.json", "--id", "eim1.example.com", "--key", "eim1.pem", "--counter", "4")
    return "v.json"


def test_new_makes_a_file_that_only_its_owner_reads(folder: Path) -> None:
    said = done("new", "a.json", "--id", "eim1", "--curve", "brp", "--type", "fqdn")
    assert "euicc-sim eim initial a.json" in said
    assert "euicc-sim eim answer a.json --initial ANSWER" in said
    assert stat.S_IMODE((folder / "a.json").stat().st_mode) == 0o600
    assert load(Path("a.json")).public_key[:27] != load(Path(made("b.json"))).public_key[:27]


def test_new_does_not_overwrite() -> None:
    made()
    assert "never overwritten" in failed("new", "a.json", "--id", "eim1")


def test_new_keeps_what_it_is_told() -> None:
    words = "--type oid --fqdn f.example --protocol injectCoaps --protocol proprietary --ci 0A0B"
    made("a.json", "2.999", *words.split(), "--counter", "5", "--token", "6")
    eim = load(Path("a.json"))
    assert (eim.id_type, eim.fqdn, eim.protocols) == (1, "f.example", frozenset({3, 4}))
    assert (eim.ci_pk_id, eim.counter, eim.token) == (hx("0A0B"), 5, 6)
    shown = done("show", "a.json")
    for part in ("oid", "f.example", "injectCoaps, proprietary", "0A0B", "next package has 6"):
        assert part in shown


def test_new_keeps_the_version_that_the_card_speaks() -> None:
    made("a.json", "eim1", "--sgp32", "1.0.1")
    assert load(Path("a.json")).wire is VERSIONS["1.0.1"]
    assert "v1.0.1" in done("show", "a.json")
    assert "setFallbackAttribute cannot be written" in failed(
        "package", "a.json", "--eid", EID, "setFallbackAttribute:89001234567890123456"
    )
    assert "not a supported version" in failed("new", "b.json", "--id", "a", "--sgp32", "9")


def test_new_takes_a_certificate_with_its_key(folder: Path) -> None:
    credential = TestPki.create([Curve.NIST], seed=1).credential(Role.EIM_SIGNING, Curve.NIST)
    TestPki.create([Curve.NIST], seed=1).write("pki")
    write_public_file(folder / "eim.der", credential.der)
    wrong, right = (next(Path("pki", one).glob("SK_*")) for one in ("DPauth", "EIMsign"))
    sentence = failed("new", "a.json", "--id", "e", "--certificate", "eim.der", "--key", str(wrong))
    assert "belong together" in sentence
    done("new", "a.json", "--id", "e", "--certificate", "eim.der", "--key", str(right))
    assert "certificate" in done("show", "a.json")
    assert failed("new", "c.json", "--id", "e", "--certificate", "none.der")


def test_new_takes_the_signing_key_of_a_pki(folder: Path) -> None:
    pki = TestPki.create(seed=1)
    pki.write("pki")
    for words, curve in ((), Curve.NIST), (("--curve", "brp"), Curve.BRP):
        said = done("new", f"{curve.value}.json", "--id", "e", "--pki", "pki", *words)
        assert "the key is that of pki: whoever has that folder can sign as this eIM" in said
        der = load(Path(f"{curve.value}.json")).public_key
        public = pki.credential(Role.EIM_SIGNING, curve).private_key.public_key()
        assert der == public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert stat.S_IMODE((folder / "NIST.json").stat().st_mode) == 0o600


def test_new_says_what_a_pki_lacks(folder: Path) -> None:
    TestPki.create([Curve.NIST], seed=1).write("pki")
    lacking = failed("new", "a.json", "--id", "e", "--pki", "pki", "--curve", "brp")
    assert "secp256r1 only. Take that curve, or add EIMsign/SK_S_EIMsign_ECDSA_BRP.pem" in lacking
    assert "no signing key of an eIM" in failed("new", "a.json", "--id", "e", "--pki", "pki/EUM")
    assert not (folder / "a.json").exists()


@pytest.mark.parametrize("other", [("--seed", "1"), ("--key", "none.pem")])
def test_new_takes_one_key_only(other: tuple[str, str]) -> None:
    sentence = "an eIM has one key; give only one of --key, --pki and --seed."
    assert sentence in failed("new", "a.json", "--id", "e", "--pki", "pki", *other)


def test_a_pki_of_the_environment_does_not_give_its_key_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    TestPki.create([Curve.NIST], seed=1).write("pki")
    monkeypatch.setenv("EUICC_SIM_PKI", "pki")
    made()
    made("b.json")
    assert "the key is that of" not in done("new", "c.json", "--id", "e")
    shared = TestPki.load("pki").credential(Role.EIM_SIGNING, Curve.NIST).private_key
    assert load(Path("c.json")).private_key.private_numbers() != shared.private_numbers()


@needs_published
def test_the_eim_and_the_card_of_sgp_33_with_the_published_keys() -> None:
    done("new", "a.json", "--id", "eim1", "--no-token", "--pki", str(PUBLISHED))
    with Card.create("card", pki=PUBLISHED, published=True, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        card.transmit(SELECT_ISDR)
        trusted = judged("AddInitialEimRequest", hx(done("initial", "a.json")))
        (entry,) = trusted["eimConfigurationDataList"]
        form, key = entry["eimPublicKeyData"]
        assert (form, key["subjectPublicKey"][0].to_bytes(65)) == (
            "eimPublicKey",
            hx(
                "04 BB9E897517ED7198C5F7738B887D22AFC6C68C57AD9B2D04337B5F3A0DC83FE5"
                "C83997B6B3AA427FC2E603718B7140151BA8D15E0B170275D98DD05C0FF5C287"
            ),
        )
        answer = es10(card.transmit, hx(done("initial", "a.json")))
        assert judged("AddInitialEimResponse", answer)[0] == "addInitialEimOk"
        certificates = es10(card.transmit, hx("BF5600"))
        euicc = (PUBLISHED / "eUICC/CERT_EUICC_ECDSA_NIST.der").read_bytes()
        assert euicc[4:] in certificates
        Path("certs").write_text(certificates.hex())
        order = done("package", "a.json", "listEim", "--eid", card.eid)
        Path("result").write_text(es10(card.transmit, hx(order)).hex())
        assert "verified, EID 89049032123451234512345678901235" in done(
            "verify", "a.json", "result", "--certificate", "certs"
        )


def test_show_does_not_tell_the_private_key(folder: Path) -> None:
    shown = done("show", made())
    secret = json.loads((folder / "a.json").read_bytes())["privateKey"]
    assert "PRIVATE" not in shown
    assert secret.splitlines()[1] not in shown
    assert load(Path("a.json")).public_key.hex().upper() in re.sub(r"\s", "", shown)


def test_package_signs_the_vector_and_keeps_the_counter(vector_eim: str) -> None:
    printed = done("package", vector_eim, "listEim", "--eid", EID)
    assert printed == vector("pkg_list_eim").hex().upper() + "\n"
    assert load(Path(vector_eim)).counter == 5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pkg_enable", [f"enable:{ICCID}", "--counter", "9", "--transaction", "A1B2C3D4"]),
        ("pkg_enable_rollback", [f"enable:{ICCID},rollback", "--counter", "10"]),
        (
            "pkg_disable_delete",
            ["disable:89000123456789012341", "delete:89000123456789012343", "--counter", "11"],
        ),
        ("pkg_list_profile_info", ["listProfileInfo", "--counter", "13"]),
        ("pkg_list_profile_info_tags", ["listProfileInfo:5A9F709F269F67", "--counter", "14"]),
        ("pkg_get_rat", ["getRAT", "--counter", "15"]),
        (
            "pkg_config_immediate_enable",
            [
                "configureImmediateEnable:oid=1.3.6.1.4.1.46304,smdp=smdp.example.com",
                "--counter",
                "16",
            ],
        ),
        ("pkg_set_fallback", [f"setFallbackAttribute:{ICCID}", "--counter", "17"]),
        ("pkg_unset_fallback", ["unsetFallbackAttribute", "--counter", "18"]),
        ("pkg_set_default_dp", ["setDefaultDpAddress:smdp.example.com", "--counter", "19"]),
        ("pkg_delete_eim", ["deleteEim:eim2.example.com", "--counter", "6"]),
        ("pkg_list_eim", ["eco:AB00", "--counter", "5"]),
        ("pkg_get_rat", ["psmo:A600", "--counter", "15"]),
        ("pkg_counter_too_big", ["listEim", "--counter", "8388608"]),
    ],
)
def test_words_make_the_vectors(vector_eim: str, name: str, words: list[str]) -> None:
    printed = done("package", vector_eim, *words, "--eid", EID)
    assert printed.strip() == vector(name).hex().upper()


def test_more_words_are_read_by_the_judge() -> None:
    made("b.json", "eim2", "--counter", "3")
    made("a.json")
    printed = done(
        *("package", "a.json", "addEim:b.json,token,counter=9", "updateEim:b.json,key,counter"),
        *("updateEim:b.json", "--eid", EID),
    )
    signed = judged("EuiccPackageRequest", hx(printed))["euiccPackageSigned"]
    add, update, whole = (value for _, value in signed["euiccPackage"][1])
    assert (add["counterValue"], add["associationToken"]) == (9, -1)
    assert set(update) == {"eimId", "eimPublicKeyData", "counterValue"}
    assert whole["counterValue"] == 3
    printed = done(
        "package", "a.json", "configureImmediateEnable:off", "setDefaultDpAddress:", "--eid", EID
    )
    signed = judged("EuiccPackageRequest", hx(printed))["euiccPackageSigned"]
    assert [value for _, value in signed["euiccPackage"][1]] == [{}, {"defaultDpAddress": ""}]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["listEims"], "Did you mean listEim?"),
        (["xyz"], "One of: addEim, updateEim"),
        (["enable"], "Write enable:ICCID[,rollback]."),
        (["enable:12"], "18 to 20 digits"),
        ([f"enable:{ICCID},back"], "no option 'back'"),
        (["listEim:x"], "stands alone"),
        (["addEim:none.json"], "none.json cannot be read"),
        (["addEim:a.json,counter=x"], "Write a number"),
        (["addEim:a.json,colour=x"], "no option 'colour=x'"),
        (["updateEim:a.json,fqdn"], "no eimFqdn to give"),
        (["updateEim"], "Write updateEim:FILE"),
        (["setDefaultDpAddress"], "Write setDefaultDpAddress:[ADDRESS]."),
        (["listProfileInfo:5"], "pairs of hex digits"),
        (["listEim", "getRAT"], "never both"),
        (["listEim", "--transaction", "zz"], "--transaction: the file 'zz' does not exist"),
        (["listEim", "--transaction", "ABC"], "not in pairs"),
        (["listEim", "--transaction", ""], "--transaction"),
        (["listEim", "--transaction", "00" * 17], "is 17 bytes long, not 1 to 16"),
    ],
)
def test_a_wrong_word_is_a_sentence_and_costs_no_counter(words: list[str], sentence: str) -> None:
    made()
    assert sentence in failed("package", "a.json", *words, "--eid", EID)
    assert load(Path("a.json")).counter == 0


def test_an_eid_has_32_digits() -> None:
    made()
    assert "32 digits" in failed("package", "a.json", "listEim", "--eid", "8904")


def test_help_shows_every_word() -> None:
    text = done("package", "--help")
    for part in ("addEim:FILE[,token]", "enable:ICCID[,rollback]", "unsetFallbackAttribute"):
        assert part in text


def test_out_writes_binary_into_a_new_file(folder: Path, vector_eim: str) -> None:
    assert done("package", vector_eim, "listEim", "--eid", EID, "--out", "p.bin") == ""
    assert (folder / "p.bin").read_bytes() == vector("pkg_list_eim")
    assert "p.bin exists" in failed(
        "package", vector_eim, "listEim", "--eid", EID, "--out", "p.bin"
    )
    assert "cannot be written" in failed("initial", vector_eim, "--out", "none/p.bin")


def test_apdus_are_hex_lines_of_up_to_255_bytes(folder: Path) -> None:
    files = [made(f"{number}.json", f"eim{number}") for number in range(5)]
    lines = done("initial", *files, "--apdu").splitlines()
    assert lines[0].startswith("80E21100FFBF57")
    assert lines[-1].startswith(f"80E291{len(lines) - 1:02X}")
    joined = b"".join(hx(one)[5:] for one in lines)
    assert joined == hx(done("initial", *files))
    done("initial", *files, "--apdu", "--out", "lines")
    assert (folder / "lines").read_text().splitlines() == lines


def test_the_whole_story(card: Card, folder: Path) -> None:
    def told(request: str) -> str:
        return es10(card.transmit, hx(request)).hex()

    card.reset()
    card.transmit(SELECT_ISDR)
    (folder / "certs").write_text(told("BF5600") + "9000\n")
    made("a.json", "eim1")
    made("b.json", "eim2")

    answer = told(done("initial", "a.json"))
    assert "association token 1" in done("answer", "a.json", "--initial", answer)

    order = done("package", "a.json", "addEim:b.json", "listEim", "--eid", card.eid)
    (folder / "result").write_bytes(hx(told(order)))
    said = done("verify", "a.json", "result", "--certificate", "certs", "--added", "b.json")
    assert f"verified, EID {card.eid}" in said
    assert "eimId eim2" in said
    assert "b.json: eIM eim2 has association token 2" in said
    assert load(Path("b.json")).token == 2

    order = done("package", "b.json", f"enable:{ICCID}", "--eid", card.eid)
    result = run("verify", "b.json", "-", "--certificate", "certs", stdin=told(order).encode())
    assert result.exit_code == 3
    assert "iccidOrAidNotFound" in result.stdout

    replay = done("package", "b.json", "listEim", "--counter", "1", "--eid", card.eid)
    assert load(Path("b.json")).counter == 1
    result = run("verify", "b.json", told(replay), "--certificate", "certs")
    assert result.exit_code == 3
    assert "replayError" in result.stdout

    made("c.json", "eim3")
    order = done("package", "c.json", "listEim", "--eid", card.eid)
    result = run("verify", "c.json", told(order), "--certificate", "certs")
    assert result.exit_code == 1
    assert "unsigned error" in result.stdout
    assert "Check that it trusts the eIM" in result.stderr


ASKED = "8401FF"
"""associationToken -1."""


@pytest.mark.parametrize(
    ("options", "words", "asks"),
    [
        ([], [], True),
        ([], ["--no-token"], False),
        (["--no-token"], [], False),
        (["--no-token"], ["--token"], True),
    ],
)
def test_an_eim_asks_for_a_token_unless_told_not_to(
    options: list[str], words: list[str], asks: bool
) -> None:
    made("a.json", "eim1", *options)
    assert (ASKED in done("initial", "a.json", *words)) is asks


@pytest.mark.parametrize(
    ("options", "word", "asks"),
    [
        ([], "addEim:b.json", True),
        ([], "addEim:b.json,no-token,counter=3", False),
        (["--no-token"], "addEim:b.json", False),
        (["--no-token"], "addEim:b.json,token", True),
        ([], "updateEim:b.json", False),
    ],
)
def test_an_eim_that_is_added_asks_for_a_token_unless_told_not_to(
    options: list[str], word: str, asks: bool
) -> None:
    made("a.json", "eim1")
    made("b.json", "eim2", *options)
    assert (ASKED in done("package", "a.json", word, "--eid", EID)) is asks


def test_a_token_cannot_be_asked_for_and_not() -> None:
    made("a.json", "eim1")
    assert "Write one of token and no-token." in failed(
        "package", "a.json", "addEim:a.json,token,no-token", "--eid", EID
    )


@pytest.mark.parametrize("options", [[], ["--no-token"]])
def test_a_file_shows_whether_its_eim_asks(options: list[str]) -> None:
    made("a.json", "eim1", *options)
    shown = "none" if options else "none yet; it asks for one"
    assert re.search(rf"token +{shown} *\n", done("show", "a.json"))
    assert ("wantsToken" in Path("a.json").read_text()) is bool(options)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_card_of_each_version_gives_the_token_that_is_asked_for(
    version: str, tmp_path: Path, pki_folder: Path
) -> None:
    made("a.json", "eim1", "--sgp32", version)
    with Card.create(
        tmp_path / "old", pki=pki_folder, sgp32=version, card_type="iot-strict", fsync=False
    ) as card:
        card.transmit(SELECT_ISDR)
        answer = es10(card.transmit, hx(done("initial", "a.json"))).hex()
        assert "association token 1" in done("answer", "a.json", "--initial", answer)
        order = done("package", "a.json", "listEim", "--eid", EID)
        found = read_result(es10(card.transmit, hx(order)), VERSIONS[version])
        assert found.form is Form.RESULT, "signed over token 1, and accepted"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("res_list_profile_info", ["iccid 89000123456789012341", "profileState enabled"]),
        ("res_get_rat", ["getRAT", "empty"]),
        ("res_add_eim_token", ["token 1", "A1B2C3D4"]),
        ("err_signed_replay", ["replayError"]),
    ],
)
def test_answers_are_shown_with_names(name: str, parts: list[str]) -> None:
    out = Console(width=200, file=io.StringIO())
    answer = read_result(vector(name))
    out.print(answer_table(answer, None), outcome_table(answer))
    shown = out.file.getvalue()  # type: ignore[attr-defined]
    for part in parts:
        assert part in shown


def test_an_operation_that_is_not_known_is_shown_with_its_tag() -> None:
    signed = tlv(
        0x30,
        tlv(0x80, b"eim1") + tlv(0x81, b"\5") + tlv(0x83, b"\7"),
        tlv(0x30, hx("830100"), hx("8F0101")),
    )
    answer = read_result(tlv(0xBF51, tlv(0xA0, signed, tlv(0x5F37, bytes(64)))))
    screen = Console(file=io.StringIO(), width=80, record=True)
    screen.print(answer_table(answer, None), outcome_table(answer))
    shown = screen.export_text()
    assert re.search(r"counter +5 *\n", shown)
    assert re.search(r"1 │ enable +│ ok", shown)
    assert re.search(r"2 │ \? +│ \? 8F +│ 8F0101", shown)


def test_what_a_card_says_does_not_reach_the_terminal_raw(card: Card, folder: Path) -> None:
    card.reset()
    card.transmit(SELECT_ISDR)
    (folder / "certs").write_bytes(es10(card.transmit, hx("BF5600")))
    made("a.json", "eim1")
    made("b.json", "[red]\x1b[31m")
    asking = ["initial", "a.json", "b.json", "--no-token"]
    for words in (asking, ["package", "a.json", "listEim", "--eid", EID]):
        answer = es10(card.transmit, hx(done(*words))).hex()
    shown = done("verify", "a.json", answer, "--certificate", "certs")
    assert "\x1b" not in shown
    assert r"[red]\x1b[31m" in shown


def test_a_foreign_answer_is_not_genuine(vector_eim: str, folder: Path, pki_folder: Path) -> None:
    der = pki_in(pki_folder).issue_euicc(EID, 1)[0].euicc_certificate
    (folder / "card.der").write_bytes(der)
    result = vector("res_list_eim").hex()
    assert "signature is not that" in failed(
        "verify", vector_eim, result, "--certificate", "card.der"
    )
    assert "not a certificate" in failed("verify", vector_eim, result, "--certificate", "0102")
    assert "begins with BF51" in failed("verify", vector_eim, "0102", "--certificate", "card.der")
    assert "RESULT: the file 'none' does not exist" in failed(
        "verify", vector_eim, "none", "--certificate", "card.der"
    )


def test_an_answer_without_a_token_takes_the_old_one_away() -> None:
    made("a.json", "eim1", "--token", "5")
    said = done("answer", "a.json", "--initial", vector("add_initial_eim_resp_ok").hex())
    assert "no association token" in said
    assert load(Path("a.json")).token is None
    refused = vector("add_initial_eim_resp_exists").hex()
    assert "associatedEimAlreadyExists" in failed("answer", "a.json", "--initial", refused)


def test_an_eid_with_a_mistyped_digit_is_a_sentence_and_costs_no_counter() -> None:
    made()
    mistyped = EID[:-1] + str((int(EID[-1]) + 1) % 10)
    before = Path("a.json").read_bytes()
    assert "has wrong check digits" in failed("package", "a.json", "listEim", "--eid", mistyped)
    assert Path("a.json").read_bytes() == before
