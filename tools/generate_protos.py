"""Generates ``protocols/grpc/v1`` from the protos; a test regenerates and compares.

Usage: python tools/generate_protos.py [OUTPUT_FOLDER]
"""

import os
import re
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[1]
PROTOS = ROOT / "protocols" / "grpc" / "protos"
OUTPUT = ROOT / "protocols" / "grpc" / "v1"
_PACKAGE = re.compile(r"\bgigatwin\.v1\b(?=\.\w+_pb2|\s+import)")


def generate(output: Path) -> None:
    """Writes messages, services and type stubs, imported as ``protocols.grpc.v1``."""
    sources = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "protoc",
            f"-I{PROTOS}",
            f"-I{files('grpc_tools') / '_proto'}",
            f"--python_out={folder}",
            f"--grpc_python_out={folder}",
            f"--mypy_out={folder}",
            f"--mypy_grpc_out={folder}",
            *sources,
        ]
        # protoc finds its plugins beside this Python.
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        if protoc.main(arguments) != 0:
            raise SystemExit("protoc failed: see its message above")
        output.mkdir(parents=True, exist_ok=True)
        for stale in [*output.glob("*_pb2*.py"), *output.glob("*_pb2*.pyi")]:
            stale.unlink()
        (output / "__init__.py").write_text('"""Generated from the protos; do not edit."""\n')
        for made in sorted((Path(folder) / "gigatwin" / "v1").iterdir()):
            text = made.read_text(encoding="utf-8")
            (output / made.name).write_text(_PACKAGE.sub("protocols.grpc.v1", text))


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
