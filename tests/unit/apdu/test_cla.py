"""What each of the 256 class bytes means."""

from __future__ import annotations

import pytest

from apdu import SW, StatusError
from apdu.cla import ClassByte


@pytest.mark.parametrize("channel", range(20))
@pytest.mark.parametrize("proprietary", [False, True])
@pytest.mark.parametrize("chained", [False, True])
def test_each_channel_has_its_classes(channel: int, proprietary: bool, chained: bool) -> None:
    base = channel if channel < 4 else 0x40 + channel - 4
    cla = base + 0x80 * proprietary + 0x10 * chained
    assert ClassByte.parse(cla) == ClassByte(channel, chained, False, proprietary)


@pytest.mark.parametrize("cla", [0x04, 0x08, 0x0C, 0x0F, 0x84, 0x8C, 0x60, 0x7F, 0xE0, 0xFE])
def test_secure_messaging_is_recognised(cla: int) -> None:
    assert ClassByte.parse(cla).secure


@pytest.mark.parametrize("cla", [*range(0x20, 0x40), *range(0xA0, 0xC0), 0xFF])
def test_a_reserved_class_and_that_of_a_2g_sim_is_6e00(cla: int) -> None:
    with pytest.raises(StatusError) as error:
        ClassByte.parse(cla)
    assert error.value.sw == SW.WRONG_CLA


def test_every_class_byte_except_the_reserved_ones_has_a_channel() -> None:
    reserved = {*range(0x20, 0x40), *range(0xA0, 0xC0), 0xFF}
    channels = [ClassByte.parse(cla).channel for cla in range(256) if cla not in reserved]
    assert set(channels) == set(range(20))
