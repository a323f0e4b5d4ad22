"""What a cause does to the sensors: the table against the physics it is taken from."""

import numpy as np
import pytest

from tests.unit.twin.observed_line import ANSWERS, NOISE
from twin.electrode.coating.model import Feed
from twin.electrode.diagnosis.signatures import CAUSES, UNKNOWN, family, signatures

OBSERVABLES = [*NOISE]


def _entry(feed: Feed, observable: str, cause: str) -> tuple[float, float]:
    found = signatures(feed, OBSERVABLES)
    i, j = OBSERVABLES.index(observable), found.names.index(cause)
    return float(found.mean[i, j]), float(found.sd[i, j])


def test_causes_on_the_web_come_first_and_then_each_gauge_s_own_drift() -> None:
    assert signatures(Feed.PRESSURE, OBSERVABLES).names == (*CAUSES, "gauge:top", "gauge:exit")


@pytest.mark.parametrize("feed", [*Feed])
@pytest.mark.parametrize("cause", CAUSES)
def test_what_happens_to_the_web_all_gauges_see_alike(feed: Feed, cause: str) -> None:
    assert _entry(feed, "gauge:top", cause) == _entry(feed, "gauge:exit", cause) == (1.0, 0.0)


def test_a_gauge_s_own_drift_moves_that_gauge_and_nothing_else() -> None:
    found = signatures(Feed.PRESSURE, OBSERVABLES)
    of_top = found.mean[:, found.names.index("gauge:top")]
    assert of_top[OBSERVABLES.index("gauge:top")] == 1.0
    assert np.count_nonzero(of_top) == 1


@pytest.mark.parametrize("index", [0.6, 0.8, 1.0])
def test_the_exponents_of_a_power_law_slurry_lie_within_their_widths(index: float) -> None:
    # Q ~ H^(2+1/n) K^(-1/n): what must viscosity or gap do for 1 % more flow?
    for observable, cause, physics in [
        ("viscosity", "viscosity", -index),
        ("gap", "lip_gap", 1 / (2 + 1 / index)),
        ("pressure", "pump", index),
    ]:
        mean, sd = _entry(Feed.PRESSURE, observable, cause)
        assert abs(mean - physics) < 2 * sd, f"{observable} of {cause}"


@pytest.mark.parametrize(
    ("cause", "observable", "physics"),
    [(cause, *answer) for cause, answers in ANSWERS.items() for answer in answers.items()],
)
def test_each_cause_moves_its_sensor_the_way_it_does_on_a_line(
    cause: str, observable: str, physics: float
) -> None:
    mean, _ = _entry(Feed.PRESSURE, observable, cause)
    assert mean * physics > 0


def test_the_flow_does_not_feel_the_web() -> None:
    for cause in ("line_speed", "web_tension", "solids"):
        assert _entry(Feed.PRESSURE, "flow", cause)[0] == 0.0


def test_solids_leave_the_wet_film_as_thick_as_it_was() -> None:
    assert _entry(Feed.PRESSURE, "wet:die", "solids")[0] == 0.0
    assert _entry(Feed.PRESSURE, "dry:oven", "solids")[0] == 1.0


def test_a_metering_pump_s_pressure_says_what_resists_it() -> None:
    assert _entry(Feed.METERED, "pressure", "viscosity")[0] < 0
    assert _entry(Feed.PRESSURE, "pressure", "viscosity")[0] == 0.0


def test_variants_are_less_and_more_of_the_same_and_know_whose_they_are() -> None:
    found = signatures(Feed.PRESSURE, OBSERVABLES)
    shapes, whose = found.variants
    assert shapes.shape == (len(OBSERVABLES), 3 * len(found.names))
    for k, cause in enumerate(whose):
        of_cause = found.mean[:, cause]
        assert np.all(shapes[of_cause == 0, k] == 0)
        assert np.all(shapes[:, k] * of_cause >= 0)


@pytest.mark.parametrize(
    ("observable", "kind"), [("gauge:line1/g", "loading"), ("dry:t1", "dry"), ("flow", "flow")]
)
def test_observables_of_one_kind_are_one_family(observable: str, kind: str) -> None:
    assert family(observable) == kind


def test_what_is_not_in_the_table_moves_the_film_and_no_sensor_of_a_cause() -> None:
    found = signatures(Feed.PRESSURE, OBSERVABLES)
    of_unknown = found.mean[:, found.names.index(UNKNOWN)]
    for observable, mean in zip(OBSERVABLES, of_unknown, strict=True):
        assert (mean != 0) == (":" in observable)
