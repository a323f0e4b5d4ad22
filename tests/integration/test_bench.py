"""Each benchmark, on its least work: that it measures what it says, not how fast it is here."""

from typing import Any

import pytest

from tests.commands import Finished, run

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def quick(name: str) -> Finished:
    done = run("bench", name, "--quick", "--json", within_s=240)
    assert done.output, done.errors
    return done


def values(document: Any) -> dict[str, float | None]:
    """Of its rows, whose form is checked, too."""
    for row in document["rows"]:
        assert set(row) == {"what", "value", "unit", "reference", "target", "pass"}
    return {row["what"]: row["value"] for row in document["rows"]}


def test_the_killed_actor_has_lost_nothing_and_is_as_if_it_had_never_died() -> None:
    done = quick("kill")
    document = done.document
    numbers = values(document)

    assert done.code == 0, done.errors
    assert (document["name"], document["machine"] != "") == ("kill", True)
    assert document["seconds"] > 0
    assert numbers["readings lost"] == 0
    assert numbers["state equal to the undisturbed run's, to the bit"] == 1
    assert numbers["kills"] == 2
    assert (numbers["readings written"] or 0) > 100
    assert (numbers["seconds to recover, worst"] or 0) > 0
    assert all(row["pass"] for row in document["rows"])


def test_the_latency_of_every_excursion_is_measured_and_none_is_missed() -> None:
    done = quick("latency")
    document = done.document
    numbers = values(document)

    assert (document["name"], document["machine"] != "") == ("latency", True)
    assert document["n"] == 16
    assert document["unasked"] == []
    assert numbers["excursions without a recommendation"] == 0
    assert numbers["recommendations without an excursion"] == 0
    measured = {what: value for what, value in numbers.items() if "Watch" in what}
    assert set(measured) == {
        f"{begin} to WatchRecommendations, {part}"
        for begin in ("change that completes the evidence", "first changed sample")
        for part in ("median", "99 %")
    }
    assert all(value is not None and value > 0 for value in measured.values())
    # How many milliseconds it takes here is for the benchmark to say, by its exit code.
    assert done.code == (0 if all(row["pass"] for row in document["rows"]) else 1)
