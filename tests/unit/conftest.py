"""A unit test starts no Ray, no gRPC server and listens on no socket."""

import gc
import os
import socket
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NoReturn

import pytest

# As Ray sets it for an actor. Before numpy is loaded: on matrices as small as a twin's the
# threads of BLAS do nothing but wait for each other, ten times as long as the work lasts.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_STARTERS = {"ray": "init", "grpc": "server", "grpc.aio": "server"}


def pytest_collectstart() -> None:
    """What is loaded and collected stays: searching it for rubbish, again and again, is
    a tenth of the whole time."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """DuckDB counts at its end what was never let go."""
    gc.unfreeze()


def _refuse(what: str) -> Callable[..., NoReturn]:
    def refused(*args: object, **options: object) -> NoReturn:
        raise AssertionError(f"a unit test may not call {what}: see tests/integration")

    return refused


class _Guard(MetaPathFinder):
    """Guards a module that a test imports late, without importing it for those that do not."""

    def __init__(self, guard: Callable[[ModuleType], None]) -> None:
        self._guard = guard

    def find_spec(self, name: str, path: Any = None, target: object = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name in _STARTERS else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_then_guard(module: ModuleType) -> None:
            execute(module)
            self._guard(module)

        spec.loader.exec_module = execute_then_guard  # type: ignore[method-assign]
        return spec


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def guard(module: ModuleType) -> None:
        starter = _STARTERS[module.__name__]
        monkeypatch.setattr(module, starter, _refuse(f"{module.__name__}.{starter}"))

    for name in _STARTERS.keys() & sys.modules.keys():
        guard(sys.modules[name])
    monkeypatch.setattr(sys, "meta_path", [_Guard(guard), *sys.meta_path])
    monkeypatch.setattr(socket.socket, "listen", _refuse("socket.listen"))
