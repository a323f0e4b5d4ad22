"""Trained models on disk: a folder for each version, written whole and read only if unchanged.

models/
  formation-outcome/
    1/
      model.skops      what predicts
      record.json      the model card: data, figures, types, sha256 of model.skops
    2/ …               the newest is the one in use
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from twin.errors import InvalidFile, NotFound, Unavailable

MODEL: Final = "model.skops"
RECORD: Final = "record.json"


class ModelFolder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, kind: str, data: bytes, record: Mapping[str, object]) -> tuple[int, Path]:
        """(version, its folder). ``record`` gets version and sha256. Raises Unavailable."""
        sha256 = hashlib.sha256(data).hexdigest()
        folder = self.root / kind
        partial = folder / f".partial-{os.getpid()}"
        try:
            partial.mkdir(parents=True, exist_ok=True)
            (partial / MODEL).write_bytes(data)
            version = max(self.versions(kind), default=0) + 1
            while True:
                whole = {"kind": kind, "version": version, **record, "sha256": sha256}
                text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
                (partial / RECORD).write_text(text + "\n", encoding="utf-8")
                if not (folder / str(version)).exists() and _renamed(partial, version):
                    return version, folder / str(version)
                version += 1  # another has just taken it
        except OSError as error:
            raise Unavailable(f"no model can be kept in {folder}: {error.strerror}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def versions(self, kind: str) -> list[int]:
        folder = self.root / kind
        if not folder.is_dir():
            return []
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())

    def load(self, kind: str, version: int | None = None) -> tuple[dict[str, Any], bytes]:
        """(record, bytes of the model), of the newest version if none is named.

        Raises NotFound, or InvalidFile where the model is not the one of its record.
        """
        there = self.versions(kind)
        if not there:
            raise NotFound(
                f"no model {kind!r} in {self.root}: train one with `gigatwin models train {kind}`"
            )
        if version is not None and version not in there:
            listed = ", ".join(map(str, there))
            raise NotFound(f"no version {version} of {kind!r} in {self.root}; there are {listed}")
        folder = self.root / kind / str(version or there[-1])
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            data = (folder / MODEL).read_bytes()
        except (OSError, ValueError) as error:
            raise InvalidFile(str(folder), None, f"is no model: {error}") from error
        found = hashlib.sha256(data).hexdigest()
        if not isinstance(record, dict) or record.get("sha256") != found:
            why = (
                "refused: its sha256 is not the one in record.json, so it was changed or "
                "damaged since it was trained; train it again"
            )
            raise InvalidFile(str(folder / MODEL), None, why)
        return record, data


def _renamed(partial: Path, version: int) -> bool:
    try:
        partial.rename(partial.with_name(str(version)))
    except OSError:
        if partial.with_name(str(version)).exists():
            return False
        raise
    return True
