"""Tests of an IPA against a software eUICC; run them with: pip install euicc-sim pytest; pytest

MyIpa stands for yours: it gets a function that sends a command APDU and returns the response.
"""

import pytest

from euicc_sim.parties.eim import Eim, add_initial_eim, operations

SELECT_ISDR = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")


class MyIpa:
    """As little of an IPA as shows the idea."""

    def __init__(self, transmit):
        self.transmit = transmit

    def eid(self):
        self.transmit(SELECT_ISDR)
        answer = self.transmit(bytes.fromhex("80E2910006BF3E035C015A"))
        answer = self.transmit(bytes.fromhex("00C00000") + answer[1:])
        return answer[5:21].hex()


def test_it_reads_the_eid(euicc):
    assert MyIpa(euicc.transmit).eid() == euicc.eid
    assert euicc.events == [f"GetEID: {euicc.eid}"]


def test_a_package_runs_once(euicc):
    eim = Eim.create("eim1.example.com")
    euicc.es10(add_initial_eim(eim.configuration()))
    package = eim.package([operations.list_eim()], euicc.eid)
    euicc.es10(package)
    euicc.es10(package)
    assert "counter 1 is not above 1" in euicc.refusals[-1]


@pytest.mark.parametrize("version", ["1.0.1", "1.1", "1.2", "1.3"])
def test_it_speaks_each_version(euicc_factory, version):
    card = euicc_factory(sgp32=version)
    assert MyIpa(card.transmit).eid() == card.eid
