"""The line of a download in a running log: one for all its steps."""

from __future__ import annotations

from euicc_sim.cli.log_lines import AGAIN_SECONDS, Line, LogLines

BEGINNING, LOADING, CANCELLING = "AuthenticateServer", "LoadBoundProfilePackage", "CancelSession"
DOWNLOAD = frozenset({BEGINNING, "PrepareDownload", LOADING, CANCELLING})
"""The functions of a download."""


class DownloadLine:
    """The download of one card, from its first step to its end.

    On a terminal its line is replaced as long as it is the last one. Elsewhere a step is printed
    only when none has followed for two seconds.
    """

    def __init__(self, lines: LogLines) -> None:
        self._lines = lines
        self._step: Line | None = None
        self._is_shown = False
        self._number = 0

    @property
    def has_news(self) -> bool:
        """Whether there is a step that is not printed."""
        return self._step is not None and not self._is_shown

    def go_on(self, step: Line) -> None:
        """Note the next step."""
        self._step, self._is_shown = step, False

    def end(self) -> Line | None:
        """Note the end; the last step, if there was one."""
        step, self._step = self._step, None
        return step

    def show(self, now: float) -> None:
        """Print the last step, if it is time; `now` is in seconds since 1970."""
        step = self._step
        if step is None or self._is_shown:
            return
        is_old = step.at is None or not 0 <= now - step.at <= AGAIN_SECONDS
        if self._number and self._lines.replace(self._number, step):
            self._is_shown = True
        elif is_old or (self._lines.can_replace and not self._number):
            (self._number,) = self._lines.add(step)
            self._is_shown = True

    def put_end(self, line: Line) -> list[int]:
        """Print the end in the place of the steps: its number, or none if that is not possible."""
        number = self._number
        return [number] if number and self._lines.replace(number, line) else []

    def forget_line(self) -> None:
        """The next download has a line of its own."""
        self._number = 0
