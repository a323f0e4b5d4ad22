"""The guard of this folder's conftest."""

import asyncio
import importlib

import pytest


@pytest.mark.parametrize(
    ("module", "starter"), [("ray", "init"), ("grpc", "server"), ("grpc.aio", "server")]
)
def test_a_unit_test_cannot_start(module: str, starter: str) -> None:
    with pytest.raises(AssertionError, match="a unit test may not call"):
        getattr(importlib.import_module(module), starter)()


def test_remote_does_not_start_ray() -> None:
    import ray

    with pytest.raises(AssertionError, match=r"ray\.init"):
        ray.remote(lambda: 1).remote()


async def test_a_unit_test_cannot_listen() -> None:
    with pytest.raises(AssertionError, match=r"socket\.listen"):
        await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
