"""Tells an operator how far downloads have come, beside the server (SGP.22 clause 5.3.5).

    reports = ProgressReports(client.handle_download_progress_info, log)
    smdpp.progress = reports.add
    with reports.running():
        ...

An operator that does not answer delays no download: reports wait in a row that has an end, and each
is sent once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread

from euicc_sim.parties.messages import DownloadProgress, LpaError, SmdppError
from euicc_sim.servers import Log

AT_MOST = 1000
"""The most reports that wait."""
LAST_SECONDS = 5.0
"""How long the last reports may take at the end."""


class ProgressReports:
    """The reports that wait for an operator; `send` tells one, what fails is a line in the log."""

    def __init__(self, send: Callable[[DownloadProgress], None], log: Log) -> None:
        self._send = send
        self._log = log
        self._waiting: Queue[DownloadProgress | None] = Queue(AT_MOST)
        self._ending = Event()

    def add(self, progress: DownloadProgress) -> None:
        """Let a report wait; if too many do, it is dropped."""
        try:
            self._waiting.put_nowait(progress)
        except Full:
            self._log(f"{_about(progress)}: dropped, as {AT_MOST} others wait", refused=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send reports beside the block; at its end the last ones have a few seconds."""
        thread = Thread(target=self._run, name="reports to the operator", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            self.wake()
            thread.join(LAST_SECONDS)

    def wake(self) -> None:
        """Let the thread look whether it is to end."""
        try:
            self._waiting.put_nowait(None)
        except Full:
            return

    def _run(self) -> None:
        while True:
            try:
                progress = self._waiting.get(block=not self._ending.is_set())
            except Empty:
                return
            if progress is not None:
                self._tell(progress)

    def _tell(self, progress: DownloadProgress) -> None:
        try:
            self._send(progress)
        except (LpaError, SmdppError) as error:
            self._log(f"{_about(progress)}: not taken: {error}", refused=True)


def _about(progress: DownloadProgress) -> str:
    what = progress.point.name.lower().replace("_", " ")
    return f"HandleDownloadProgressInfo: EID {progress.eid}, ICCID {progress.iccid}, {what}"
