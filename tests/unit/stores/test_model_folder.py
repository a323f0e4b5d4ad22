"""Models on disk: versions, written whole, refused where they were changed."""

import json
from pathlib import Path

import pytest

from stores.model_folder import ModelFolder
from twin.errors import InvalidFile, NotFound

KIND = "formation-outcome"


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


def test_the_newest_version_is_the_one_in_use(folder: ModelFolder) -> None:
    assert folder.save(KIND, b"old", {"skill": False})[0] == 1
    assert folder.save(KIND, b"new", {"skill": True})[0] == 2
    record, data = folder.load(KIND)
    assert (record["version"], record["skill"], data) == (2, True, b"new")
    assert folder.load(KIND, 1)[1] == b"old"


def test_nothing_unfinished_is_left(folder: ModelFolder) -> None:
    folder.save(KIND, b"model", {})
    assert sorted(p.name for p in (folder.root / KIND).iterdir()) == ["1"]
    assert sorted(p.name for p in (folder.root / KIND / "1").iterdir()) == [
        "model.skops",
        "record.json",
    ]


def test_a_model_that_was_changed_is_refused(folder: ModelFolder) -> None:
    _, path = folder.save(KIND, b"model", {})
    (path / "model.skops").write_bytes(b"Model")
    with pytest.raises(InvalidFile, match=r"model\.skops: refused: its sha256 is not the one"):
        folder.load(KIND)


def test_a_record_of_another_model_is_refused(folder: ModelFolder) -> None:
    _, path = folder.save(KIND, b"model", {})
    record = json.loads((path / "record.json").read_text())
    (path / "record.json").write_text(json.dumps(record | {"sha256": "0" * 64}))
    with pytest.raises(InvalidFile, match="sha256"):
        folder.load(KIND)


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_damaged_record_is_refused(content: str, folder: ModelFolder) -> None:
    _, path = folder.save(KIND, b"model", {})
    (path / "record.json").write_text(content)
    with pytest.raises(InvalidFile):
        folder.load(KIND)


def test_what_is_not_there_is_not_found(folder: ModelFolder) -> None:
    with pytest.raises(NotFound, match="train one with `gigatwin models train formation-outcome`"):
        folder.load(KIND)
    folder.save(KIND, b"model", {})
    with pytest.raises(NotFound, match=r"no version 7 of 'formation-outcome'.*there are 1"):
        folder.load(KIND, 7)
