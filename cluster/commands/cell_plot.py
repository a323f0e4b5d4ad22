"""A cell's diagnosis as a picture: fit, residual, dV/dQ and anode potential."""

import numpy as np
from matplotlib.figure import Figure

from twin.cell.electrodes.diagnosis import Diagnosis
from twin.cell.electrodes.trace_window import slope_of

_MEASURED = "#4d4d4d"
_FITTED = "#0072b2"
_DOUBT = "#d55e00"


def figure(found: Diagnosis, title: str) -> Figure:
    window, fit = found.window, found.fit
    fitted = window.v - fit.residual
    drawing = Figure(figsize=(9, 6.4), layout="constrained")
    (voltage, bend), (residual, anode) = drawing.subplots(2, 2)
    drawing.suptitle(f"{title}: {fit.positive.name} with {fit.negative.name}", fontsize=11)

    voltage.plot(window.q, window.v, color=_MEASURED, lw=3, alpha=0.5, label="measured")
    voltage.plot(window.q, fitted, color=_FITTED, lw=1, label=f"fit, RMS {1e3 * fit.rms:.1f} mV")
    voltage.set(ylabel="voltage [V]")
    voltage.legend(fontsize=8)

    measured_slope, fitted_slope = window.steep, slope_of(window.q, fitted)
    inner = (window.q > 0.03 * window.charge) & (window.q < 0.98 * window.charge)
    bend.plot(window.q, measured_slope, color=_MEASURED, lw=3, alpha=0.5, label="measured")
    bend.plot(window.q, fitted_slope, color=_FITTED, lw=1, label="fit")
    bend.set(ylabel="dV/dQ [V/Ah]", ylim=(0, 1.2 * float(np.max(measured_slope[inner]))))
    bend.legend(fontsize=8)

    residual.axhline(0, color=_MEASURED, lw=0.6)
    residual.plot(window.q, 1e3 * fit.residual, color=_FITTED, lw=1)
    most = 1.2 * float(np.max(np.abs(1e3 * fit.residual[inner]))) + 1e-3
    residual.set(xlabel="charge [Ah]", ylabel="measured - fit [mV]", ylim=(-most, most))

    anode.set(xlabel="charge [Ah]", ylabel="anode potential [mV vs Li/Li+]")
    if found.anode_potential is None:
        anode.text(
            0.5, 0.5, "the references do not match:\nno anode potential", ha="center",
            va="center", transform=anode.transAxes, color=_DOUBT,
        )  # fmt: skip
    else:
        points = found.anode_potential
        q = [p.charge for p in points]
        sure = found.verdict.matches is True
        colour = _FITTED if sure else _DOUBT
        label = "90 %" if sure else "90 %, reference not shown to be the cell's"
        anode.fill_between(
            q, [1e3 * p.lower for p in points], [1e3 * p.upper for p in points], alpha=0.25,
            color=colour, label=label, lw=0,
        )  # fmt: skip
        anode.plot(q, [1e3 * p.potential for p in points], color=colour)
        anode.axhline(0, color=_MEASURED, lw=0.6)
        anode.set(ylim=(-60, 400))
        anode.legend(fontsize=8)
    return drawing
