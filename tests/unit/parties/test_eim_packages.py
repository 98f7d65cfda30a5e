"""What an eIM writes, held against vectors that were made without it."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx
from support.judge import judged
from support.vectors import entry, sgp32, vector

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.eim import Eim, add_initial_eim
from euicc_sim.parties.eim.operations import Operation
from euicc_sim.parties.messages.apdus import store_data
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.identifiers import iccid_bytes
from keys import Curve, PkiError, Role, TestPki

EID = "89049032123451234512345678901235"
A, B, C = (f"890001234567890123{end}" for end in ("41", "42", "43"))
TRANSACTION = hx("A1B2C3D4")


def vector_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(sgp32()["keys"][name]["d"], 16), ec.SECP256R1())


def eim1(counter: int = 0) -> Eim:
    return Eim("eim1.example.com", vector_key("eim1"), counter)


def eim2(token: int | None = None) -> Eim:
    return Eim("eim2.example.com", vector_key("eim2"), token=token)


def with_fqdn(eim: Eim) -> Eim:
    eim.fqdn, eim.id_type = eim.eim_id, 2
    return eim


PACKAGES: dict[str, Callable[[], list[Operation]]] = {
    "pkg_add_eim_token": lambda: [
        operations.add_eim(with_fqdn(eim2()).configuration(want_token=True))
    ],
    "pkg_add_eim_plain": lambda: [operations.add_eim(eim2().configuration())],
    "pkg_update_eim_key": lambda: [
        operations.update_eim(
            Eim("eim1.example.com", vector_key("eim1_new")).configuration(
                "counterValue", "eimPublicKeyData"
            )
        )
    ],
    "pkg_list_eim": lambda: [operations.list_eim()],
    "pkg_delete_eim": lambda: [operations.delete_eim("eim2.example.com")],
    "pkg_delete_eim_self_last": lambda: [operations.delete_eim("eim1.example.com")],
    "pkg_multi_eco": lambda: [
        operations.add_eim(eim2().configuration(want_token=True)),
        operations.list_eim(),
    ],
    "pkg_enable": lambda: [operations.enable(B)],
    "pkg_enable_rollback": lambda: [operations.enable(B, rollback=True)],
    "pkg_disable_delete": lambda: [operations.disable(A), operations.delete(C)],
    "pkg_delete": lambda: [operations.delete(C)],
    "pkg_list_profile_info": lambda: [operations.list_profile_info()],
    "pkg_list_profile_info_tags": lambda: [operations.list_profile_info(hx("5A9F709F269F67"))],
    "pkg_get_rat": lambda: [operations.get_rat()],
    "pkg_config_immediate_enable": lambda: [
        operations.configure_immediate_enable(
            smdp_oid="1.3.6.1.4.1.46304", smdp_address="smdp.example.com"
        )
    ],
    "pkg_set_fallback": lambda: [operations.set_fallback_attribute(B)],
    "pkg_unset_fallback": lambda: [operations.unset_fallback_attribute()],
    "pkg_set_default_dp": lambda: [operations.set_default_dp_address("smdp.example.com")],
    "pkg_counter_max": lambda: [operations.list_eim()],
    "pkg_counter_too_big": lambda: [operations.list_eim()],
}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_the_vectors_byte_for_byte(name: str) -> None:
    asked = judged("EuiccPackageRequest", vector(name))["euiccPackageSigned"]
    request = eim1().package(
        PACKAGES[name](),
        EID,
        counter=asked["counterValue"],
        transaction_id=asked.get("eimTransactionId"),
    )
    assert request == vector(name)


@pytest.mark.parametrize(
    ("name", "token"), [("pkg_token1_list_eim", 1), ("pkg_token128_list_eim", 128)]
)
def test_the_token_is_signed_and_not_sent(name: str, token: int) -> None:
    assert eim2(token).package([operations.list_eim()], EID) == vector(name)


def test_a_package_may_be_for_a_wrong_eid() -> None:
    request = eim1().package([operations.list_eim()], EID[:-1] + "6", counter=21)
    assert request == vector("pkg_wrong_eid")


def test_any_bytes_can_be_signed() -> None:
    name = "pkg_list_eim"
    assert eim1().sign(hx(entry(name)["signed_object"])) == vector(name)
    assert eim1().sign(b"").startswith(hx("BF51 43 5F3740"))


def test_add_initial_eim_is_the_vectors_byte_for_byte() -> None:
    first = with_fqdn(eim1())
    first.protocols = frozenset({0})
    first.ci_pk_id = hx("F54172BDF98A95D65CBEB88A38A1C11D800A85C3")
    assert add_initial_eim(first.configuration()) == vector("add_initial_eim_req")
    two = add_initial_eim(
        eim1().configuration(), eim2().configuration(want_token=True, counter=100)
    )
    assert two == vector("add_initial_eim_req_two_token")


def test_all_that_an_eim_can_say_of_itself_is_read_by_the_judge() -> None:
    credential = TestPki.create([Curve.NIST], seed=1).credential(Role.EIM_SIGNING, Curve.NIST)
    eim = Eim(
        "eim",
        credential.private_key,
        5,
        fqdn="eim.example",
        id_type=1,
        protocols=frozenset({1, 4}),
        ci_pk_id=bytes(20),
        certificate=credential.der,
        indirect_download=True,
    )
    found = judged("AddInitialEimRequest", add_initial_eim(eim.configuration(want_token=True)))
    (config,) = found["eimConfigurationDataList"]
    assert config["counterValue"] == 5
    assert config["associationToken"] == -1
    assert config["eimPublicKeyData"][0] == "eimCertificate"
    assert config["eimSupportedProtocol"] == (0b01001, 5)
    assert "indirectProfileDownload" in config


def test_brainpool_packages_are_read_by_the_judge() -> None:
    eim = Eim.create("eim", Curve.BRP, seed=1)
    package = eim.package([operations.get_rat()], EID, transaction_id=TRANSACTION)
    found = judged("EuiccPackageRequest", package)["euiccPackageSigned"]
    assert found["eimTransactionId"] == TRANSACTION


def test_each_package_has_the_next_counter() -> None:
    eim = eim1(counter=4)
    assert eim.package([operations.list_eim()], EID) == vector("pkg_list_eim")
    eim.package([operations.list_eim()], EID)
    assert eim.counter == 6


@pytest.mark.parametrize("counter", [-1, 3, 0x800000])
def test_an_odd_counter_is_signed_and_not_remembered(counter: int) -> None:
    eim = eim1(counter=4)
    request = eim.package([operations.list_eim()], EID, counter=counter)
    assert judged("EuiccPackageRequest", request)["euiccPackageSigned"]["counterValue"] == counter
    assert eim.counter == 4


def test_no_package_follows_the_last_counter() -> None:
    eim = eim1(counter=0x7FFFFE)
    eim.package([operations.list_eim()], EID)
    with pytest.raises(EimError, match=r"last counter.*Let another eIM"):
        eim.package([operations.list_eim()], EID)


def test_a_seed_makes_the_same_key_for_the_same_id_and_curve() -> None:
    keys = {
        Eim.create(name, curve, seed=seed).public_key
        for name, curve, seed in [
            ("a", Curve.NIST, 1),
            ("a", Curve.NIST, 1),
            ("b", Curve.NIST, 1),
            ("a", Curve.BRP, 1),
            ("a", Curve.NIST, 2),
        ]
    }
    assert len(keys) == 4
    assert Eim.create("a").public_key != Eim.create("a").public_key


def test_no_private_key_is_printed() -> None:
    assert "rivate" not in repr(eim1())


def test_psmos_and_ecos_do_not_mix() -> None:
    with pytest.raises(EimError, match="mixed: listEim, getRAT"):
        eim1().package([operations.list_eim(), operations.get_rat()], EID)


@pytest.mark.parametrize(
    ("attempt", "sentence"),
    [
        (lambda: eim1().package([], EID), "at least one operation"),
        (lambda: eim1().package([operations.list_eim()], "8904"), "not an EID"),
        (
            lambda: eim1().package([operations.list_eim()], EID, transaction_id=b""),
            "transaction|long",
        ),
        (lambda: eim1().configuration("eimFqdn"), "no eimFqdn to give"),
        (lambda: add_initial_eim(), "at least one eIM"),
        (lambda: add_initial_eim({"eimId": ""}), "cannot be written"),
        (lambda: operations.enable("8900"), "18 to 20 digits"),
        (lambda: operations.delete_eim("\udcff"), "cannot be written"),
        (lambda: operations.configure_immediate_enable(smdp_oid="x"), "2.999.10"),
        (lambda: Eim.create(""), "1 to 128"),
        (lambda: Eim.create("e" * 129), "1 to 128"),
        (lambda: Eim.create("\udcff"), "UTF-8"),
        (lambda: Eim.create("e", counter=-1), "below 0"),
        (lambda: Eim("e", vector_key("eim1"), token=0), "begin with 1"),
        (lambda: Eim("e", vector_key("eim1"), certificate=b"0"), "certificate is unusable"),
    ],
)
def test_what_cannot_be_is_a_sentence(attempt: Callable[[], object], sentence: str) -> None:
    with pytest.raises(EimError, match=sentence) as caught:
        attempt()
    assert str(caught.value).endswith(".")


def test_a_refused_package_leaves_the_counter() -> None:
    eim = eim1()
    with pytest.raises(EimError):
        eim.package([operations.list_eim()], EID, transaction_id=bytes(17))
    assert eim.counter == 0


def test_a_certificate_belongs_to_its_key() -> None:
    credential = TestPki.create([Curve.NIST], seed=1).credential(Role.EIM_SIGNING, Curve.NIST)
    with pytest.raises(EimError, match="belong together"):
        Eim("e", vector_key("eim1"), certificate=credential.der)


def test_other_curves_are_refused() -> None:
    with pytest.raises(PkiError, match="secp384r1"):
        Eim("e", ec.generate_private_key(ec.SECP384R1()))


@given(st.text("0123456789", min_size=19, max_size=20))
def test_an_iccid_goes_there_and_back(digits: str) -> None:
    assert iccid_digits(iccid_bytes(digits)) == digits


def test_an_iccid_of_19_digits_is_filled() -> None:
    assert iccid_bytes("8900012345678901234") == hx("980010325476981032F4")
    assert iccid_bytes("8900012345678901234F") == hx("980010325476981032F4")


def test_a_request_is_cut_into_blocks_of_255_bytes() -> None:
    request = bytes(range(256)) * 2
    first, second, last = store_data(request)
    assert first == hx("80E21100FF") + request[:255]
    assert second == hx("80E21101FF") + request[255:510]
    assert last == hx("80E2910202") + request[510:]
    assert store_data(b"123") == [hx("80E2910003313233")]
