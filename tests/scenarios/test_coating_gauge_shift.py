"""A long stretch at a coating gauge with nothing wrong: nothing is said.

Eight hours give none either; two are what a test run has time for.
"""

import pytest

from tests.unit.twin.scanned_web import Web

pytestmark = pytest.mark.scenario

HOURS = 2


def test_hours_on_target_at_one_per_cent_noise_give_no_excursion() -> None:
    web = Web(noise=1.0, seed=11).run(HOURS * 3600)
    assert web.told("excursion") == []
    assert len(web.told("loading")) >= HOURS * 3600
