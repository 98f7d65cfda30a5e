"""An IPA that lives for weeks needs as much memory at the end as at the beginning.

EUICC_SIM_IPA_POLLS=100000 makes it as many polls.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.endurance import WARM, endure

POLLS = int(os.environ.get("EUICC_SIM_IPA_POLLS", "600"))
MAY_GROW = 8 * 1024
"""KiB, however many polls; what cannot be collected at once is collected later."""


@pytest.mark.slow
def test_the_memory_of_an_ipa_does_not_grow_with_its_polls(tmp_path: Path) -> None:
    measures = list(endure(tmp_path, POLLS))
    first, last = measures[0], measures[-1]
    assert last.polls >= POLLS > WARM
    assert last.resident - first.resident < MAY_GROW, (first, last)
