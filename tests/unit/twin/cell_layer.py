"""A small cell layer for the tests of its supervisor, and the events of its stations."""

from twin.asset import AssetConfig, Event, Json
from twin.cell.supervisor import CellRules

HOUR = 3_600_000_000_000
HEAD = AssetConfig("w/head-1", "w1", "winding_head", parameters={"short_threshold": 2.0})
FILLER = AssetConfig("f/filler-1", "f1", "electrolyte_filler", parameters={})
CHANNEL = AssetConfig("r1/channel-1", "c1", "cycler_channel", parameters={"grade_minimum": 0.42})
STATION = AssetConfig("g/station-1", "g1", "grading_station", parameters={"grade_minimum": 4.8})


def layer(filler: AssetConfig = FILLER) -> CellRules:
    made = CellRules()
    made.assets_changed({a.name: a for a in (HEAD, filler, CHANNEL, STATION)})
    return made


def event(asset: AssetConfig, kind: str, time_ns: int, data: dict[str, Json]) -> Event:
    """Its number is its time: one event an instant."""
    return Event(asset.name, asset.uid, time_ns, kind, time_ns, data)


def wound(
    serial: str, probability: float = 0.005, time_ns: int = 1, anode: str = "A-1", cathode: str = ""
) -> Event:
    data: dict[str, Json] = {
        "serial": serial,
        "probability": probability,
        "lower": probability / 2,
        "upper": min(1.0, 2 * probability),
        "model": "m",
        "evidence": {"separator_overhang": {"value": 1.5, "unit": "mm"}},
        "missing": [],
        "anode_lot": anode or None,
        "cathode_lot": cathode or None,
    }
    return event(HEAD, "jellyroll.wound", time_ns, data)


def filled(serial: str, time_ns: int = 2, temperature: float | None = None) -> Event:
    data: dict[str, Json] = {
        "serial": serial,
        "dry_g": 60.0,
        "wet_g": 66.0,
        "electrolyte_g": 6.0,
        "volume_mL": 5.0,
        "fill": "good",
        "temperature_degC": temperature,
    }
    return event(FILLER, "cell.filled", time_ns, data)


def diagnosed(serial: str, time_ns: int) -> Event:
    data: dict[str, Json] = {
        "serial": serial,
        "diagnosis": "low_lithium_inventory",
        "probability": 0.97,
        "probabilities": {"": 0.01, "low_lithium_inventory": 0.97},
        "evidence": {"charge_to_3V7": {"value": 0.2, "lower": 0.19, "upper": 0.21, "unit": "Ah"}},
        "elapsed_h": 2.9,
        "hours_left": 45.1,
        "time_ns": time_ns,
    }
    return event(CHANNEL, "cell.diagnosed", time_ns, data)


def started(serial: str, time_ns: int) -> Event:
    return event(CHANNEL, "cell.started", time_ns, {"serial": serial})


def formed(serial: str, capacity: float, time_ns: int = 3) -> Event:
    data: dict[str, Json] = {
        "serial": serial,
        "first_charge_Ah": 0.5,
        "first_discharge_Ah": capacity,
        "first_efficiency": capacity / 0.5,
    }
    return event(CHANNEL, "cell.formed", time_ns, data)


def graded(serial: str, grade: str | None = "good", time_ns: int = 4, bin_: str = "C1R0") -> Event:
    data: dict[str, Json] = {
        "serial": serial,
        "capacity": 4.9,
        "resistance": 22.0,
        "open_circuit_voltage": 3.7,
        "grade": grade,
        "probability": 0.99,
        "near_edge": False,
        "bin": bin_,
        "bin_probability": 0.9,
        "reason": "",
    }
    return event(STATION, "cell.graded", time_ns, data)


def porosity(lot: str, value: float, sd: float = 0.5, sequence: int = 1) -> Event:
    data: dict[str, Json] = {
        "lot": lot,
        "porosity": value,
        "porosity_sd": sd,
        "lower": value - 1.64 * sd,
        "upper": value + 1.64 * sd,
    }
    return Event("line1/calender", "section:calendering", sequence, "lot.porosity", 1, data)
