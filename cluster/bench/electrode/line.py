"""One line's twins without actors: the same hosts, gates and rules, fed with frames.

A block of the simulated shift becomes a frame for each asset, as an edge would cut it;
what the twins say goes to the electrode layer's rules in order of its time.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from simulation.shift import Block
from twin.asset import AssetConfig, Event
from twin.electrode.supervisor import ElectrodeRules
from twin.frame import Frame
from twin.host import TwinHost
from twin.kinds import kind
from twin.plant.supervision import Decisions

COATER: Final = "line1/coater"
_ON_COATER: Final[Mapping[str, float | str]] = {"coater": COATER}

# What an integrator would set: sizes of the line and its recipe, as the plant knows them.
_ASSETS: Final[Mapping[str, tuple[str, str, Mapping[str, float | str]]]] = {
    "line1/mixer": ("slurry_mixer", "mixer", {**_ON_COATER, "transfer_time": 300.0}),
    COATER: (
        "coater",
        "coater",
        {
            "coating_width": 600.0,
            "line_speed_min": 20.0,
            "line_speed_max": 60.0,
            "slot_die_gap_min": 300.0,
            "slot_die_gap_max": 500.0,
            "feed": "pressure",
            "slurry_density": 2100.0,
            "slurry_solids": 70.0,
            "coating_gap": 150.0,
            "slurry_viscosity": 2090.0,
            "watch_block": 10.0,
        },
    ),
    "line1/coater/gauge-top": (
        "coating_gauge",
        "coater.gauge-top",
        {
            **_ON_COATER,
            "target_loading": 20.0,
            "distance_from_die": 6.0,
            "noise": 0.2,
            "report_every": 10.0,
            "effect_window_s": 60.0,
            "effective_within": 0.5,
        },
    ),
    "line1/coater/gauge-exit": (
        "coating_gauge",
        "coater.gauge-exit",
        {
            **_ON_COATER,
            "target_loading": 20.0,
            "distance_from_die": 60.0,
            "noise": 0.2,
            "report_every": 10.0,
            "effect_window_s": 60.0,
            "effective_within": 0.5,
        },
    ),
    "line1/thickness-wet": (
        "thickness_gauge",
        "thickness-wet",
        {
            **_ON_COATER,
            "film": "wet",
            "distance_from_die": 2.0,
            "coated_sides": 1.0,
            "window": 30.0,
        },
    ),
    "line1/thickness-dry": (
        "thickness_gauge",
        "thickness-dry",
        {
            **_ON_COATER,
            "film": "dry",
            "distance_from_die": 58.0,
            "coated_sides": 1.0,
            "window": 30.0,
        },
    ),
    **{
        f"line1/oven/zone{i}": (
            "oven_zone",
            f"oven.zone{i}",
            {**_ON_COATER, "length": 16.0, "position": 8.0 + 16.0 * (i - 1)},
        )
        for i in (1, 2, 3)
    },
    "line1/calender": (
        "calender",
        "calender",
        {
            **_ON_COATER,
            "distance_from_die": 66.0,
            "coating_loading": 20.0,
            "solid_density": 4350.0,
            # This laboratory is checked against a reference body each week.
            "sample_bias_sd": 0.05,
        },
    ),
}


def assets() -> dict[str, AssetConfig]:
    return {
        name: AssetConfig(name, f"uid-{name}", of_kind, name.rpartition("/")[0], parameters)
        for name, (of_kind, _, parameters) in _ASSETS.items()
    }


class TwinLine:
    def __init__(self) -> None:
        configs = assets()
        self._hosts = {
            name: TwinHost(kind(config.kind), [config]) for name, config in configs.items()
        }
        self._signals = {
            name: {f"{prefix}.{s.name}": s.name for s in kind(of_kind).signals}
            for name, (of_kind, prefix, _) in _ASSETS.items()
        }
        self.rules = ElectrodeRules()
        self.rules.assets_changed(configs)
        self._sequence = 0

    def take(self, block: Block, now_ns: int) -> Decisions:
        """All that the layer decides on the readings of a block."""
        self._sequence += 1
        events: list[Event] = []
        for name, host in self._hosts.items():
            frame = self._frame(name, block, now_ns)
            events += host.handle(frame)
            host.acknowledge(len(host.outbox))
        events.sort(key=lambda event: event.time_ns)
        decisions = Decisions()
        for event in events:
            decisions.merge(self.rules.on_event(event))
        decisions.merge(self.rules.at(now_ns))
        return decisions

    @property
    def quarantined(self) -> int:
        """Readings that the gates have refused."""
        return sum(host.counts.quarantined for host in self._hosts.values())

    def unbound(self, block: Block) -> set[str]:
        """Signals of a block that no twin takes."""
        bound = {name for signals in self._signals.values() for name in signals}
        return {*block.columns, *block.items} - bound

    def held(self) -> dict[str, float]:
        """Causes that are held to be at work, by name; gauges are one cause, ``gauge``."""
        lines = self.rules.kpis()["lines"]
        assert isinstance(lines, Mapping)
        state = lines.get(COATER)
        causes = state.get("causes") if isinstance(state, Mapping) else None
        found: dict[str, float] = {}
        if isinstance(causes, Mapping):
            for name, chance in causes.items():
                assert isinstance(chance, float)
                kind_of = name.partition(":")[0]
                found[kind_of] = max(found.get(kind_of, 0.0), chance)
        return found

    def _frame(self, asset: str, block: Block, now_ns: int) -> Frame:
        signals = self._signals[asset]
        mine = [name for name in signals if name in block.columns or name in block.items]
        times, values, codes, texts = [], [], [], []
        table: list[str] = []
        for code, name in enumerate(mine):
            if name in block.items:
                when, value, pieces = block.items[name]
                text = np.arange(len(table), len(table) + len(pieces))
                table += pieces
            else:
                when, column = block.columns[name]
                if isinstance(column, list):
                    value = np.full(len(when), np.nan)
                    text = np.arange(len(table), len(table) + len(column))
                    table += column
                else:
                    value, text = column, np.full(len(when), -1)
            times.append(when)
            values.append(value)
            codes.append(np.full(len(when), code))
            texts.append(text)
        time = np.concatenate(times) if times else np.zeros(0, dtype=np.int64)
        # As they come: by time, and of one time in the order of the signals.
        order = np.argsort(time, kind="stable")

        def column_of(parts: list[np.ndarray], dtype: str) -> np.ndarray:
            joined = np.concatenate(parts) if parts else np.zeros(0)
            return joined[order].astype(dtype)

        return Frame(
            producer=f"bench {asset}",
            sequence=self._sequence,
            received_ns=now_ns,
            assets=(asset,),
            signals=tuple(signals[name] for name in mine),
            texts=tuple(table),
            asset=np.zeros(len(time), dtype="<u4"),
            signal=column_of(codes, "<u4"),
            time=time[order].astype("<i8"),
            value=column_of(values, "<f8"),
            quality=np.zeros(len(time), dtype="<u4"),
            text=column_of(texts, "<i4"),
        )
