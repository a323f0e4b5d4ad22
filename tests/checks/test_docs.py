"""What the documents promise: their links lead somewhere, their commands exist, their
drawings are those of the code."""

import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from click import Context

from cluster.cli import cli
from tools.draw_states import draw

ROOT = Path(__file__).parents[2]
FRONT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = sorted(
    [
        *(ROOT / name for name in FRONT),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("README.md"),
    ],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
LONGEST_RECORD = 30

_LINK = re.compile(r"\]\(([^()\s]+)\)")
_CODE = re.compile(r"```.*?```", re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"\bgigatwin ([a-z][a-z-]*)")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
_FILE = re.compile(
    r"`((?:actors|asset_registry|cluster|examples|historian|protocols|simulation|stores|tests"
    r"|tools|twin)/[\w./-]*\w\.\w+)`"
)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _anchors(page: Path) -> set[str]:
    """Of the page's headings, as Markdown's readers make them."""
    headings = _HEADING.findall(_CODE.sub("", _text(page)))
    return {re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def test_there_is_something_to_check() -> None:
    """A folder that was moved would leave the tests below without a case, and pass."""
    assert {"README.md", "docs/architecture.md", "examples/kiprobatt/README.md"} <= {
        _name(page) for page in PAGES
    }
    assert PICTURES
    assert RECORDS


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(_CODE.sub("", _text(page))):
        target, _, anchor = unquote(link).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{_name(page)} links to {link}"
        if anchor:
            assert anchor in _anchors(found), f"{_name(page)} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    for named in _FILE.findall(_text(page)):
        assert (ROOT / named).exists(), f"{_name(page)} names {named}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    commands = set(cli.list_commands(Context(cli)))
    # "gigatwin" is a word of its own, too: a command is one only where code is written.
    written = re.findall(r"```.*?```|`[^`\n]+`", _text(page), re.DOTALL)
    named = {name for code in written for name in _COMMAND.findall(code)}
    assert named <= commands, f"{_name(page)} names {sorted(named - commands)}"


def test_the_readme_names_every_command() -> None:
    named = set(_COMMAND.findall(_text(ROOT / "README.md")))
    assert set(cli.list_commands(Context(cli))) <= named


def test_every_target_of_the_makefile_is_explained() -> None:
    explained = _text(ROOT / "README.md") + _text(ROOT / "CONTRIBUTING.md")
    for target in _TARGET.findall(_text(ROOT / "Makefile")):
        if target != "help":
            assert f"make {target}" in explained, target


def test_ci_runs_the_readme_s_test_command_and_the_rest_of_make_check() -> None:
    section = _text(ROOT / "README.md").partition("\n## Test it\n")[2]
    (command,) = _CODE.findall(section)[0].strip("`").split("\n")[1:-1]
    run = [line for line in _text(ROOT / ".ci" / "run").splitlines() if line.startswith("make ")]
    check = _text(ROOT / "Makefile").partition("\ncheck:")[2].splitlines()[1].split()[2:]

    assert run[-1] == command
    assert run == [f"make {target}" for target in check]


def test_the_life_of_a_recommendation_is_drawn_from_its_table(tmp_path: Path) -> None:
    draw(tmp_path)
    for drawn in (path for path in tmp_path.rglob("*") if path.is_file()):
        kept = ROOT / drawn.relative_to(tmp_path)
        assert _text(kept) == _text(drawn), f"run tools/draw_states.py: {_name(kept)}"


@pytest.mark.parametrize("picture", PICTURES, ids=_name)
def test_a_picture_is_whole_and_shown_on_a_page(picture: Path) -> None:
    root = ElementTree.parse(picture).getroot()
    assert root.get("aria-label"), "says nothing to those who can't see it"
    assert any(f"pictures/{picture.name}" in _text(page) for page in PAGES)


@pytest.mark.parametrize("record", RECORDS, ids=_name)
def test_a_decision_is_short_numbered_and_listed(record: Path) -> None:
    text = _text(record)
    assert len(text.splitlines()) <= LONGEST_RECORD
    assert text.startswith(f"# {int(record.name[:4])}. ")
    for part in ("**Context.**", "**Decision.**", "**Why not", "**Consequences.**"):
        assert part in text
    assert f"({record.name})" in _text(record.parent / "README.md")
