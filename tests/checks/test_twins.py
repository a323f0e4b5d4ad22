"""What every kind's twin must do, whatever it is a twin of. Kinds are found by themselves."""

import pickle
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from twin.asset import AssetConfig, Cohort, Effects, Event, Figure, ParameterSpec, SignalSpec
from twin.frame import Frame, Reading
from twin.host import TwinHost
from twin.kinds import Kind, kind, kind_names
from twin.quality import BAD, UNCERTAIN
from twin.snapshot import dumps, loads
from twin.units import unit

T0 = 1_760_000_000_000_000_000
SECOND = 1_000_000_000
SCANS = 160
ASSETS = ("line1/one", "line1/two")


@pytest.fixture(params=kind_names())
def found(request: pytest.FixtureRequest) -> Kind:
    return kind(request.param)


def _configs(found: Kind) -> tuple[AssetConfig, ...]:
    parameters = {p.name: _set(p) for p in found.parameters}
    return tuple(
        AssetConfig(name, f"uid-{i}", found.name, "line1", parameters)
        for i, name in enumerate(ASSETS)
    )


def _set(parameter: ParameterSpec) -> float | str:
    if parameter.default is not None:
        return parameter.default
    if parameter.unit is None:
        return "any"
    return _middle(parameter.minimum, parameter.maximum)


def _middle(low: float | None, high: float | None) -> float:
    low = 0.0 if low is None else low
    return (low + (low + 100.0 if high is None else high)) / 2


def _readings(found: Kind) -> list[Reading]:
    """Some seconds of a plausible life at 10 Hz, with a step of a tenth in the middle."""
    random = np.random.default_rng(11)
    return [
        reading
        for scan in range(SCANS)
        for asset in ASSETS
        for signal in found.signals
        if (reading := _reading(asset, signal, scan, float(random.normal()))) is not None
    ]


def _reading(asset: str, signal: SignalSpec, scan: int, noise: float) -> Reading | None:
    time_ns = T0 + scan * SECOND // 10
    piece = f"cell-{scan // 20}"
    if signal.is_text:
        return Reading(asset, signal.name, time_ns, text=piece) if scan % 20 == 0 else None
    if signal.name == "head_position":
        return Reading(asset, signal.name, time_ns, 600.0 * abs((scan / 60) % 2 - 1))
    if signal.name == "cycle":
        return Reading(asset, signal.name, time_ns, 1.0 + scan % 20 // 10, text=piece)
    low = signal.minimum if signal.above is None else signal.above
    value = _middle(low, signal.maximum) * (1.1 if scan > SCANS // 2 else 1.0)
    value += 0.005 * abs(value) * noise
    quality = UNCERTAIN if scan % 37 == 0 else 0
    text = piece if signal.per_item else None
    return Reading(asset, signal.name, time_ns, value, quality, text)


def _frames(readings: Sequence[Reading], rows: int) -> Iterator[Frame]:
    for number, start in enumerate(range(0, len(readings), rows), start=1):
        part = readings[start : start + rows]
        yield Frame.of("edge", number, part[-1].time_ns + SECOND, part)


def _run(
    cohort: Cohort, readings: Sequence[Reading], rows: int, sequences: dict[str, int]
) -> list[Event]:
    events = []
    for frame in _frames(readings, rows):
        effects = Effects(sequences)
        cohort.step_all(list(frame.readings()), effects)
        events += effects.events
    return events


def _figures(cohort: Cohort) -> list[tuple[Figure, ...]]:
    return [cohort.figures(name) for name in ASSETS]


def test_it_says_something_of_a_plausible_life(found: Kind) -> None:
    """Otherwise the checks below would compare silence with silence."""
    cohort = found.host(_configs(found))
    events = _run(cohort, _readings(found), 50, {})
    assert events
    assert all(cohort.figures(name) for name in ASSETS)


def test_before_any_reading_it_knows_nothing(found: Kind) -> None:
    cohort, effects = found.host(_configs(found)), Effects({})
    cohort.at(T0, effects)
    assert _figures(cohort) == [(), ()]
    assert effects.events == []


def test_equal_readings_give_equal_states(found: Kind) -> None:
    one, other = found.host(_configs(found)), found.host(_configs(found))
    assert _run(one, _readings(found), 50, {}) == _run(other, _readings(found), 50, {})
    assert dumps(one.snapshot()) == dumps(other.snapshot())


@pytest.mark.parametrize("rows", [1, 7, 10_000])
def test_how_readings_are_cut_into_frames_does_not_matter(found: Kind, rows: int) -> None:
    one, other = found.host(_configs(found)), found.host(_configs(found))
    assert _run(one, _readings(found), 64, {}) == _run(other, _readings(found), rows, {})
    assert dumps(one.snapshot()) == dumps(other.snapshot())


@pytest.mark.parametrize("part", [0.13, 0.505, 0.9])
def test_restored_it_goes_on_to_the_bit(found: Kind, part: float) -> None:
    readings = _readings(found)
    cut = round(part * len(readings))
    whole, sequences = found.host(_configs(found)), dict[str, int]()
    _run(whole, readings[:cut], 50, sequences)
    saved, counted = dumps(whole.snapshot()), dict(sequences)
    expected = _run(whole, readings[cut:], 50, sequences)
    restored = found.host(_configs(found))
    restored.restore(loads(saved))
    assert dumps(restored.snapshot()) == saved
    assert _run(restored, readings[cut:], 50, counted) == expected
    assert dumps(restored.snapshot()) == dumps(whole.snapshot())
    assert _figures(restored) == _figures(whole)


def test_a_snapshot_does_not_change_when_the_twin_goes_on(found: Kind) -> None:
    readings = _readings(found)
    cohort = found.host(_configs(found))
    _run(cohort, readings[: len(readings) // 2], 50, {})
    snapshot = cohort.snapshot()
    saved = dumps(snapshot)
    _run(cohort, readings[len(readings) // 2 :], 50, {})
    assert dumps(snapshot) == saved


def test_a_snapshot_is_not_changed_by_the_twin_that_was_restored_from_it(found: Kind) -> None:
    readings = _readings(found)
    first, second = found.host(_configs(found)), found.host(_configs(found))
    _run(first, readings[: len(readings) // 2], 50, {})
    snapshot = loads(dumps(first.snapshot()))
    saved = dumps(snapshot)
    second.restore(snapshot)
    _run(second, readings[len(readings) // 2 :], 50, {})
    assert dumps(snapshot) == saved


def test_pickled_it_goes_on_to_the_bit(found: Kind) -> None:
    readings = _readings(found)
    half = len(readings) // 2
    cohort, sequences = found.host(_configs(found)), dict[str, int]()
    _run(cohort, readings[:half], 50, sequences)
    copy, counted = pickle.loads(pickle.dumps(cohort)), dict(sequences)
    assert _run(copy, readings[half:], 50, counted) == _run(cohort, readings[half:], 50, sequences)
    assert dumps(copy.snapshot()) == dumps(cohort.snapshot())


def test_one_twin_does_not_feel_its_neighbour(found: Kind) -> None:
    mine = [r for r in _readings(found) if r.asset == ASSETS[0]]
    alone, among = found.host(_configs(found)), found.host(_configs(found))
    _run(alone, mine, 50, {})
    _run(among, _readings(found), 50, {})
    assert alone.figures(ASSETS[0]) == among.figures(ASSETS[0])


def _bad(good: Reading) -> list[Reading]:
    later = good.time_ns + 3600 * SECOND
    return [
        good._replace(value=float("nan"), text=""),
        good._replace(value=float("inf"), quality=BAD),
        good._replace(value=-1e300, text=None, quality=BAD),
        good._replace(time_ns=later),
        good._replace(time_ns=T0 - SECOND),
        good._replace(signal="no-such-signal"),
        good._replace(asset="no/such/asset"),
    ]


def test_a_bad_reading_changes_nothing(found: Kind) -> None:
    clean, dirty = TwinHost(found, _configs(found)), TwinHost(found, _configs(found))
    for frame in _frames(_readings(found), 50):
        clean.handle(frame)
        rows = list(frame.readings())
        mixed = [row for i, good in enumerate(rows) for row in (good, *_bad(good)[: i % 8])]
        dirty.handle(Frame.of(frame.producer, frame.sequence, frame.received_ns, mixed))
    assert dirty.counts.quarantined > 100
    for name in ASSETS:
        assert dirty.figures(name) == clean.figures(name)
    assert _said(dirty) == _said(clean)


def _said(host: TwinHost) -> list[tuple[str, str, int, object]]:
    """All but what is said of the refused readings themselves."""
    return [
        (event.asset, event.kind, event.time_ns, event.data)
        for event in host.outbox
        if event.kind not in ("reading.quarantined", "signal.gap")
    ]


def test_a_host_killed_and_restored_ends_as_one_that_never_was(found: Kind) -> None:
    whole, mortal = TwinHost(found, _configs(found)), TwinHost(found, _configs(found))
    for number, frame in enumerate(_frames(_readings(found), 37)):
        whole.handle(frame)
        mortal.handle(frame)
        if number % 5 == 0:
            saved, mortal = mortal.snapshot(), TwinHost(found, _configs(found))
            mortal.restore(saved)
    assert mortal.snapshot() == whole.snapshot()


def test_what_it_says_can_be_sent_as_it_is(found: Kind) -> None:
    cohort = found.host(_configs(found))
    for event in _run(cohort, _readings(found), 50, {}):
        assert loads(dumps(dict(event.data))).keys() == event.data.keys()  # type: ignore[arg-type]
        assert event.kind.count(".") == 1
        assert pickle.loads(pickle.dumps(event)) == event


def test_every_estimate_has_a_width_and_a_unit(found: Kind) -> None:
    cohort = found.host(_configs(found))
    _run(cohort, _readings(found), 50, {})
    for figures in _figures(cohort):
        names = [figure.name for figure in figures]
        assert len(set(names)) == len(names)
        for figure in figures:
            assert figure.sd >= 0
            assert np.isfinite([figure.value, figure.sd]).all()
            unit(figure.unit)


def test_its_description_is_complete(found: Kind) -> None:
    assert found.name in kind_names()
    assert found.title.isidentifier()
    assert found.description
    assert len({s.name for s in found.signals}) == len(found.signals)
    assert len({p.name for p in found.parameters}) == len(found.parameters)
    for signal in found.signals:
        assert signal.description
        if signal.unit is None:
            continue
        unit(signal.unit)
        if signal.minimum is not None and signal.maximum is not None:
            assert signal.minimum < signal.maximum


def test_its_parameters_have_units_limits_and_sources(found: Kind) -> None:
    for parameter in found.parameters:
        assert parameter.description
        if parameter.unit is None:
            continue
        unit(parameter.unit)
        assert parameter.source, parameter.name
        if parameter.default is not None:
            assert isinstance(parameter.default, float | int)
            assert parameter.minimum is None or parameter.default >= parameter.minimum
            assert parameter.maximum is None or parameter.default <= parameter.maximum
