"""Makes the half-cell curves of the twin: twin/cell/electrodes/curves/*.csv.

Run once and offline, with the extra ``half-cells`` (PyBaMM, and ampworks without its
dependencies), never by a running twin:

    PYBAMM_DISABLE_TELEMETRY=true python -m tools.half_cell_curves

What PyBaMM keeps as a table is smoothed a little and thinned; what it keeps as a formula is
evaluated. Nothing is fitted to any full cell. Two graphites of PyBaMM (NCA_Kim2011, Marquis2019)
are left out: their plateaus lie 50 mV below and 80 mV above those of all the others.
"""

import csv
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.signal import savgol_filter

Array = NDArray[np.float64]
OUT: Final = Path(__file__).parents[1] / "twin" / "cell" / "electrodes" / "curves"
_GRID: Final = 1601
_TOLERANCE_V: Final = 2e-4  # thinning: what is left out is missed by less than this
_BSD_PYBAMM: Final = "BSD-3-Clause, PyBaMM"
_MIT_BPX: Final = "MIT, FaradayInstitution/BPX examples"
_BSD_AMPWORKS: Final = "BSD-3-Clause, ampworks (NREL)"


@dataclass(frozen=True, slots=True)
class Spec:
    """One curve. ``span`` is where the file is used, ``measured`` where its maker measured."""

    name: str
    electrode: str
    material: str
    source: str
    who: str
    licence: str
    span: tuple[float, float]
    measured: str
    temperature: str
    make: Callable[[Array], Array]


def _formula(module: str, function: str) -> Callable[[Array], Array]:
    def evaluate(sto: Array) -> Array:
        parameters = importlib.import_module(f"pybamm.input.parameters.lithium_ion.{module}")
        return np.asarray(getattr(parameters, function)(sto), float)

    return evaluate


def _table(file: str, smooth: int) -> Callable[[Array], Array]:
    def evaluate(sto: Array) -> Array:
        place = files("pybamm.input.parameters.lithium_ion") / "data" / file
        lines = [line for line in place.read_text().splitlines() if line and line[0] != "#"]
        return _smoothed(np.array([[float(v) for v in r] for r in csv.reader(lines)]), smooth)(sto)

    return evaluate


def _ampworks(file: str) -> Callable[[Array], Array]:
    def evaluate(sto: Array) -> Array:
        spec = importlib.util.find_spec("ampworks")  # not imported: it wants much else
        assert spec is not None
        assert spec.submodule_search_locations
        place = Path(spec.submodule_search_locations[0], "datasets", "resources", "dqdv", file)
        text = place.read_text()
        rows = [(float(r["Ah"]), float(r["Volts"])) for r in csv.DictReader(text.splitlines())]
        table = np.array(rows)
        table[:, 0] /= table[-1, 0]
        return _smoothed(table, 0)(sto)

    return evaluate


def _smoothed(table: Array, window: int) -> Callable[[Array], Array]:
    """Monotone through the points; a short Savitzky-Golay window against cycler noise."""
    sto, first = np.unique(table[:, 0], return_index=True)
    potential = table[first, 1]
    if window:
        potential = np.concatenate(
            [potential[:3], savgol_filter(potential, window, 2)[3:-3], potential[-3:]]
        )
    return PchipInterpolator(sto, np.minimum.accumulate(potential))


def _nmc111_bpx(y: Array) -> Array:
    return np.asarray(
        -3.04420906 * y
        + 10.04892207
        - 0.65637536 * np.tanh(-4.02134095 * (y - 0.80063948))
        + 4.24678547 * np.tanh(12.17805062 * (y - 7.57659337))
        - 0.3757068 * np.tanh(59.33067782 * (y - 0.99784492))
    )


def _graphite_nmc_bpx(x: Array) -> Array:
    return np.asarray(
        9.47057878e-01 * np.exp(-1.59418743e02 * x)
        - 3.50928033e04
        + 1.64230269e-01 * np.tanh(-4.55509094e01 * (x - 3.24116012e-02))
        + 3.69968491e-02 * np.tanh(-1.96718868e01 * (x - 1.68334476e-01))
        + 1.91517003e04 * np.tanh(3.19648312e00 * (x - 1.85139824e00))
        + 5.42448511e04 * np.tanh(-3.19009848e00 * (x - 2.01660395e00))
    )


def _lfp_bpx(y: Array) -> Array:
    return np.asarray(
        3.41285712
        - 1.49721852e-02 * y
        + 3.54866018e14 * np.exp(-3.95729493e02 * y)
        - 1.45998465 * np.exp(-1.10108622e02 * (1 - y))
    )


def _graphite_lfp_bpx(x: Array) -> Array:
    return np.asarray(
        5.29210878e01 * np.exp(-1.72699386e02 * x)
        - 1.17963399e03
        + 1.20956356e03 * np.tanh(6.72033948e01 * (x + 2.44746396e-02))
        + 4.52430314e-02 * np.tanh(-1.47542326e01 * (x - 1.62746053e-01))
        + 2.01855800e01 * np.tanh(-2.46666302e01 * (x - 1.12986136))
        + 2.01708039e-02 * np.tanh(-1.19900231e01 * (x - 5.49773440e-01))
        + 4.99616805e01 * np.tanh(-6.11370883e01 * (x + 4.69382558e-03))
    )


def _lmo_doyle(y: Array) -> Array:
    return np.asarray(
        4.19829
        + 0.0565661 * np.tanh(-14.5546 * y + 8.60942)
        - 0.0275479 * (1 / (0.998432 - y) ** 0.492465 - 1.90111)
        - 0.157123 * np.exp(-0.04738 * y**8)
        + 0.810239 * np.exp(-40 * (y - 0.133875))
    )


_CHEN: Final = "Chen et al. 2020, J. Electrochem. Soc. 167 080534"
_ECKER: Final = "Ecker et al. 2015, J. Electrochem. Soc. 162 A1836"
_MOHTAT: Final = "Mohtat et al. 2020, J. Electrochem. Soc. 167 110561 (PyBaMM set Mohtat2020)"
_AI: Final = "Ai et al. 2020, J. Electrochem. Soc. 167 013512; Rieger et al. 2016"
_KIM: Final = "Kim et al. 2011, J. Electrochem. Soc. 158 A955"
_BPX: Final = "About:Energy, BPX example of December 2022"
_AMP: Final = "ampworks 0.1.0 datasets, dqdv"
_DUALFOIL: Final = "Dualfoil 1998 (PyBaMM set Marquis2019)"
_UMBL: Final = "University of Michigan Battery Lab"
_WMG: Final = "WMG, University of Warwick, and Birmingham"
_RWTH: Final = "RWTH Aachen, digitised from the paper"
_NOT_TOLD: Final = "not told"
_25: Final = "25 degC"

SPECS: Final = (
    Spec("nmc111_bpx2022", "positive", "NMC111", _BPX, "About:Energy", _MIT_BPX, (0.36, 1.0),
         "0.424-0.962", _25, _nmc111_bpx),
    Spec("nmc532_mohtat2020", "positive", "NMC532", _MOHTAT, _UMBL, _BSD_PYBAMM, (0.0, 1.0),
         "0.03-0.95, scaled to its half cell", _25, _formula("Mohtat2020", "NMC_ocp_PeymanMPM")),
    Spec("nmc811_chen2020", "positive", "NMC811", _CHEN, _WMG, _BSD_PYBAMM, (0.249, 1.0),
         "0.266-0.906", _25, _table("nmc_LGM50_ocp_Chen2020.csv", 9)),
    Spec("nmc811_chen2020_formula", "positive", "NMC811", _CHEN, _WMG, _BSD_PYBAMM, (0.25, 1.0),
         "0.266-0.906; the paper's fit to it", _25,
         _formula("Chen2020", "nmc_LGM50_ocp_Chen2020")),
    Spec("nmc_ampworks2025", "positive", "NMC", _AMP, "NREL", _BSD_AMPWORKS, (0.0, 1.0),
         "0-1, scaled to 4.38-2.99 V", _NOT_TOLD, _ampworks("nmc_smooth.csv")),
    Spec("nco_ecker2015", "positive", "NCO", _ECKER, _RWTH, _BSD_PYBAMM, (0.15, 0.993),
         "0.001-0.993", _25, _table("nco_ocp_Ecker2015.csv", 0)),
    Spec("nco_ecker2015_formula", "positive", "NCO", _ECKER, _RWTH, _BSD_PYBAMM, (0.15, 0.993),
         "0.001-0.993; a fit to it", _25, _formula("Ecker2015", "nco_ocp_Ecker2015")),
    Spec("nca_kim2011", "positive", "NCA", _KIM, "NREL", _BSD_PYBAMM, (0.37, 0.99),
         "0.37-0.99", _25, _formula("NCA_Kim2011", "nca_ocp_Kim2011")),
    Spec("lco_ai2020", "positive", "LCO", _AI, "TU Munich, Imperial College", _BSD_PYBAMM,
         (0.4, 0.9989), "0.4-0.9989", _25, _table("lico2_ocp_Ai2020.csv", 9)),
    Spec("lco_dualfoil1998", "positive", "LCO", _DUALFOIL, "O. Garcia, M. Doyle", _BSD_PYBAMM,
         (0.38, 0.935), "0.4-0.99", _NOT_TOLD, _formula("Marquis2019", "lico2_ocp_Dualfoil1998")),
    Spec("lfp_bpx2022", "positive", "LFP", _BPX, "About:Energy", _MIT_BPX, (0.084, 0.999),
         "0.0875-0.950", _25, _lfp_bpx),
    Spec("lfp_afshar2017", "positive", "LFP", "Afshar et al. 2017, arXiv 1709.03970",
         _NOT_TOLD, _BSD_PYBAMM, (0.0, 1.0), _NOT_TOLD, _NOT_TOLD,
         _formula("Prada2013", "LFP_ocp_Afshar2017")),
    Spec("lmo_doyle1996", "positive", "LMO", "Doyle et al. 1996, J. Electrochem. Soc. 143 1890",
         "UC Berkeley, Bellcore", "published formula", (0.17, 0.996), "0.17-0.99", _NOT_TOLD,
         _lmo_doyle),
    Spec("graphite_mohtat2020", "negative", "graphite", _MOHTAT, _UMBL, _BSD_PYBAMM, (0.0, 1.0),
         "0-0.9", _25, _formula("Mohtat2020", "graphite_ocp_PeymanMPM")),
    Spec("graphite_siox_chen2020", "negative", "graphite-SiOx", _CHEN, _WMG, _BSD_PYBAMM,
         (0.0, 1.0), "0.031-0.90", _25, _table("graphite_LGM50_ocp_Chen2020.csv", 0)),
    Spec("graphite_siox_chen2020_formula", "negative", "graphite-SiOx", _CHEN, _WMG, _BSD_PYBAMM,
         (0.0, 1.0), "0.031-0.90; the paper's fit to it", _25,
         _formula("Chen2020", "graphite_LGM50_ocp_Chen2020")),
    Spec("graphite_ecker2015", "negative", "graphite", _ECKER, _RWTH, _BSD_PYBAMM,
         (0.0016, 0.98), "0.0015-0.98", _25, _table("graphite_ocp_Ecker2015.csv", 0)),
    Spec("graphite_ecker2015_formula", "negative", "graphite", _ECKER, _RWTH, _BSD_PYBAMM,
         (0.0016, 0.98), "0.0015-0.98; a fit to it", _25,
         _formula("Ecker2015", "graphite_ocp_Ecker2015")),
    Spec("graphite_ai2020", "negative", "graphite", _AI, "TU Munich, Imperial College",
         _BSD_PYBAMM, (0.0005, 1.0), "0.0005-1", _25,
         _table("graphite_ocp_Enertech_Ai2020.csv", 0)),
    Spec("graphite_nmc_bpx2022", "negative", "graphite", f"{_BPX}, NMC111 cell", "About:Energy",
         _MIT_BPX, (0.0, 0.97), "0.0055-0.757", _25, _graphite_nmc_bpx),
    Spec("graphite_lfp_bpx2022", "negative", "graphite", f"{_BPX}, LFP cell", "About:Energy",
         _MIT_BPX, (0.0, 0.97), "0.0016-0.823", _25, _graphite_lfp_bpx),
    Spec("graphite_ampworks2025", "negative", "graphite", _AMP, "NREL", _BSD_AMPWORKS, (0.0, 1.0),
         "0-1, scaled to 1.17-0 V", _NOT_TOLD, _ampworks("gr_smooth.csv")),
)  # fmt: skip


def _thinned(sto: Array, potential: Array) -> tuple[Array, Array]:
    """The fewest points (greedily) between which a straight line misses nothing much."""
    kept = [0]
    start = 0
    for end in range(2, len(sto)):
        inner = slice(start + 1, end)
        line = np.interp(sto[inner], sto[[start, end]], potential[[start, end]])
        if np.max(np.abs(line - potential[inner])) > _TOLERANCE_V or end - start > 40:
            start = end - 1
            kept.append(start)
    kept.append(len(sto) - 1)
    return sto[kept], potential[kept]


def write(spec: Spec, folder: Path = OUT) -> None:
    low, high = spec.span
    edge = np.geomspace(1e-4, 0.05, 200) * (high - low)
    grid = np.unique(np.concatenate([np.linspace(low, high, _GRID), low + edge, high - edge]))
    sto, potential = _thinned(grid, np.minimum.accumulate(spec.make(grid)))
    head = (
        f"# electrode: {spec.electrode}\n# material: {spec.material}\n# source: {spec.source}\n"
        f"# measured by: {spec.who}\n# licence: {spec.licence}\n# measured: {spec.measured}\n"
        f"# temperature: {spec.temperature}\n# made by: tools/half_cell_curves.py\n"
        "stoichiometry [1],potential [V vs Li/Li+]\n"
    )
    rows = "".join(f"{x:.5f},{u:.5f}\n" for x, u in zip(sto, potential, strict=True))
    (folder / f"{spec.name}.csv").write_text(head + rows, encoding="utf-8")


if __name__ == "__main__":
    for each in SPECS:
        write(each)
