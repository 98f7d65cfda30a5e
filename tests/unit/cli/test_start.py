"""Ctrl-C at any time ends the command without a traceback."""

import subprocess
import sys
from textwrap import dedent

import pytest

INTERRUPT_AT = dedent("""
    import os, signal, sys
    wanted = sys.argv[1]

    class Interrupt:
        def find_spec(self, name, path=None, target=None):
            if name == wanted:
                os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    from euicc_sim.cli.start import main
    sys.meta_path.insert(0, Interrupt())
    sys.argv = ["euicc-sim", "card", "show", "nowhere"]
    main()
    """)


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("euicc_sim.cli.main", -2),
        ("typer", -2),
        ("euicc_sim.cli.card", 130),
    ],
)
def test_ctrl_c_while_a_module_is_imported_says_nothing_of_python(module: str, code: int) -> None:
    command = [sys.executable, "-P", "-c", INTERRUPT_AT, module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr


def test_a_signal_that_the_parent_ignores_stays_ignored() -> None:
    ignoring = INTERRUPT_AT.replace("signal.default_int_handler", "signal.SIG_IGN")
    command = [sys.executable, "-P", "-c", ignoring, "euicc_sim.cli.main"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (1, 2)
    assert "nowhere" in done.stderr or "show" in done.stderr


def imported_by(*words: str) -> set[str]:
    """The modules that a command has imported at its end."""
    code = (
        "import sys; from euicc_sim.cli.start import main; sys.argv = sys.argv[1:]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "euicc-sim", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_the_version_is_told_without_importing_anything_for_it() -> None:
    found = imported_by("--version")
    assert not found & {"typer", "rich", "euicc_sim.cli.main", "cryptography", "pyasn1", "msgspec"}


def test_the_version_is_the_same_with_another_option_beside_it() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-m", "euicc_sim", *words], capture_output=True, text=True, check=True
        ).stdout
        for words in (["--version"], ["--version", "card"])
    ]
    assert said[0] == said[1]


def test_help_imports_neither_the_card_nor_a_party() -> None:
    found = imported_by("--help")
    assert not found & {"euicc_sim.card", "euicc_sim.store", "cryptography", "pyasn1", "msgspec"}
    assert not any(one.startswith("euicc_sim.parties") for one in found)
