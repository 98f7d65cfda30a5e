"""Making cards: their options, failures that leave no card, their private keys, and copies."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.eims import LIST_EIM, ask, eim1, eim2, stored_results, trust
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.published_pki import tree

from euicc_sim import Card, CardError
from euicc_sim.store import making as factory
from euicc_sim.store.copying import copy_card
from euicc_sim.store.directory import CHANGES, DOCUMENT, DRAFT, LOCK, Disk
from keys import TestPki, make_eid

EID = "89049032123451234512345678901235"
OTHER_IIN = make_eid("89033023", 7)
NIST_KEY, BRP_KEY = "SK_EUICC_ECDSA_NIST.pem", "SK_EUICC_ECDSA_BRP.pem"
GET_CHALLENGE = hx("BF2E00")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    Card.create(tmp_path / "card", pki=pki_folder, seed=1, fsync=False).close()
    return tmp_path / "card"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def challenges(card: Card, count: int) -> list[bytes]:
    card.reset()
    card.transmit(SELECT_ISDR)
    return [ask(card.transmit, GET_CHALLENGE) for _ in range(count)]


# -- what is made


def test_a_card_is_a_document_a_lock_and_two_keys_when_its_pki_is_elsewhere(
    directory: Path,
) -> None:
    assert {one.name for one in directory.iterdir()} == {
        DOCUMENT,
        CHANGES,
        LOCK,
        NIST_KEY,
        BRP_KEY,
    }


def test_a_card_without_a_pki_has_one_of_its_own(tmp_path: Path) -> None:
    with Card.create(tmp_path / "card", fsync=False) as card:
        ids = {branch.ci.ci_pk_id for branch in TestPki.load(tmp_path / "card" / "pki").branches}
        assert set(card.identity.ci_pk_ids) == ids


def test_only_its_owner_enters_a_card_and_reads_its_keys(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        Card.create(tmp_path / "a" / "card", fsync=False).close()
    finally:
        os.umask(umask)
    directory = tmp_path / "a" / "card"
    keys = list(directory.rglob("SK_*"))
    assert mode(directory) == 0o700
    assert len(keys) >= 4
    assert {mode(path) for path in keys} == {0o600}


def test_a_given_pki_issues_the_certificates_and_gets_no_file(
    tmp_path: Path, pki_folder: Path
) -> None:
    before = tree(pki_folder)
    with Card.create(tmp_path / "card", pki=str(pki_folder), fsync=False) as card:
        branches = TestPki.load(pki_folder).branches
        assert [one.eum_certificate for one in card.identity.credentials] == [
            branch.eum.credential.der for branch in branches
        ]
    assert tree(pki_folder) == before


def test_a_loaded_pki_issues_the_certificates_as_its_folder_does(
    tmp_path: Path, pki_folder: Path
) -> None:
    given: tuple[Path | TestPki, ...] = (pki_folder, TestPki.load(pki_folder))
    for name, pki in zip("ab", given, strict=True):
        Card.create(tmp_path / name, pki=pki, seed=3, fsync=False).close()
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


@pytest.mark.parametrize("name", ["iot", "iot-strict", "consumer"])
def test_a_type_of_card_may_be_text(tmp_path: Path, pki_folder: Path, name: str) -> None:
    with Card.create(tmp_path / "card", pki=pki_folder, card_type=name, fsync=False) as card:
        assert card.identity.card_type == name


def test_without_fsync_nothing_is_synced_while_a_card_is_made_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(_: int) -> None:
        raise AssertionError("something was synced")

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "fdatasync", sync)
    with Card.create(tmp_path / "card", seed=1, fsync=False) as card:
        trust(card.transmit, eim1())
        shutil.copytree(tmp_path / "card", tmp_path / "killed")
    Card.open(tmp_path / "killed", fsync=False).close()


def test_a_pki_in_the_card_s_directory_is_used_again(tmp_path: Path) -> None:
    directory = tmp_path / "card"
    with Card.create(directory, fsync=False) as card:
        first = card.identity
    before = tree(directory / "pki")
    for name in (DOCUMENT, NIST_KEY, BRP_KEY):
        (directory / name).unlink()
    with Card.create(directory, fsync=False) as card:
        assert card.identity.ci_pk_ids == first.ci_pk_ids
        assert card.identity.credentials != first.credentials
    assert tree(directory / "pki") == before


def test_the_eid_is_the_one_asked_for(tmp_path: Path, pki_folder: Path) -> None:
    eid = make_eid("89049032", 42)
    with Card.create(tmp_path / "card", eid=eid, pki=pki_folder, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert card.eid == eid
        assert ask(card.transmit, hx("BF3E 03 5C015A")) == hx("BF3E 12 5A10") + hx(eid)


def test_a_seed_makes_every_file_repeat(tmp_path: Path) -> None:
    for name in "ab":
        Card.create(tmp_path / name, seed=7, fsync=False).close()
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


@pytest.mark.parametrize("seeds", [(7, 8), (None, None)])
def test_keys_and_challenges_differ_with_another_seed_or_none(
    tmp_path: Path, pki_folder: Path, seeds: tuple[int | None, int | None]
) -> None:
    found = []
    for name, seed in zip("ab", seeds, strict=True):
        with Card.create(tmp_path / name, pki=pki_folder, seed=seed, fsync=False) as card:
            found.append((*challenges(card, 1), *tree(tmp_path / name).values()))
    assert not set(found[0]) & set(found[1]) - {b""}


def test_a_seed_s_challenges_begin_again_after_a_reset(tmp_path: Path, pki_folder: Path) -> None:
    with Card.create(tmp_path / "card", pki=pki_folder, seed=7, fsync=False) as card:
        first = challenges(card, 3)
        assert len(set(first)) == 3
        assert challenges(card, 3) == first
    with Card.open(tmp_path / "card") as card:
        assert challenges(card, 3) == first


def test_without_a_seed_a_challenge_never_comes_back(tmp_path: Path, pki_folder: Path) -> None:
    with Card.create(tmp_path / "card", pki=pki_folder, fsync=False) as card:
        assert not set(challenges(card, 3)) & set(challenges(card, 3))


def test_no_more_eims_fit_than_was_said(tmp_path: Path, pki_folder: Path) -> None:
    with Card.create(tmp_path / "card", pki=pki_folder, max_eims=1, fsync=False) as card:
        eim = eim1()
        trust(card.transmit, eim)
        (result,) = eim.load(card.transmit, ("addEim", eim2().configuration()))
        assert result == ("addEimResult", ("addEimResultCode", 1))
        assert [one.eim_id for one in card.state.eims] == [eim.name]


def test_no_more_results_are_kept_than_was_said(tmp_path: Path, pki_folder: Path) -> None:
    with Card.create(tmp_path / "card", pki=pki_folder, results=2, fsync=False) as card:
        eim = eim1()
        trust(card.transmit, eim)
        answers = [ask(card.transmit, eim.package(LIST_EIM)) for _ in range(3)]
        assert stored_results(card.transmit) == answers[1:]


# -- what is not made


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "31 digits": ({"eid": EID[:-1]}, r"is 32 decimal digits, and this is 31 characters long"),
    "letters": ({"eid": "89" + "A" * 30}, r"is not an EID"),
    "check digits": ({"eid": EID[:-2] + "36"}, r"wrong check digits: it should end in 35, not 36"),
    "another IIN": ({"eid": OTHER_IIN}, r"does not begin with 89049032"),
    "a type nobody knows": ({"card_type": "watch"}, r"watch is not a card type; choose iot, "),
    "a seed beyond 2**63": ({"seed": 2**63}, r"a seed must be from -9223372036854775807 to"),
    "no room for eIMs": ({"max_eims": 0}, r"room for at least one eIM"),
    "no room for results": ({"results": 0}, r"room for at least one .* package result"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_that_no_card_can_have_is_refused_and_nothing_is_made(
    tmp_path: Path, pki_folder: Path, name: str
) -> None:
    options, sentence = REFUSED[name]
    with pytest.raises(CardError, match=sentence):
        Card.create(tmp_path / "card", **{"pki": pki_folder, "fsync": False, **options})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "sentence"), [(False, "is not a folder"), (True, "not hold a complete")]
)
def test_a_pki_that_is_none_is_named_and_nothing_is_made(
    tmp_path: Path, make: bool, sentence: str
) -> None:
    pki = tmp_path / "elsewhere"
    if make:
        pki.mkdir()
    with pytest.raises(CardError, match=f"{pki} .*{sentence}"):
        Card.create(tmp_path / "card", pki=pki, fsync=False)
    assert not (tmp_path / "card").exists()


def test_a_card_that_is_there_already_stays_as_it_is(directory: Path) -> None:
    before = tree(directory)
    with pytest.raises(CardError, match=r" has a card already; open it, or choose"):
        Card.create(directory, fsync=False)
    assert tree(directory) == before


def test_a_card_that_is_there_already_is_said_before_anything_else(directory: Path) -> None:
    with Card.open(directory), pytest.raises(CardError, match=r" has a card already"):
        Card.create(directory, eid="1", fsync=False)


def _left_over(directory: Path) -> None:
    (directory / "card.changes").write_bytes(b'{"number":1}\n')


def _torn(directory: Path) -> None:
    (directory / "card.changes").write_bytes(b"\0")


def _folder(directory: Path) -> None:
    (directory / "card.changes").mkdir()


def _link(directory: Path) -> None:
    (directory / "card.changes").symlink_to("nowhere")


@pytest.mark.parametrize("left_over", [_left_over, _torn, _folder, _link])
def test_beside_a_change_log_of_another_card_no_card_is_made(
    tmp_path: Path, pki_folder: Path, left_over: Callable[[Path], None]
) -> None:
    left_over(tmp_path)
    before = {one.name for one in tmp_path.iterdir()}
    with pytest.raises(CardError, match=r"card\.changes .* of another card; .* choose another"):
        Card.create(tmp_path, pki=pki_folder)
    assert {one.name for one in tmp_path.iterdir()} == before


def test_an_empty_change_log_is_in_nobody_s_way(tmp_path: Path, pki_folder: Path) -> None:
    (tmp_path / "card.changes").touch()
    Card.create(tmp_path, pki=pki_folder, fsync=False).close()
    Card.open(tmp_path, fsync=False).close()


def test_private_keys_without_a_card_are_never_overwritten(directory: Path) -> None:
    (directory / DOCUMENT).unlink()
    before = tree(directory)
    with pytest.raises(CardError, match=f"{NIST_KEY} exists, and keys are never overwritten"):
        Card.create(directory, pki=None, fsync=False)
    assert tree(directory) == before


def test_two_makers_of_one_card_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def second(*_: object, **__: object) -> None:
        with pytest.raises(CardError, match="is open already"):
            Card.create(tmp_path / "card", fsync=False)
        raise CardError("the first is disturbed no more")

    monkeypatch.setattr(factory, "_issue", second)
    with pytest.raises(CardError, match="no more"):
        Card.create(tmp_path / "card", fsync=False)


def test_a_directory_that_cannot_be_made_is_said_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CardError, match=r"a card could not be made in .*: Not a directory$"):
        Card.create(tmp_path / "file" / "card", fsync=False)
    with pytest.raises(CardError, match=r"a card could not be made in .*: File exists$"):
        Card.create(tmp_path / "file", fsync=False)
    with pytest.raises(CardError, match=r"a card could not be made in .*: File name too long$"):
        Card.create(tmp_path / ("x" * 300), fsync=False)


def test_a_directory_that_may_not_be_written_is_said_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mkdir(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(CardError, match=r"a card could not be made in .*: Permission denied$"):
        Card.create(tmp_path / "card", fsync=False)


# -- failures half way


class Full:
    """Fails one call of a function, the one of that number, and lets the others through."""

    def __init__(self, function: Callable[..., Any], number: int) -> None:
        self.function = function
        self.left = number

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise OSError(28, "No space left on device")
        return self.function(*arguments, **options)


@pytest.fixture
def break_sync(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Full]:
    """Makes the fsync of that number fail."""

    def break_it(number: int) -> Full:
        full = Full(os.fsync, number)
        monkeypatch.setattr(os, "fsync", full)
        return full

    return break_it


@pytest.mark.slow
def test_a_creation_that_fails_at_any_sync_leaves_nothing_and_can_be_tried_again(
    tmp_path: Path, break_sync: Callable[[int], Full], monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0
    while True:
        full = break_sync(failures + 1)
        try:
            Card.create(tmp_path / "card", seed=1).close()
        except CardError as error:
            assert "No space left on device" in str(error)  # noqa: PT017 the last one succeeds
            assert list(tmp_path.iterdir()) == []
            failures += 1
        else:
            break
        finally:
            monkeypatch.undo()
    assert full.left == 1, "each sync has failed once"
    assert failures > 20
    Card.open(tmp_path / "card").close()


@pytest.mark.parametrize("operation", ["write", "replace"])
def test_a_creation_whose_document_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, pki_folder: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    directory = tmp_path / "card"
    shutil.copytree(pki_folder, directory / "pki")
    (directory / "notes.txt").write_text("mine")
    (directory / DRAFT).write_text("half")
    before = tree(directory)
    function = getattr(Disk, operation)
    monkeypatch.setattr(Disk, operation, lambda *given: Full(function, 1)(*given))
    with pytest.raises(
        CardError, match=r"a card could not be made in .*: No space left on device$"
    ):
        Card.create(directory, fsync=False)
    left = tree(directory)
    assert {name: left[name] for name in before if name != DRAFT} == {
        name: content for name, content in before.items() if name != DRAFT
    }
    assert left.keys() - before.keys() <= {LOCK}
    monkeypatch.undo()
    Card.create(directory, fsync=False).close()
    assert (directory / "notes.txt").read_text() == "mine"


def test_an_interrupted_creation_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Disk, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Card.create(tmp_path / "card", fsync=False)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_after_a_failure_hides_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Disk, "replace", lambda *given: Full(os.replace, 1)(*given))
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(CardError, match="No space left on device"):
        Card.create(tmp_path / "card", fsync=False)


# -- private keys that do not go with the card


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


WRONG_KEYS: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"not a key", r"does not hold a usable private key"),
    "nothing": (lambda: b"", r"does not hold a usable private key"),
    "RSA": (lambda: _pem(rsa.generate_private_key(65537, 2048)), r"is not an elliptic curve key"),
    "P-384": (
        lambda: _pem(ec.generate_private_key(ec.SECP384R1())),
        r": The key is on secp384r1",
    ),
    "another on P-256": (
        lambda: _pem(ec.generate_private_key(ec.SECP256R1())),
        r"is not the private key of this card's NIST certificate",
    ),
}


@pytest.mark.parametrize("name", WRONG_KEYS)
def test_another_kind_of_private_key_is_named_with_its_file(directory: Path, name: str) -> None:
    make, sentence = WRONG_KEYS[name]
    (directory / NIST_KEY).write_bytes(make())
    with pytest.raises(CardError, match=f"^{directory / NIST_KEY}.*{sentence}"):
        Card.open(directory)


def test_a_private_key_that_is_gone_is_named_once_with_its_file(directory: Path) -> None:
    (directory / BRP_KEY).unlink()
    with pytest.raises(CardError, match="cannot be read: No such file") as caught:
        Card.open(directory)
    assert str(caught.value).count(str(directory / BRP_KEY)) == 1


def test_a_private_key_that_cannot_be_read_is_named_with_the_reason(directory: Path) -> None:
    (directory / NIST_KEY).unlink()
    (directory / NIST_KEY).mkdir()
    with pytest.raises(CardError, match=f"{NIST_KEY} cannot be read: Is a directory"):
        Card.open(directory)


def test_a_private_key_that_is_a_link_is_not_followed(directory: Path, tmp_path: Path) -> None:
    (directory / NIST_KEY).rename(tmp_path / "outside.pem")
    (directory / NIST_KEY).symlink_to(tmp_path / "outside.pem")
    with pytest.raises(CardError, match=f"{NIST_KEY} cannot be read: it is a symbolic link"):
        Card.open(directory)


def test_a_private_key_that_is_a_fifo_is_refused_at_once(directory: Path) -> None:
    (directory / NIST_KEY).unlink()
    os.mkfifo(directory / NIST_KEY)
    with pytest.raises(CardError, match=f"{NIST_KEY} cannot be read: it is not a plain file"):
        Card.open(directory)


def test_a_private_key_of_a_gigabyte_is_not_read(directory: Path) -> None:
    with (directory / NIST_KEY).open("r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(CardError, match=f"{NIST_KEY} cannot be read: it has more than 65536 bytes"):
        Card.open(directory)


def test_a_lock_that_is_a_fifo_is_refused(directory: Path) -> None:
    (directory / "lock").unlink(missing_ok=True)
    os.mkfifo(directory / "lock")
    with pytest.raises(CardError, match="lock is not a plain file"):
        Card.open(directory)


def _off_the_curve(der: bytes) -> bytes:
    at = der.index(hx("034200 04")) + 4
    return der[:at] + bytes(64) + der[at + 64 :]


def _unknown_curve(der: bytes) -> bytes:
    return der.replace(hx("06082A8648CE3D030107"), hx("06082A8648CE3D03017F"))


@pytest.mark.parametrize("spoil", [_off_the_curve, _unknown_curve])
def test_a_damaged_certificate_of_the_card_is_blamed_on_the_document(
    directory: Path, spoil: Callable[[bytes], bytes]
) -> None:
    document = json.loads((directory / DOCUMENT).read_text())
    credential = document["card"]["credentials"][0]
    credential["euiccCertificate"] = spoil(bytes.fromhex(credential["euiccCertificate"])).hex()
    (directory / DOCUMENT).write_text(json.dumps(document))
    with pytest.raises(CardError, match="the card's NIST certificate cannot be used") as caught:
        Card.open(directory)
    assert str(caught.value).startswith(f"{directory / DOCUMENT} is damaged: ")


# -- copies


def test_a_copy_of_a_card_in_use_opens_beside_it_with_all_it_keeps(
    directory: Path, tmp_path: Path
) -> None:
    with Card.open(directory, fsync=False) as card:
        eim = eim1()
        trust(card.transmit, eim)
        (directory / DRAFT).write_text("half")
        copy_card(directory, tmp_path / "a" / "copy")
        eim.load(card.transmit, LIST_EIM)
        with Card.open(tmp_path / "a" / "copy") as copy:
            assert [(one.eim_id, one.counter) for one in copy.state.eims] == [(eim.name, 0)]
            assert copy.identity == card.identity
        assert card.state.eims[0].counter == 1
    assert not (tmp_path / "a" / "copy" / DRAFT).exists()


def test_only_its_owner_enters_a_copy_and_reads_its_keys(directory: Path, tmp_path: Path) -> None:
    directory.chmod(0o755)
    copy_card(directory, tmp_path / "copy")
    assert mode(tmp_path / "copy") == 0o700
    assert {mode(path) for path in (tmp_path / "copy").rglob("SK_*")} == {0o600}


def test_nobody_else_enters_a_copy_while_it_is_made(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    copy_file = shutil.copyfile

    def watched(source: str, target: str, **options: Any) -> object:
        seen.append(mode(tmp_path / "copy"))
        return copy_file(source, target, **options)

    monkeypatch.setattr(shutil, "copyfile", watched)
    copy_card(directory, tmp_path / "copy")
    assert set(seen) == {0o700}


def test_nothing_is_copied_onto_what_is_there(directory: Path, tmp_path: Path) -> None:
    for name in ("directory", "file"):
        target = tmp_path / name
        target.mkdir() if name == "directory" else target.touch()
        with pytest.raises(CardError, match=f"{target} exists already; choose another"):
            copy_card(directory, target)
    assert list((tmp_path / "directory").iterdir()) == []


def test_what_is_no_card_is_not_copied(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=f"there is no card in {tmp_path}$"):
        copy_card(tmp_path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_card_is_not_copied_into_itself(tmp_path: Path) -> None:
    Card.create(tmp_path / "card", fsync=False).close()
    before = tree(tmp_path)
    for target in (tmp_path / "card" / "copy", tmp_path / "card" / "pki" / "copy"):
        with pytest.raises(CardError, match="is inside the card; choose a directory outside"):
            copy_card(tmp_path / "card", target)
    assert tree(tmp_path) == before


def test_a_copy_that_fails_half_way_leaves_nothing_and_can_be_tried_again(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "copyfile", Full(shutil.copyfile, 2))
    with pytest.raises(CardError, match=r"the copy into .* failed: .*No space left on device$"):
        copy_card(directory, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    monkeypatch.undo()
    copy_card(directory, tmp_path / "copy")
    Card.open(tmp_path / "copy").close()


def test_a_copy_whose_directory_cannot_be_made_is_said_with_the_reason(directory: Path) -> None:
    with pytest.raises(CardError, match=r"the copy into .* failed: Not a directory$"):
        copy_card(directory, Path(__file__) / "copy")
    with pytest.raises(CardError, match=r"the copy into .* failed: File name too long$"):
        copy_card(directory, directory.parent / ("x" * 300))
