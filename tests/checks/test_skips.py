"""What is not tested is said at the end of every run, one line for each test."""

from pathlib import Path

import pytest

pytest_plugins = "pytester"

CONFTEST = Path(__file__).parents[1] / "conftest.py"
MARKERS = """
[pytest]
markers =
    needs_redis_server: needs redis-server
    needs_mosquitto: needs mosquitto
"""
TESTS = """
import pytest

@pytest.mark.needs_redis_server
@pytest.mark.parametrize("n", [1, 2])
def test_with_a_server(n): ...

@pytest.mark.needs_mosquitto
def test_with_another(): ...

def test_with_none(): ...

@pytest.mark.skip(reason="the moon is full")
def test_for_another_reason(): ...
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with this one's conftest; no machine has its Redis, each has its broker."""
    servers = {"needs_redis_server": "no-such-server", "needs_mosquitto": "sh"}
    pytester.makeconftest(f"{CONFTEST.read_text()}\n_SERVERS = {servers!r}\n")
    pytester.makeini(MARKERS)
    return pytester


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "with workers"])
def test_what_a_missing_server_keeps_from_being_tested_is_named_and_what_installs_it(
    project: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    project.makepyfile(test_it=TESTS)

    done = project.runpytest_subprocess(*workers, "-q")

    done.assert_outcomes(passed=2, skipped=3)
    done.stdout.fnmatch_lines(
        [
            "=* not tested =*",
            "SKIPPED, no-such-server is not on this machine: test_it.py::test_with_a_server[[]1[]]",
            "SKIPPED, no-such-server is not on this machine: test_it.py::test_with_a_server[[]2[]]",
            "SKIPPED, the moon is full: test_it.py::test_for_another_reason",
            "tools/system-packages.sh installs the servers",
        ],
        consecutive=True,
    )


def test_where_all_is_tested_nothing_is_said(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(): ...")

    done = project.runpytest_subprocess("-q")

    done.assert_outcomes(passed=1)
    done.stdout.no_fnmatch_line("*not tested*")


def test_no_installation_is_advised_where_no_server_is_missing(project: pytest.Pytester) -> None:
    project.makepyfile("import pytest\ndef test_it(): pytest.skip('the moon is full')")

    done = project.runpytest_subprocess("-q")

    done.stdout.fnmatch_lines(["SKIPPED, the moon is full: *::test_it"])
    done.stdout.no_fnmatch_line("*system-packages*")
