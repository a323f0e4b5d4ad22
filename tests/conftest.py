"""Skips, loudly, the tests that need a server which this machine does not have."""

import os
import shutil
from collections.abc import Iterable
from glob import glob

import pytest
from hypothesis import settings

# Repeatable, and few enough for the unit tests to stay a matter of seconds; a longer look:
# pytest tests/unit --hypothesis-profile=thorough
settings.register_profile("brief", max_examples=20, derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)

_SERVERS = {
    "needs_redis_server": "redis-server",
    "needs_mosquitto": "mosquitto",
    "needs_postgresql": "postgres",
    "needs_chromium": "chromium",
}
_PLACES = [  # Debian keeps servers where an ordinary PATH does not look
    *os.environ.get("PATH", "").split(os.pathsep),
    "/usr/local/sbin",
    "/usr/sbin",
    *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True),
]
_skipped = pytest.StashKey[list[tuple[str, str]]]()


def pytest_collection_modifyitems(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    skipped = config.stash.setdefault(_skipped, [])
    missing = {
        marker: program
        for marker, program in _SERVERS.items()
        if shutil.which(program, path=os.pathsep.join(_PLACES)) is None
    }
    for item in items:
        for marker in missing.keys() & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=f"{missing[marker]} is not on this machine"))
            skipped.append((missing[marker], item.nodeid))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skipped = sorted(config.stash.get(_skipped, []))
    if not skipped:
        return
    terminalreporter.section("not tested: servers missing", sep="=", yellow=True, bold=True)
    for program, name in skipped:
        terminalreporter.line(f"SKIPPED for want of {program}: {name}", yellow=True)
    terminalreporter.line("tools/system-packages.sh installs them", yellow=True)
