"""`euicc-sim pki`: a test PKI as a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.published_pki import tree

from euicc_sim import Card, CardError
from euicc_sim.cli.main import main
from keys import Curve, TestPki, make_eid

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim pki`: exit code, standard output, standard error."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["euicc-sim", "pki", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        assert isinstance(code, int)
        return code, *capsys.readouterr()

    return run


def test_new_writes_a_pki_on_both_curves_and_prints_the_next_step(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    assert run("new", folder) == (
        0,
        f"test PKI written to {folder}\n"
        f"make a card under it with: euicc-sim card new DIR --pki {folder}\n",
        "",
    )
    assert TestPki.load(folder).curves == tuple(Curve)
    Card.create(tmp_path / "card", pki=folder, fsync=False).close()


def test_only_the_owner_can_read_the_private_keys(run: Run, tmp_path: Path) -> None:
    run("new", tmp_path / "pki")
    keys = list((tmp_path / "pki").rglob("SK_*"))
    assert len(keys) >= 4
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_a_seed_makes_the_same_files(run: Run, tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        run("new", tmp_path / name, "--seed", seed)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert not set(tree(tmp_path / "a").values()) & set(tree(tmp_path / "c").values())


def test_the_iin_determines_which_eids_may_be_issued(run: Run, tmp_path: Path) -> None:
    assert run("new", tmp_path / "pki", "--iin", "89033023")[0] == 0
    eid = make_eid("89033023", 7)
    Card.create(tmp_path / "card", eid=eid, pki=tmp_path / "pki", fsync=False).close()
    with pytest.raises(CardError, match="does not begin with 89033023"):
        Card.create(tmp_path / "other", pki=tmp_path / "pki", fsync=False)


def test_a_malformed_iin_is_reported_and_no_folder_is_made(run: Run, tmp_path: Path) -> None:
    code, out, err = run("new", tmp_path / "pki", "--iin", "8904")
    assert (code, out) == (1, "")
    assert err.startswith("euicc-sim: '8904' is not an IIN: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "pki").exists()


def test_an_existing_pki_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    run("new", tmp_path / "pki")
    before = tree(tmp_path / "pki")
    code, out, err = run("new", tmp_path / "pki")
    assert (code, out) == (1, "")
    assert "exists, and keys are never overwritten. Choose a different folder" in err
    assert err.count("\n") == 1
    assert tree(tmp_path / "pki") == before


def test_a_folder_that_cannot_be_made_is_reported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, out, err = run("new", tmp_path / "file" / "pki")
    assert (code, out) == (1, "")
    assert err == (
        f"euicc-sim: {tmp_path}/file/pki cannot be written: Not a directory. "
        "Choose a different folder.\n"
    )


def test_the_name_of_a_folder_is_printed_unchanged(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a [/b] :heart:"
    code, out, err = run("new", folder)
    assert (code, err) == (0, "")
    assert out.startswith(f"test PKI written to {folder}\n")
