"""A channel of one's own, opened and closed from the terminal's side."""

import pytest

from apdu.manage_channel import NoChannelError, close_channel, open_channel
from euicc_sim import Card


def test_a_channel_is_opened_and_closed(card: Card) -> None:
    sent = []

    def transmit(command: bytes) -> bytes:
        sent.append(command.hex().upper())
        return card.transmit(command)

    assert (open_channel(transmit), open_channel(transmit)) == (1, 2)
    assert close_channel(transmit, 1) == bytes.fromhex("9000")
    assert open_channel(transmit) == 1
    assert sent == ["0070000001", "0070000001", "00708001", "0070000001"]


def test_when_none_is_free_the_answer_is_told(card: Card) -> None:
    for number in range(1, 20):
        assert open_channel(card.transmit) == number
    with pytest.raises(NoChannelError) as caught:
        open_channel(card.transmit)
    assert caught.value.answer == bytes.fromhex("6A81")
    assert caught.value.sw == 0x6A81


@pytest.mark.parametrize("answer", ["9000", "01029000", "6A81", "", "019100"])
def test_any_other_answer_is_no_channel(answer: str) -> None:
    with pytest.raises(NoChannelError):
        open_channel(lambda _: bytes.fromhex(answer))
