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
_WANTED = "is not on this machine"


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    missing = {
        marker: program
        for marker, program in _SERVERS.items()
        if shutil.which(program, path=os.pathsep.join(_PLACES)) is None
    }
    for item in items:
        for marker in missing.keys() & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=f"{missing[marker]} {_WANTED}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """From the reports, which are here, too, where xdist's workers have run the tests."""
    skipped = sorted(
        (_reason(report), report.nodeid) for report in terminalreporter.stats.get("skipped", ())
    )
    if not skipped:
        return
    terminalreporter.section("not tested", sep="=", yellow=True, bold=True)
    for reason, name in skipped:
        terminalreporter.line(f"SKIPPED, {reason}: {name}", yellow=True)
    if any(reason.endswith(_WANTED) for reason, _ in skipped):
        terminalreporter.line("tools/system-packages.sh installs the servers", yellow=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """A skipped test's report holds its file, its line and the reason."""
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return why.removeprefix("Skipped: ")
