"""A cell's diagnosis as one document, and as lines for people."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from protocols.files.cell_trace import CellTrace
from twin.cell.electrodes.diagnosis import Candidate, Diagnosis
from twin.cell.electrodes.estimates import Estimate
from twin.cell.electrodes.halfcell import HalfCell
from twin.cell.electrodes.widths import CONFIDENCE

_NAMES: Final = {
    "C_p": "positive capacity",
    "C_n": "negative capacity",
    "y0": "positive stoichiometry, discharged end",
    "y_end": "positive stoichiometry, charged end",
    "x0": "negative stoichiometry, discharged end",
    "x_end": "negative stoichiometry, charged end",
    "offset": "offset (polarisation)",
}
_LISTED: Final = 5


def document(
    file: Path, trace: CellTrace, found: Diagnosis, notes: Sequence[str]
) -> dict[str, object]:
    window, fit, verdict = found.window, found.fit, found.verdict
    points = found.anode_potential
    return {
        "file": str(file),
        "chemistry": {
            "asked": found.chemistry,
            "used": f"{fit.positive.material}/{fit.negative.material}",
            "positive": _curve(fit.positive),
            "negative": _curve(fit.negative),
            "as_good": found.alike,
            "candidates": [_candidate(each) for each in found.candidates],
        },
        "rms_mV": 1e3 * fit.rms,
        "model_error_mV": 1e3 * verdict.model_error,
        "noise_mV": 1e3 * window.noise,
        "points": {"rows": window.rows, "fitted": len(window.q)},
        "window": {
            "charge_Ah": window.charge,
            "voltage_V": list(window.ends),
            "direction": window.direction,
            "c_rate": found.rate,
            "charge_unit": trace.unit,
        },
        "confidence": CONFIDENCE,
        "parameters": {name: estimate(each) for name, each in found.parameters.items()},
        "lithium_inventory": {
            "Ah": estimate(found.lithium_ah),
            "mol": estimate(found.lithium_mol),
        },
        "slippage": {name: estimate(found.parameters[name]) for name in ("x0", "y0")},
        "anode_potential": None
        if points is None
        else [
            {
                "charge_Ah": point.charge,
                "potential_V": point.potential,
                "lower": point.lower,
                "upper": point.upper,
            }
            for point in points
        ],
        "anode_potential_reason": verdict.reason if points is None else None,
        "verdict": {
            "matches": verdict.matches,
            "reason": verdict.reason,
            "model_error_mV": 1e3 * verdict.model_error,
            "references_apart_mV": 1e3 * verdict.disagreement,
            "dvdq_correlation": verdict.bends,
            "stage_step_displaced_percent": None
            if verdict.displaced is None
            else 100 * verdict.displaced,
        },
        "notes": list(notes),
    }


def estimate(each: Estimate) -> dict[str, object]:
    return {
        "value": each.value,
        "lower": each.lower,
        "upper": each.upper,
        "unit": each.unit,
        "identified": each.identified,
    }


def _curve(curve: HalfCell) -> dict[str, object]:
    return {
        "name": curve.name,
        "material": curve.material,
        "source": curve.about.get("source", ""),
        "licence": curve.about.get("licence", ""),
        "measured": curve.about.get("measured", ""),
    }


def _candidate(each: Candidate) -> dict[str, object]:
    return {
        "positive": each.positive,
        "negative": each.negative,
        "rms_mV": 1e3 * each.rms,
        "model_error_mV": 1e3 * each.model_error,
    }


def lines(file: Path, trace: CellTrace, found: Diagnosis, notes: Sequence[str]) -> Iterator[str]:
    window, fit, verdict = found.window, found.fit, found.verdict
    low, high = window.ends
    way = {"charge": "charge", "discharge": "discharge", "unknown": "sweep"}[window.direction]
    yield (
        f"{file.name}: {way} of {window.charge:.4g} Ah between {low:.2f} and {high:.2f} V, "
        f"{window.rows} rows"
    )
    yield f"{fit.positive.name} with {fit.negative.name}: RMS {1e3 * fit.rms:.1f} mV"
    yield ""
    yield f"{'':40}{'':>10}  {100 * CONFIDENCE:.0f} % interval"
    for name, label in _NAMES.items():
        yield _line(f"{name:7}{label}", found.parameters[name])
    yield _line("n_Li   lithium inventory", found.lithium_ah)
    yield _line("", found.lithium_mol)
    yield ""
    word = {True: "the references match", False: "the references do not match", None: "not shown"}
    yield f"{word[verdict.matches]}: {verdict.reason}"
    if found.anode_potential is None:
        yield "no anode potential is given"
    else:
        last = found.anode_potential[-1]
        least = min(found.anode_potential, key=lambda p: p.potential)
        yield (
            f"anode potential at the charged end: {1e3 * last.potential:.0f} mV "
            f"({1e3 * last.lower:.0f} to {1e3 * last.upper:.0f}); lowest "
            f"{1e3 * least.potential:.0f} mV ({1e3 * least.lower:.0f} to {1e3 * least.upper:.0f})"
        )
    if len(found.candidates) > 1:
        yield ""
        yield f"reference pairs, best first ({found.alike} about as good):"
        for each in found.candidates[:_LISTED]:
            yield (
                f"  {each.positive + ' with ' + each.negative:48}{1e3 * each.rms:7.1f} mV RMS, "
                f"{1e3 * each.model_error:.1f} mV beyond noise"
            )
    for note in notes:
        yield f"note: {note}"


def _line(label: str, each: Estimate) -> str:
    unit = "" if each.unit == "1" else f" {each.unit}"
    doubt = "" if each.identified else "  (not determined)"
    return f"{label:46}{each.value:9.4g}  {each.lower:.4g} to {each.upper:.4g}{unit}{doubt}"
