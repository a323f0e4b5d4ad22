"""Actors are started a few at a time, and one that hangs keeps no other waiting."""

import asyncio

from ray.exceptions import ActorDiedError

from actors.starter import Starter
from tests.waiting import eventually


class Begun:
    """Something that starts when it is let."""

    def __init__(self) -> None:
        self.times = 0
        self.up = asyncio.Event()

    async def __call__(self) -> None:
        self.times += 1
        await self.up.wait()


async def nothing() -> None:
    return


async def dies() -> None:
    raise ActorDiedError


async def test_what_starts_gives_no_reason() -> None:
    starter = Starter(at_once=1, patience_s=60.0)
    assert await starter.start("a", nothing) == ""
    assert not starter.is_due


async def test_a_start_that_hangs_is_left_under_way_and_the_next_has_its_turn() -> None:
    starter, hangs = Starter(at_once=1, patience_s=0.01), Begun()
    first, second = await asyncio.gather(starter.start("a", hangs), starter.start("b", nothing))
    assert "not up" in first
    assert second == ""
    assert not starter.is_due


async def test_a_start_under_way_is_not_begun_again_until_it_has_come_to_an_end() -> None:
    starter, hangs = Starter(at_once=1, patience_s=0.01), Begun()
    await starter.start("a", hangs)
    assert "not up" in await starter.start("a", hangs)
    assert hangs.times == 1

    hangs.up.set()
    await eventually(lambda: starter.is_due, "the start that has come to an end is due")
    assert await starter.start("a", hangs) == ""
    assert not starter.is_due


async def test_an_actor_that_died_is_due_at_once_and_forgotten_when_nobody_wants_it() -> None:
    starter = Starter(at_once=1, patience_s=60.0)
    assert await starter.start("a", dies) != ""
    assert starter.is_due
    starter.forget("a")
    assert not starter.is_due
