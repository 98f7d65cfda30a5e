"""The recorder: cheap while the link is busy, complete when it is idle, and never in the way."""

import json
import threading
from pathlib import Path

import pytest
from support.hexes import hx

from euicc_sim.es10.session import SessionKeys
from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.gsmtap import Message, read
from euicc_sim.tracing.keys import KeyFile
from euicc_sim.tracing.recorder import WAITING_AT_MOST, Recorder

KEYS = SessionKeys(hx("AA01"), bytes(16), bytes([1] * 16), bytes([2] * 16))


class Kept:
    """A sink that keeps messages, or fails."""

    def __init__(self, *, failing: bool = False) -> None:
        self.messages: list[Message | None] = []
        self.flushed = 0
        self.closed = False
        self.failing = failing

    def write(self, at: float, payload: bytes) -> None:
        if self.failing:
            raise OSError(28, "No space left on device")
        self.messages.append(read(payload))

    def flush(self) -> None:
        self.flushed += 1

    def close(self) -> None:
        self.closed = True


def recorder(*sinks: Kept, keys: KeyFile | None = None) -> tuple[Recorder, list[str]]:
    said: list[str] = []
    return Recorder(sinks, said.append, keys), said


def test_nothing_is_written_until_flush() -> None:
    kept = Kept()
    made, _ = recorder(kept)
    tap = made.tap(1, "")
    tap.reset(hx("3B00"))
    tap.exchange(hx("00700080"), hx("9000"))
    assert kept.messages == []
    tap.flush()
    assert kept.messages == [Message(1, hx("3B00"), 1), Message(0, hx("00700080009000"), 1)]
    tap.flush()
    assert kept.flushed == 1


def test_a_link_without_a_pause_is_still_written() -> None:
    kept = Kept()
    made, _ = recorder(kept)
    for _ in range(WAITING_AT_MOST + 1):
        made.tap(0, "").exchange(hx("00700080"), hx("9000"))
    assert len(kept.messages) == WAITING_AT_MOST + 1


def test_close_writes_what_is_left() -> None:
    kept = Kept()
    made, _ = recorder(kept)
    made.tap(0, "").exchange(hx("00700080"), hx("9000"))
    made.close()
    assert (len(kept.messages), kept.closed) == (1, True)


def test_a_failing_sink_is_reported_once_and_the_other_continues() -> None:
    kept = Kept()
    made, said = recorder(Kept(failing=True), kept)
    tap = made.tap(0, "")
    for _ in range(2):
        tap.exchange(hx("00700080"), hx("9000"))
        tap.flush()
    assert said == ["The trace ends here: No space left on device. The card keeps running."]
    assert len(kept.messages) == 2


def test_nothing_is_lost_with_cards_in_several_threads() -> None:
    kept = Kept()
    made, _ = recorder(kept)

    def busy(slot: int) -> None:
        tap = made.tap(slot, "")
        for _ in range(300):
            tap.exchange(hx("00700080"), hx("9000"))
            tap.flush()

    threads = [threading.Thread(target=busy, args=(slot,)) for slot in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    made.close()
    assert sorted(one.slot for one in kept.messages if one) == [0] * 300 + [1] * 300 + [2] * 300


def test_keys_go_into_a_file_that_only_the_owner_can_read(tmp_path: Path) -> None:
    made, _ = recorder(Kept(), keys=KeyFile(tmp_path / "x.pcapng"))
    tap = made.tap(0, "8904")
    tap.keys(KEYS)
    tap.keys(KEYS)  # the same piece once more
    made.flush()
    path = tmp_path / "x.pcapng.keys.json"
    assert path.stat().st_mode & 0o777 == 0o600
    (entry,) = json.loads(path.read_text())["downloads"]["AA01"]
    assert entry.pop("at").endswith("+00:00")
    assert entry == {
        "eid": "8904",
        "from": "InitialiseSecureChannel",
        "sEnc": "00" * 16,
        "sMac": "01" * 16,
        "macChainingValue": "02" * 16,
    }


def test_an_older_file_of_keys_does_not_pass_on_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng.keys.json"
    path.write_text("old")
    path.chmod(0o644)
    KeyFile(tmp_path / "x.pcapng").close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {"downloads": {}}


def test_keys_are_dropped_unless_requested() -> None:
    made, said = recorder(Kept())
    made.tap(0, "").keys(KEYS)
    made.close()
    assert (made.wants_keys, said) == (False, [])


def test_keys_that_cannot_be_written_are_reported(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"cannot be written \(No such file"):
        KeyFile(tmp_path / "nowhere" / "x.pcapng")
    made, said = recorder(Kept(), keys=KeyFile(tmp_path / "x.pcapng"))
    (tmp_path / "x.pcapng.keys.json.new").mkdir()
    made.tap(0, "").keys(KEYS)
    made.flush()
    assert said == ["The trace ends here: Is a directory. The card keeps running."]


def test_keys_are_not_printed() -> None:
    assert "00" * 16 not in repr(KEYS)
    assert "s_enc" not in repr(KEYS)
