"""Calls between actors: found by name at each call, their errors as the tree's own."""

from typing import Any

from ray.exceptions import RayError, RayTaskError

from actors.naming import find
from actors.settings import PlantSettings
from twin.errors import GigatwinError, NotFound, Unavailable


async def call(settings: PlantSettings, actor: str, method: str, *arguments: object) -> Any:
    """Call a method of the actor of that name and wait for the answer.

    Raises what the method raised from the tree of errors, and Unavailable where the actor
    does not live or can't be reached; the caller may then try again.
    """
    try:
        handle = find(settings, actor)
        return await getattr(handle, method).remote(*arguments)
    except NotFound as error:
        raise Unavailable(f"actor {actor!r} does not live yet") from error
    except RayTaskError as error:
        cause = error.cause
        if isinstance(cause, GigatwinError):
            raise cause from error
        raise
    except RayError as error:
        raise Unavailable(f"actor {actor!r} can't be reached: {error}") from error
