"""Where the `euicc-sim` command begins: Ctrl-C ends it without a traceback, at any time.

Nothing that takes time is imported before the handler of SIGINT is in place, and nothing at all to
tell the version.
"""

import signal
import sys

from euicc_sim import __version__

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a shell for a command that Ctrl-C ended."""


def main() -> None:
    """Run the command line; see `cli.main`.

    While modules are imported nothing is open, and a signal may simply end the process. A SIGINT
    that the parent has set to be ignored stays so.
    """
    if sys.argv[1:] == ["--version"]:
        print(f"euicc-sim {__version__}")
        return
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from euicc_sim.cli.main import main as run

    signal.signal(signal.SIGINT, handler)
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
