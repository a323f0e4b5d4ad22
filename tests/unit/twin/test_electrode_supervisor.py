"""The electrode supervisor as a whole: strangers, figures, restarts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.twin.coating_line import COATER, GAUGE, at
from tests.unit.twin.electrode_layer import Layer
from twin.asset import Event
from twin.plant.supervision import Decisions
from twin.snapshot import dumps, loads


def test_events_of_others_and_of_strangers_change_nothing() -> None:
    layer = Layer()
    before = dumps(layer.rules.snapshot())
    assert layer.tell(GAUGE, "reading.quarantined", 1, signal="areal_loading") == Decisions()
    stranger = Event("line9/gauge", "x", 1, "gauge.excursion", at(1), {})
    assert layer.rules.on_event(stranger) == Decisions()
    bygone = Event(GAUGE, "uid-of-a-deleted-gauge", 1, "gauge.excursion", at(1), {})
    assert layer.rules.on_event(bygone) == Decisions()
    assert dumps(layer.rules.snapshot()) == before


def test_kpis_count_metres_by_lot_and_recommendations_by_state() -> None:
    layer = Layer()
    layer.state(0.0, web_length=1000.0)
    layer.state(60.0, web_length=1040.0)
    layer.loading(2.5, 60, 63)
    layer.loading(1.5, 63, 66)
    layer.excursion(3.0, 70)
    kpis = layer.rules.kpis()
    assert kpis["metres_coated"] == {"E-7": 40.0}
    outside = kpis["metres_out_of_tolerance"]
    assert isinstance(outside, dict)
    assert outside["E-7"] == pytest.approx(2.0)
    counts = kpis["recommendations"]
    assert isinstance(counts, dict)
    assert counts["PROPOSED"] == 1
    assert sum(n for n in counts.values() if isinstance(n, int)) == 1


def _measuring(layer: Layer) -> None:
    layer.applied()
    layer.loadings(2.0, 12, 15)


_moments: list[tuple[str, Callable[[Layer], object]]] = [
    ("nothing", lambda layer: None),
    ("proposed", lambda layer: layer.proposed()),
    ("rejected", lambda layer: layer.reject(layer.proposed())),
    ("applied", lambda layer: layer.applied()),
    ("measuring", _measuring),
]


@pytest.mark.parametrize(("moment", "reach"), _moments, ids=[name for name, _ in _moments])
def test_restored_rules_decide_as_those_that_never_stopped(
    moment: str, reach: Callable[[Layer], object]
) -> None:
    layer = Layer()
    reach(layer)
    other = Layer()
    other.rules.restore(loads(dumps(layer.rules.snapshot())))
    other.sequence = layer.sequence
    assert dumps(other.rules.snapshot()) == dumps(layer.rules.snapshot())
    for second in range(15, 40):
        assert other.loading(3.5, second, second + 0.9) == layer.loading(3.5, second, second + 0.9)
    assert other.state(41) == layer.state(41)
    assert other.at(2000) == layer.at(2000)
    assert dumps(other.rules.snapshot()) == dumps(layer.rules.snapshot())


def test_an_asset_made_anew_under_its_old_name_starts_anew() -> None:
    layer = Layer()
    layer.state()
    renewed = {**layer.assets, COATER: replace(layer.assets[COATER], uid="uid-2")}
    layer.rules.assets_changed(renewed)
    assert not layer.excursion().recommendations
