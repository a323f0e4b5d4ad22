"""Formulation files, and how a plant file gives them to its assets."""

from pathlib import Path

import pytest

from asset_registry.config import config_of
from asset_registry.formulation_file import load_formulation
from asset_registry.plan import plan
from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord, Quantity
from twin.electrode.formulation import Amount
from twin.errors import InvalidFile

EXAMPLES = Path(__file__).parents[3] / "examples" / "formulations"
CATHODE = (EXAMPLES / "nmc622-nmp.yaml").read_text(encoding="utf-8")

PLANT = """\
plant: demo
formulations:
  cathode: chemistry/cathode.yaml
  anode: chemistry/anode.yaml
lines:
  line1: {formulation: cathode}
assets:
  - name: line1/mixer
    kind: slurry_mixer
    bindings: {viscosity: {push: true, unit: Pa.s}}
  - name: line1/thickness
    kind: thickness_gauge
    parameters: {foil_thickness: 12 um}
    bindings: {thickness: {push: true, unit: um}}
  - name: line1/stacking
    kind: stacking_station
    bindings: {predrying_mass: {push: true, unit: g}, stacked_cell: {push: true}}
  - name: line2/mixer
    kind: slurry_mixer
    bindings: {viscosity: {push: true, unit: Pa.s}}
"""


def replaced(line: str, by: str, text: str = CATHODE) -> str:
    """The text with the line that begins so replaced."""
    lines = text.splitlines()
    (at,) = [i for i, one in enumerate(lines) if one.strip().startswith(line)]
    lines[at] = by
    return "\n".join(lines) + "\n"


def line_of(start: str, text: str = CATHODE) -> int:
    lines = text.splitlines()
    return next(i for i, one in enumerate(lines, start=1) if one.strip().startswith(start))


def faults(folder: Path, text: str) -> list[str]:
    file = folder / "formulation.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFile) as refused:
        load_formulation(file)
    assert str(file) in str(refused.value)
    first, *others = refused.value.why.split("\n")
    return [f"line {refused.value.line}: {first}", *(other.strip() for other in others)]


@pytest.fixture
def plant(tmp_path: Path):  # type: ignore[no-untyped-def]
    def load(text: str = PLANT, cathode: str = CATHODE) -> dict[str, AssetRecord]:
        (tmp_path / "chemistry").mkdir(exist_ok=True)
        (tmp_path / "chemistry" / "cathode.yaml").write_text(cathode, encoding="utf-8")
        anode = (EXAMPLES / "graphite-water.yaml").read_text(encoding="utf-8")
        (tmp_path / "chemistry" / "anode.yaml").write_text(anode, encoding="utf-8")
        (tmp_path / "plant.yaml").write_text(text, encoding="utf-8")
        return {record.name: record for record in load_plant(tmp_path / "plant.yaml")}

    return load


@pytest.mark.parametrize(
    ("name", "electrode", "solvent"),
    [("nmc622-nmp", "cathode", "NMP"), ("graphite-water", "anode", "water")],
)
def test_the_examples_are_whole(name: str, electrode: str, solvent: str) -> None:
    found = load_formulation(EXAMPLES / f"{name}.yaml")
    assert (found.label, found.electrode) == (f"{name}@1", electrode)
    assert found.parameters["solvent"].value == solvent
    assert all(value.source for value in found.parameters.values())


def test_a_value_has_its_unit_its_source_and_its_width() -> None:
    parameters = load_formulation(EXAMPLES / "nmc622-nmp.yaml").parameters
    assert parameters["slurry_solids"].value == Amount(70.0, "%")
    assert parameters["slurry_solids"].sd == Amount(0.3, "%")
    assert parameters["solvent"].sd is None


def test_a_range_is_four_standard_deviations() -> None:
    found = load_formulation(EXAMPLES / "nmc622-nmp.yaml").parameters["slurry_viscosity"]
    assert (found.value, found.sd) == (Amount(3.0, "Pa.s"), Amount(2.25, "Pa.s"))


@pytest.mark.parametrize(
    ("line", "by", "field", "why"),
    [
        ("solid_density", "  solid_density: {value: 4 mm, source: x}", "solid_density", "'mm' can"),
        (
            "solid_density",
            "  solid_density: {value: 4 ell, source: x}",
            "solid_density.value",
            "ell",
        ),
        ("solid_density", "  solid_density: {value: 4420, source: x}", "solid_density", "'1' cann"),
        ("solid_density", "  solid_density: {value: 4420 kg/m3}", "solid_density.source", "is mis"),
        ("solid_density", "  solid_density: {source: x}", "solid_density.value", "is missing"),
        ("solid_density", "  solid_density: 4420 kg/m3", "solid_density", "write {value: 12"),
        ("solid_density", "  solid_densty: {value: 1 1, source: x}", "solid_densty", "do you mean"),
        (
            "power_law_index",
            "  power_law_index: {value: 0.7, range: [0.8, 0.9], source: x}",
            "power_law_index.range",
            "does not hold the value",
        ),
        (
            "power_law_index",
            "  power_law_index: {value: 0.7, sd: 0.1, range: [0.6, 0.9], source: x}",
            "power_law_index.range",
            "give 'sd' or 'range', not both",
        ),
        (
            "power_law_index",
            "  power_law_index: {value: 0.7, range: 0.1, source: x}",
            "power_law_index.range",
            "write it as [least, most]",
        ),
        (
            "power_law_index",
            "  power_law_index: {value: 0.7, range: [0.6, 0.9 kg], source: x}",
            "power_law_index.range",
            "has a unit that does not fit",
        ),
        (
            "power_law_index",
            "  power_law_index: {value: 0.7, sd: wide, source: x}",
            "power_law_index.sd",
            "is the text 'wide'",
        ),
        (
            "power_law_index",
            "  power_law_index: {value: 0.7, unit: x, source: x}",
            "power_law_index.unit",
            "unknown key; keys are value, sd, range, source",
        ),
    ],
)
def test_a_faulty_parameter_is_told_with_its_line(
    tmp_path: Path, line: str, by: str, field: str, why: str
) -> None:
    found = faults(tmp_path, replaced(line, by))
    mine = [one for one in found if f"parameters.{field}: " in one]
    assert len(mine) == 1
    assert mine[0].startswith(f"line {line_of(line)}: ")
    assert why in mine[0]
    missing = [one for one in found if one not in mine]
    assert not missing or by.strip().startswith("solid_densty")


def test_a_missing_parameter_is_told_where_the_parameters_begin(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, replaced("compaction_gamma", ""))
    start = line_of("solvent:")
    assert told.startswith(f"line {start}: parameters.compaction_gamma: is missing")
    assert "give it in kN/m, with its source" in told


def test_a_parameter_given_twice_is_told(tmp_path: Path) -> None:
    again = "  binder_content: {value: 3 %, source: x}"
    (told,) = faults(tmp_path, CATHODE + again + "\n")
    assert "parameters.binder_content: is given twice, first in line" in told


@pytest.mark.parametrize(
    ("line", "by", "why"),
    [
        ("formulation:", "", "formulation: is missing"),
        ("formulation:", "formulation: two words", "formulation: is 'two words'; write letters"),
        ("version:", "", "version: is missing"),
        ("version:", "version: a@b", "version: is 'a@b'; write letters, digits"),
        ("electrode:", "electrode: both", "electrode: is 'both'; write cathode or anode"),
        ("description:", "chemistry: x", "chemistry: unknown key; keys are formulation, version"),
    ],
)
def test_a_fault_of_the_head_is_told(tmp_path: Path, line: str, by: str, why: str) -> None:
    (told,) = faults(tmp_path, replaced(line, by))
    assert why in told


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = replaced("electrode:", "electrode: both")
    text = replaced("foil_thickness", "  foil_thickness: {value: 15 kg, source: x}", text)
    text = replaced("target_loading", "  target_loading: {value: 20 mg/cm2}", text)
    assert len(faults(tmp_path, text)) == 3


@pytest.mark.parametrize("text", ["", "- a\n", "formulation: [a\n"])
def test_what_is_no_formulation_file_is_refused(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


def test_a_line_s_formulation_fills_what_its_assets_do_not_set(plant) -> None:  # type: ignore[no-untyped-def]
    assets = plant()
    mixer, gauge = assets["line1/mixer"], assets["line1/thickness"]
    assert mixer.parameters["formulation"] == "nmc622-nmp@1"
    assert mixer.parameters["viscosity_activation_energy"] == Quantity(13.0, "kJ/mol")
    assert gauge.parameters["foil_thickness"] == Quantity(12.0, "um")
    assert gauge.parameters["foil_thickness_sd"] == Quantity(0.3, "um")
    assert config_of(gauge).number("foil_thickness") == 12.0
    assert assets["line1/stacking"].parameters == {}
    assert assets["line2/mixer"].parameters == {}


def test_an_asset_s_own_formulation_comes_before_its_line_s(plant) -> None:  # type: ignore[no-untyped-def]
    assets = plant(
        PLANT.replace("kind: thickness_gauge", "kind: thickness_gauge\n    formulation: anode")
    )
    assert assets["line1/thickness"].parameters["formulation"] == "graphite-water@1"
    assert assets["line1/mixer"].parameters["formulation"] == "nmc622-nmp@1"


def test_another_version_is_seen_in_the_plan(plant) -> None:  # type: ignore[no-untyped-def]
    before = plant()
    after = plant(cathode=replaced("version:", 'version: "2"'))
    changed = plan(list(after.values()), list(before.values())).update
    assert {update.wanted.name for update in changed} == {"line1/mixer", "line1/thickness"}
    assert all("nmc622-nmp@1' → 'nmc622-nmp@2" in str(u.differences[0]) for u in changed)


def _refusal(plant, text: str = PLANT, cathode: str = CATHODE) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidFile) as refused:
        plant(text, cathode)
    assert refused.value.path.endswith("plant.yaml")
    return str(refused.value)


def test_a_faulty_formulation_refuses_the_plant_and_names_its_file_and_every_fault(plant) -> None:  # type: ignore[no-untyped-def]
    cathode = replaced("foil_thickness", "  foil_thickness: {value: 15 kg, source: x}")
    cathode = replaced("target_loading", "  target_loading: {value: 20 mg/cm2}", cathode)
    told = _refusal(plant, cathode=cathode)
    assert "plant.yaml, line 3: formulations.cathode: is refused whole: " in told
    assert f"cathode.yaml, line {line_of('target_loading')}: parameters.target_loading.s" in told
    assert f"line {line_of('foil_thickness')}: parameters.foil_thickness: has a unit" in told


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("chemistry/anode.yaml", "nowhere.yaml", "nowhere.yaml: No such file"),
        ("{formulation: cathode}", "{formulation: catode}", "unknown formulation 'catode'; those"),
        ("{formulation: cathode}", "{}", "lines.line1.formulation: is missing"),
        ("  line1: {", "  line7: {", "lines.line7: no asset's name begins with 'line7/'"),
        (
            "kind: stacking_station",
            "kind: stacking_station\n    formulation: anode",
            "assets[2].formulation: a stacking_station has nothing that a formulation sets",
        ),
        (
            "{foil_thickness: 12 um}",
            "{formulation: anode@1}",
            "assets[1].parameters.formulation: the formulation sets parameters.formulation",
        ),
    ],
)
def test_a_plant_that_names_a_formulation_wrongly_is_refused(  # type: ignore[no-untyped-def]
    plant, old: str, new: str, why: str
) -> None:
    assert why in _refusal(plant, PLANT.replace(old, new))
