"""``gigatwin models``: trained on a table, applied to another, refused with the reason."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cluster.cli import cli
from tests.labelled_tables import Lots
from twin.errors import GigatwinError
from twin.learning import saved, skops_file

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
_KIND = "formation-outcome"
EXAMPLE = Path(__file__).parents[2] / "examples" / "kiprobatt" / "formation.csv"


class Models:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "models" / _KIND

    def run(self, verb: str, *arguments: object) -> str:
        done = CliRunner().invoke(
            cli,
            ["models", verb, _KIND, *map(str, arguments), "--models", str(self.folder / "models")],
        )
        if isinstance(done.exception, GigatwinError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    def train(self, text: str, *more: object, features: str = "a,b,c") -> str:
        (self.folder / "T.csv").write_text(text)
        columns = ("--target", "y", "--group", "lot", "--features", features)
        return self.run("train", "--table", self.folder / "T.csv", *columns, *more)

    def predict(self, text: str, *more: object) -> list[dict[str, str]]:
        (self.folder / "U.csv").write_text(text)
        out = self.folder / "P.csv"
        self.run("predict", "--table", self.folder / "U.csv", "--out", out, *more)
        with out.open(newline="") as file:
            return list(csv.DictReader(file))

    def record(self, version: int = 1) -> Any:
        return json.loads((self.path / str(version) / "record.json").read_text())


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path)


def test_a_table_with_skill_is_learned_and_applied(models: Models) -> None:
    said = models.train(Lots(1).text(), "--below", 97)
    assert "beats the mean and the group label" in said
    rows = models.predict("cell,b,a,c\nX,0.1,-2.5,0\nY,0.1,1,0\nZ,,1,0\n")
    assert [row["cell"] for row in rows] == ["X", "Y", "Z"]
    assert [row["flagged"] for row in rows] == ["true", "false", ""]
    assert float(rows[0]["lower"]) < float(rows[0]["prediction"]) < float(rows[0]["upper"])
    assert rows[2]["prediction"] == ""
    assert rows[2]["reason"] == "not predicted: b is missing"


def test_the_record_tells_data_figures_types_and_hash(models: Models) -> None:
    models.train(Lots(1).text())
    record = models.record()
    assert record["skill"] is True
    assert record["version"] == 1
    assert record["training"]["rows"] == 120
    assert len(record["training"]["sha256"]) == len(record["sha256"]) == 64
    baselines = record["scores"]["baselines"]
    assert baselines.keys() == {"mean", "group label"}
    assert record["scores"]["model"]["mae"] < baselines["mean"]["baseline"]["mae"]
    assert set(record["types"]) <= skops_file.TRUSTED


def test_no_skill_is_said_in_training_card_and_every_row(models: Models) -> None:
    said = models.train(Lots(2, slope=0.0).text())
    assert "no skill: does not beat" in said
    assert models.record()["verdict"].startswith("no skill")
    rows = models.predict("a,b,c\n1,2,3\n-4,0,0\n")
    assert len({row["prediction"] for row in rows}) == 1
    assert all(row["reason"].startswith("no skill") for row in rows)


def test_the_same_table_gives_the_same_file(models: Models) -> None:
    lines = Lots(3, cells=60).text().splitlines(keepends=True)
    models.train("".join(lines))
    models.train("".join([lines[0], *reversed(lines[1:])]))
    assert models.record(1)["sha256"] == models.record(2)["sha256"]


def test_trees_come_back_as_they_were(tmp_path: Path) -> None:
    from dataclasses import replace

    from tests.labelled_tables import QUICK
    from twin.learning.boosting import PLANS
    from twin.learning.outcome import train
    from twin.learning.prediction import predict

    lots = Lots(1)
    model = train(lots.table(), replace(QUICK, plans=PLANS[3:4], below=98.0))
    data = saved.dumps(model)
    assert skops_file.types(data) == sorted(skops_file.TRUSTED)
    again = saved.loads(data)
    assert predict(again, lots.columns()) == predict(model, lots.columns())


def test_a_file_with_a_type_that_is_not_ours_is_refused(models: Models) -> None:
    import hashlib
    from functools import partial

    models.train(Lots(1).text())
    data = skops_file.dumps({"format": 1, "card": partial(print, "hello")})
    (models.path / "1" / "model.skops").write_bytes(data)
    record = models.record() | {"sha256": hashlib.sha256(data).hexdigest()}
    (models.path / "1" / "record.json").write_text(json.dumps(record))
    with pytest.raises(GigatwinError, match="the types in it are not those of record"):
        models.predict("a,b,c\n1,2,3\n")
    record["types"] = skops_file.types(data)
    (models.path / "1" / "record.json").write_text(json.dumps(record))
    with pytest.raises(GigatwinError, match="which no model of ours does"):
        models.predict("a,b,c\n1,2,3\n")


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ("a,y", "target 'y' is among the features"),
        ("a,lot", "group 'lot' is among the features"),
        ("a,missing", "no column 'missing'; there are 'cell', 'lot', 'a', 'b', 'c', 'y'"),
        ("cell", "feature 'cell' is a text with 120 values"),
    ],
)
def test_features_that_can_not_be_are_refused(features: str, said: str, models: Models) -> None:
    with pytest.raises(GigatwinError, match=said):
        models.train(Lots(1).text(), features=features)
    assert not models.path.exists()


def test_a_table_without_a_feature_is_refused_and_nothing_written(models: Models) -> None:
    models.train(Lots(1).text())
    with pytest.raises(GigatwinError, match="no column 'c'"):
        models.predict("a,b\n1,2\n")
    assert not (models.folder / "P.csv").exists()


def test_the_pilot_lines_table_is_learned_as_the_documents_show(
    models: Models, capfd: pytest.CaptureFixture[str]
) -> None:
    columns = ("--target", "discharge_ah", "--group", "formation_run")
    features = ("--features", "charge_ah,charge_v,electrolyte_ml,rest_h", "--below", "0.42")
    models.run("train", "--table", EXAMPLE, *columns, *features, "--json")
    document = json.loads(capfd.readouterr().out)
    assert document["training"]["rows"] == 55
    assert document["training"]["groups"] == 8
    assert document["skill"] is True
    rows = models.predict(EXAMPLE.read_text())
    assert len(rows) == 58
    assert sum(row["prediction"] == "" for row in rows) == 3
