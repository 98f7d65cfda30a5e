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
