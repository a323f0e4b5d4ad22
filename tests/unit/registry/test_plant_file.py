"""Plant files: what may stand in them, and how each fault is told with its line."""

from pathlib import Path
from textwrap import dedent

import pytest

from asset_registry.plant_file import load_plant, read_plant
from asset_registry.record import (
    AssetRecord,
    Binding,
    Calibration,
    Iso23247,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
)
from tests.registry_samples import kind_of
from twin.errors import InvalidFile

FULL = """
    plant: demo
    endpoints:
      plc: opc.tcp://127.0.0.1:4840
      broker: mqtt://127.0.0.1:1883
    defaults:
      zone: cell
      calibration: {interval: 90 d}
    assets:
      - name: line1/scale
        kind: scale
        display_name: Scale
        parent: line1
        parameters:
          width: 12 cm
          range: 250 g
          mode: "300 g"
        bindings:
          mass: {opcua: [plc, "ns=2;s=scale"], unit: kg, scale: 0.001, min: 0, max: 0.3}
          temperature: {mqtt: [broker, lab/air, t.air], unit: degC}
          lot: {push: true}
        calibration: {last: 2026-09-01, interval: 4320 min}
        zone: lab
        iso23247: {entity: Core entity, ome_type: equipment}
      - name: line1/oven
        kind: oven
    """


@pytest.fixture
def load(tmp_path: Path):  # type: ignore[no-untyped-def]
    def load_text(text: str, **options: object) -> tuple[AssetRecord, ...]:
        return load_plant(written(tmp_path, text), **{"kind_of": kind_of, **options})  # type: ignore[arg-type]

    return load_text


def written(folder: Path, text: str) -> Path:
    file = folder / "plant.yaml"
    file.write_text(dedent(text).lstrip())
    return file


def one_scale(**lines: str) -> str:
    """A valid plant of one scale, with lines of it replaced."""
    parts = {
        "top": "plant: demo",
        "endpoints": "endpoints: {plc: 'opc.tcp://plc:4840'}",
        "assets": "assets:",
        "name": "- name: a",
        "kind": "  kind: scale",
        "parameters": "  parameters: {width: 12 cm}",
        "bindings": "  bindings: {mass: {opcua: [plc, 'ns=2;s=m'], unit: g}}",
        **lines,
    }
    return "\n".join(parts.values()) + "\n"


def faults(load, text: str) -> list[str]:  # type: ignore[no-untyped-def]
    """As told: the first with the file's name and line, the others with theirs."""
    with pytest.raises(InvalidFile) as refused:
        load(text)
    first, *others = refused.value.why.split("\n")
    return [f"line {refused.value.line}: {first}", *(other.strip() for other in others)]


def test_a_whole_plant_is_read(load) -> None:  # type: ignore[no-untyped-def]
    scale, oven = load(FULL)
    assert scale == AssetRecord(
        name="line1/scale",
        kind="scale",
        display_name="Scale",
        parent="line1",
        bindings=(
            Binding(
                "mass",
                OpcUaSource("opc.tcp://127.0.0.1:4840", "ns=2;s=scale"),
                unit="kg",
                scale=0.001,
                minimum=0.0,
                maximum=0.3,
            ),
            Binding(
                "temperature", MqttSource("mqtt://127.0.0.1:1883", "lab/air", "t.air"), unit="degC"
            ),
            Binding("lot", PushSource()),
        ),
        parameters={"width": Quantity(12, "cm"), "range": Quantity(250, "g"), "mode": "300 g"},
        calibration=Calibration(1_788_220_800_000_000_000, 3.0),
        zone="lab",
        iso23247=Iso23247("digital twin entity", "equipment"),
    )
    assert (oven.zone, oven.calibration) == ("cell", Calibration(None, 90.0))


def test_the_plant_and_its_endpoints_are_told(tmp_path: Path) -> None:
    plant = read_plant(written(tmp_path, FULL), kind_of=kind_of)
    assert (plant.plant, len(plant.assets)) == ("demo", 2)
    assert plant.endpoints["plc"] == "opc.tcp://127.0.0.1:4840"


def test_endpoints_can_be_replaced_by_name(load) -> None:  # type: ignore[no-untyped-def]
    (scale,) = load(one_scale(), endpoints={"plc": "opc.tcp://other:4841"})
    assert scale.bindings[0].source.address == "opc.tcp://other:4841"
    with pytest.raises(InvalidFile, match="no endpoint 'plk' to replace; endpoints are plc"):
        load(one_scale(), endpoints={"plk": "opc.tcp://other:4841"})


def test_an_address_may_stand_in_a_binding(load) -> None:  # type: ignore[no-untyped-def]
    text = one_scale(bindings="  bindings: {mass: {opcua: ['opc.tcp://x:1', 'i=1'], unit: g}}")
    (scale,) = load(text)
    assert scale.bindings[0].source == OpcUaSource("opc.tcp://x:1", "i=1")


@pytest.mark.parametrize(
    ("part", "text", "line", "field", "why"),
    [
        ("top", "plant: 7", 1, "plant", "is '7', not a text; put it in quotes"),
        ("top", "", 1, "plant", "is missing"),
        ("top", "plant: a\nplan: b", 2, "plan", "unknown key; keys are plant, endpoints"),
        ("top", "plant: a\nplant: b", 2, "plant", "is given twice, first in line 1"),
        ("kind", "", 4, "assets[0].kind", "is missing"),
        ("kind", "  kind: robot", 5, "a: kind", "unknown kind 'robot'; kinds are scale"),
        ("name", "- name: A", 4, "A: name", "'A' is no name of an asset"),
        ("name", "- name: no", 4, "assets[0].name", "is 'no', not a text; put it in quotes"),
        ("name", "- name: [a]", 4, "assets[0].name", "is a list, not a text"),
    ],
)
def test_a_fault_of_an_asset_is_told_with_its_line(  # type: ignore[no-untyped-def]
    load, part: str, text: str, line: int, field: str, why: str
) -> None:
    (told,) = faults(load, one_scale(**{part: text}))
    assert told.startswith(f"line {line}: {field}: {why}")


@pytest.mark.parametrize(
    ("parameters", "field", "why"),
    [
        ("5", "assets[0].parameters", "is '5'; write 'key: value' lines"),
        ("{width: 12 ell}", "assets[0].parameters.width", "unknown unit 'ell'"),
        ("{width: 12:30}", "assets[0].parameters.width", "is '12:30', not a text"),
        ("{width: yes}", "assets[0].parameters.width", "is 'yes'; write a number with its unit"),
        ("{width: }", "assets[0].parameters.width", "is empty; write a number with its unit"),
        ("{width: [1]}", "assets[0].parameters.width", "is a list; write a number"),
        ("{width: 12 kg}", "a: parameters.width", "has a unit that does not fit"),
        ("{width: wide}", "a: parameters.width", "is the text 'wide'; it wants a number in 'mm'"),
        ("{width: 5 mm}", "a: parameters.width", "5 mm is below the least, 10 mm"),
        ("{}", "a: parameters.width", "is missing; a scale can't do without it: of the pan"),
    ],
)
def test_a_fault_of_a_parameter_is_told(  # type: ignore[no-untyped-def]
    load, parameters: str, field: str, why: str
) -> None:
    (told,) = faults(load, one_scale(parameters=f"  parameters: {parameters}"))
    assert told.startswith(f"line 6: {field}: {why}")


@pytest.mark.parametrize(
    ("binding", "field", "why"),
    [
        ("{unit: g}", "assets[0].bindings.mass", "has no source; give one of opcua: [endpoint"),
        ("{push: true, opcua: [plc, i=1]}", "assets[0].bindings.mass", "has opcua and push"),
        ("{push: no, unit: g}", "assets[0].bindings.mass.push", "write 'push: true'"),
        ("{opcua: [plc], unit: g}", "assets[0].bindings.mass.opcua", "write it as [endpoint, n"),
        ("{mqtt: plc, unit: g}", "assets[0].bindings.mass.mqtt", "write it as [broker, topic, m"),
        ("{opcua: [plk, i=1], unit: g}", "assets[0].bindings.mass.opcua", "unknown endpoint 'plk'"),
        ("{push: true, units: g}", "assets[0].bindings.mass.units", "unknown key; keys are opcua"),
        ("{push: true, unit: g, min: x}", "assets[0].bindings.mass.min", "is 'x', not a number"),
        ("{push: true, unit: mm}", "a: bindings.mass.unit", "does not fit signal 'mass'"),
        ("{push: true, unit: g, max: -1}", "a: bindings.mass.max", "-1 g is below all"),
        ("{push: true, unit: g, scale: 0}", "a: bindings.mass.scale", "is 0.0; give a finite"),
        ("{opcua: [plc, x], unit: g}", "a: bindings.mass.opcua.node_id", "'x' is no node id"),
    ],
)
def test_a_fault_of_a_binding_is_told(  # type: ignore[no-untyped-def]
    load, binding: str, field: str, why: str
) -> None:
    (told,) = faults(load, one_scale(bindings=f"  bindings:\n    mass: {binding}"))
    assert told.startswith(f"line 8: {field}: {why}")


def test_a_binding_that_is_missing_is_told_where_the_asset_begins(  # type: ignore[no-untyped-def]
    load,
) -> None:
    (told,) = faults(load, one_scale(bindings=""))
    assert told.startswith("line 4: a: bindings: signal 'mass' is not bound")


@pytest.mark.parametrize(
    ("text", "field", "why"),
    [
        ("calibration: {last: soon}", "assets[0].calibration.last", "is 'soon', not a date like"),
        (
            "calibration: {last: 2026-09-01T10:00:00}",
            "assets[0].calibration.last",
            "'2026-09-01T10:00:00' has no time zone",
        ),
        ("calibration: {interval: 90}", "assets[0].calibration.interval", "is '90', not a time"),
        ("calibration: {interval: 9 m}", "assets[0].calibration.interval", "'m' cannot be conv"),
        ("calibration: {interval: -9 d}", "a: calibration.interval", "is -9.0; give a number of"),
        ("calibration: {next: 1}", "assets[0].calibration.next", "unknown key; keys are last, int"),
        ("iso23247: {type: x}", "assets[0].iso23247.type", "unknown key; keys are entity, ome_ty"),
        ("iso23247: {ome_type: x}", "a: iso23247.ome_type", "unknown type 'x'; types are person"),
        ("iso23247: {entity: x}", "a: iso23247.entity", "unknown entity 'x'; entities are user"),
    ],
)
def test_a_fault_of_what_is_known_about_an_asset_is_told(  # type: ignore[no-untyped-def]
    load, text: str, field: str, why: str
) -> None:
    (told,) = faults(load, one_scale(kind=f"  kind: scale\n  {text}"))
    assert told.startswith(f"line 6: {field}: {why}")


def test_all_faults_are_told_at_once(load) -> None:  # type: ignore[no-untyped-def]
    text = one_scale(top="plant: 7", kind="  kinds: scale", parameters="  parameters: [1]")
    assert [fault.partition(": ")[0] for fault in faults(load, text)] == [
        "line 1",
        "line 4",
        "line 5",
        "line 6",
    ]


def test_faults_between_assets_are_told_too(load) -> None:  # type: ignore[no-untyped-def]
    text = """
        plant: demo
        endpoints: {plc: "opc.tcp://plc:4840"}
        assets:
          - {name: a, kind: oven, parent: b}
          - {name: b, kind: oven, parent: a}
          - name: c
            kind: oven
            bindings: {air_temperature: {opcua: [plc, i=1], unit: K}}
          - name: d
            kind: oven
            bindings: {air_temperature: {opcua: [plc, i=1], unit: K}}
          - {name: a, kind: oven}
        """
    told = faults(load, text)
    assert [fault.partition(": ")[0] for fault in told] == [
        "line 4",
        "line 5",
        "line 11",
        "line 12",
    ]
    assert "b → a → b" in told[1]
    assert "bound already by 'c' (signal 'air_temperature')" in told[2]


def test_a_fault_in_a_shared_part_is_told_once(load) -> None:  # type: ignore[no-untyped-def]
    text = """
        plant: demo
        assets:
          - name: a
            kind: oven
            bindings: &same {air_temperature: {pushed: true, unit: K}}
          - name: b
            kind: oven
            bindings: *same
        """
    told = faults(load, text)
    assert len(told) == 2
    assert all(fault.startswith("line 5: assets[0]") for fault in told)


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"", None, "is empty"),
        (b"# nothing\n", None, "is empty"),
        (b"plant: [demo\nassets: 1\n", 2, "expected"),
        (b"plant: demo\nassets:\n\t- a\n", 3, "found character"),
        (b"plant: d\xe9mo\n", None, "UTF-8"),
        (b"plant: a\n---\nplant: b\n", 2, "document"),
        (b"plant: *nowhere\n", 1, "alias"),
        (b"- a\n", 1, "is a list"),
        (b"? [a]\n: b\n", 1, "a key must be a word"),
    ],
)
def test_what_is_no_plant_file_is_refused(
    tmp_path: Path, content: bytes, line: int | None, why: str
) -> None:
    file = tmp_path / "plant.yaml"
    file.write_bytes(content)
    with pytest.raises(InvalidFile, match=why) as refused:
        load_plant(file, kind_of=kind_of)
    assert refused.value.line == line
    assert str(file) in str(refused.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="No such file"):
        load_plant(tmp_path / "nowhere.yaml")


def test_without_kinds_only_the_form_is_checked(load) -> None:  # type: ignore[no-untyped-def]
    (record,) = load(one_scale(kind="  kind: robot"), kind_of=None)
    assert record.kind == "robot"
