"""Formulations: what a kind takes of them, what is refused, how a change is noticed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig
from twin.electrode.formulation import (
    PARAMETER,
    Amount,
    Formulation,
    FormulationValue,
    changed,
    faults,
    fill,
    label_of,
    process_change,
)
from twin.electrode.formulation_schema import SCHEMA
from twin.kinds import kind, kind_names
from twin.units import affine, convert, known_units, unit

NUMBERS = {
    "solvent_molar_mass": 18.015,
    "solvent_density": 997.0,
    "solvent_latent_heat": 2257.0,
    "solvent_antoine_a": 23.28024,
    "solvent_antoine_b": 3869.701,
    "solvent_antoine_c": -43.932,
    "solvent_diffusivity": 2.5e-5,
    "solid_density": 2165.0,
    "binder_content": 3.5,
    "binder_diffusivity": 5e-11,
    "slurry_density": 1366.0,
    "slurry_solids": 50.0,
    "surface_tension": 65.0,
    "slurry_viscosity": 4000.0,
    "slurry_shear_rate": 50.0,
    "viscosity_reference_temperature": 25.0,
    "viscosity_activation_energy": 16.0,
    "power_law_index": 0.6,
    "target_loading": 11.0,
    "foil_thickness": 8.0,
    "initial_porosity": 50.0,
    "minimum_porosity": 20.0,
    "compaction_gamma": 90.0,
}


def values(**others: FormulationValue | None) -> dict[str, FormulationValue]:
    """A whole formulation in the schema's units, with some of it replaced or (None) missing."""
    found = {"solvent": FormulationValue("water", "recipe")}
    for name, value in NUMBERS.items():
        found[name] = FormulationValue(Amount(value, SCHEMA[name].unit or ""), "chosen")
    found |= {name: value for name, value in others.items() if value is not None}
    return {name: value for name, value in found.items() if others.get(name, value) is not None}


def number(value: float, in_unit: str, sd: Amount | None = None) -> FormulationValue:
    return FormulationValue(Amount(value, in_unit), "chosen", sd)


def told(parameters: dict[str, FormulationValue]) -> dict[str, str]:
    return {fault.field: fault.description for fault in faults(parameters)}


def test_a_whole_formulation_has_no_fault() -> None:
    assert set(values()) | {"target_porosity"} == set(SCHEMA)
    assert told(values()) == {}


@pytest.mark.parametrize("name", [spec.name for spec in SCHEMA.values() if spec.required])
def test_a_missing_parameter_is_named(name: str) -> None:
    found = told(values(**{name: None}))
    assert list(found) == [name]
    assert found[name].startswith("is missing")


@pytest.mark.parametrize(
    ("name", "value", "field", "why"),
    [
        ("solid_density", number(4.4, "mm"), "solid_density", "'mm' cannot be converted to 'kg/m"),
        ("solid_density", number(2165, "g/cm3"), "solid_density", "2.165e+06 kg/m3 is not plaus"),
        ("solid_density", number(2165, "1"), "solid_density", "has a unit that does not fit"),
        ("target_loading", number(float("nan"), "mg/cm2"), "target_loading", "is nan; write a fin"),
        ("slurry_solids", FormulationValue("half", "x"), "slurry_solids", "is the text 'half'"),
        ("solvent", number(1, "1"), "solvent", "is the number 1; write a text"),
        ("solvent", FormulationValue(" ", "x"), "solvent", "is empty; write a text"),
        ("solvent_antoine_c", number(229.2, "degC"), "solvent_antoine_c", "not in degC"),
        ("slurry_solids", FormulationValue(Amount(50, "%"), " "), "slurry_solids.source", "is emp"),
        ("slurry_solids", number(50, "%", Amount(0, "%")), "slurry_solids.sd", "is above 0"),
        ("slurry_solids", number(50, "%", Amount(1, "K")), "slurry_solids.sd", "does not fit"),
        (
            "viscosity_reference_temperature",
            number(25, "degC", Amount(1, "degC")),
            "viscosity_reference_temperature.sd",
            "write it in K, not in degC",
        ),
        (
            "solvent",
            FormulationValue("water", "x", Amount(1, "1")),
            "solvent.sd",
            "a text has no standard deviation",
        ),
    ],
)
def test_a_faulty_parameter_is_named_with_what_to_do(
    name: str, value: FormulationValue, field: str, why: str
) -> None:
    found = told(values(**{name: value}))
    assert list(found) == [field]
    assert why in found[field]


def test_an_unknown_parameter_is_named_with_the_one_that_may_be_meant() -> None:
    assert told(values(compaction_gama=number(90, "kN/m"))) == {
        "compaction_gama": "unknown parameter; do you mean compaction_gamma?"
    }
    assert "a formulation has solvent, " in told(values(zzz=number(1, "1")))["zzz"]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("minimum_porosity", number(55, "%"), "55 % is not below initial_porosity, 50 %"),
        ("target_porosity", number(60, "%"), "not between minimum_porosity and initial_porosity"),
        ("slurry_density", number(2220, "kg/m3"), "make 1365 kg/m3; one of the four is wrong"),
        ("solvent_antoine_a", number(16.3, "1"), "the solvent would boil at 581 degC"),
    ],
)
def test_values_that_contradict_each_other_are_named(
    name: str, value: FormulationValue, why: str
) -> None:
    found = told(values(**{name: value}))
    assert list(found) == [name]
    assert why in found[name]


def test_all_faults_are_told_at_once() -> None:
    found = told(
        values(solvent=None, slurry_solids=number(50, "kg"), surface_tension=number(9e9, "mN/m"))
    )
    assert set(found) == {"solvent", "slurry_solids", "surface_tension"}


_numeric = st.sampled_from([spec for spec in SCHEMA.values() if spec.unit is not None])


@given(_numeric, st.sampled_from(known_units()))
def test_a_unit_of_another_quantity_never_passes(spec, name: str) -> None:  # type: ignore[no-untyped-def]
    given_value = number(NUMBERS.get(spec.name, 30.0), name)
    found = told(values(**{spec.name: given_value}))
    if unit(name).dimension != unit(spec.unit).dimension:
        assert "does not fit" in found[spec.name]


@given(_numeric, st.floats(allow_nan=True, allow_infinity=True))
def test_only_plausible_numbers_pass(spec, value: float) -> None:  # type: ignore[no-untyped-def]
    found = told(values(**{spec.name: number(value, spec.unit)}))
    if not spec.minimum <= value <= spec.maximum:
        assert spec.name in found


def _formulation(**others: FormulationValue) -> Formulation:
    return Formulation("graphite-water", "2", "anode", parameters=values(**others))


def test_a_kind_takes_what_it_has_a_parameter_for_and_the_label() -> None:
    taken = fill(kind("slurry_mixer"), _formulation())
    assert taken == {
        PARAMETER: "graphite-water@2",
        "reference_temperature": Amount(25.0, "degC"),
        "viscosity_activation_energy": Amount(16.0, "kJ/mol"),
    }


def test_a_standard_deviation_fills_the_parameter_that_is_meant_for_it() -> None:
    formulation = _formulation(foil_thickness=number(8, "um", Amount(300, "nm")))
    taken = fill(kind("thickness_gauge"), formulation)
    assert taken["foil_thickness_sd"] == Amount(300, "nm")


def test_the_calender_s_loading_and_porosity_are_the_targets() -> None:
    taken = fill(kind("calender"), _formulation(target_porosity=number(32, "%")))
    assert taken["coating_loading"] == Amount(11.0, "mg/cm2")
    assert taken["porosity_target"] == Amount(32.0, "%")


def test_the_slurry_s_reference_temperature_is_not_that_of_the_rolls() -> None:
    assert "reference_temperature" not in fill(kind("calender"), _formulation())


def test_a_kind_that_no_formulation_concerns_takes_nothing() -> None:
    assert fill(kind("stacking_station"), _formulation()) == {}


@pytest.mark.parametrize("name", kind_names())
def test_what_a_kind_takes_is_in_its_units_and_within_its_limits(name: str) -> None:
    found = kind(name)
    for parameter, value in fill(found, _formulation()).items():
        spec = found.parameter(parameter)
        assert spec is not None
        if isinstance(value, str):
            assert spec.unit is None
            continue
        assert spec.unit is not None
        in_its_unit = convert(value.value, value.unit, spec.unit)
        assert spec.minimum is None or in_its_unit >= spec.minimum
        assert spec.maximum is None or in_its_unit <= spec.maximum


def test_every_parameter_of_the_schema_has_a_unit_that_is_known() -> None:
    for spec in SCHEMA.values():
        assert spec.description
        if spec.unit is not None:
            assert affine(spec.unit, spec.unit) == (1.0, 0.0)
            assert spec.minimum < spec.maximum


def _asset(**parameters: float | str) -> AssetConfig:
    return AssetConfig("line1/mixer", "uid", "slurry_mixer", "line1", parameters)


def test_another_formulation_is_a_process_change_and_another_tuning_is_none() -> None:
    before = _asset(formulation="a@1", transfer_time=60.0)
    assert process_change(before, replace(before, parameters={"formulation": "a@2"}))
    assert process_change(_asset(), before)
    assert not process_change(before, _asset(formulation="a@1", transfer_time=90.0))
    assert not process_change(_asset(), _asset())


def test_a_snapshot_under_another_formulation_is_noticed() -> None:
    config = _asset(formulation="a@1")
    assert label_of(config) == "a@1"
    assert not changed(config, {PARAMETER: "a@1"})
    assert changed(config, {PARAMETER: "a@2"})
    assert changed(config, {})
    assert not changed(_asset(), {})
