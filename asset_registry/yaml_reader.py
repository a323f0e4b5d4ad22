"""Reads YAML strictly, remembering lines: every fault is noted, none ends the reading.

A reader walks the nodes of a document and asks for what it expects. What is missing,
unknown, doubled or of another form becomes a problem with its line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from twin.errors import InvalidFile

_STR: Final = "tag:yaml.org,2002:str"
_NULL: Final = "tag:yaml.org,2002:null"
_BOOL: Final = "tag:yaml.org,2002:bool"
NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    line: int
    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}: {self.why}" if self.field else self.why


@dataclass(slots=True)
class Problems:
    """All that is wrong with one file."""

    path: Path
    found: list[Problem] = field(default_factory=list)
    _noted: set[tuple[int, str]] = field(default_factory=set)

    def note(self, node: Node, name: str, why: str) -> None:
        """Once only for a node that stands in many places by an alias."""
        place = (int(node.start_mark.index), why)
        if place not in self._noted:
            self._noted.add(place)
            self.found.append(Problem(line_of(node), name, why))

    def check(self) -> None:
        """Raises InvalidFile at the first problem's line, with all of them listed."""
        if not self.found:
            return
        first, *others = sorted(set(self.found))
        listed = "".join(f"\n  line {problem.line}: {problem}" for problem in others)
        raise InvalidFile(str(self.path), first.line, f"{first}{listed}")


@dataclass(frozen=True, slots=True)
class Entry:
    key: Node
    value: Node


def line_of(node: Node) -> int:
    return int(node.start_mark.line) + 1


def document(path: Path) -> Node:
    """The file's only document. Raises InvalidFile where it can't be read or is no YAML."""
    try:
        with path.open(encoding="utf-8") as file:
            root: Node | None = yaml.compose(file, Loader=yaml.SafeLoader)
    except OSError as error:
        raise InvalidFile(str(path), None, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidFile(str(path), None, f"is not UTF-8: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = None if mark is None else mark.line + 1
        raise InvalidFile(str(path), line, error.problem or str(error)) from error
    except yaml.YAMLError as error:
        raise InvalidFile(str(path), None, str(error)) from error
    if root is None:
        raise InvalidFile(str(path), None, "is empty")
    return root


def entries(node: Node, name: str, problems: Problems) -> Mapping[str, Entry]:
    """The entries of a mapping by their keys; doubled keys are a problem."""
    found: dict[str, Entry] = {}
    if not isinstance(node, MappingNode):
        if node.tag != _NULL:
            problems.note(node, name, f"is {form_of(node)}; write 'key: value' lines")
        return found
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            problems.note(key, name, "a key must be a word")
        elif key.value in found:
            first = line_of(found[key.value].key)
            problems.note(key, _below(name, key.value), f"is given twice, first in line {first}")
        else:
            found[str(key.value)] = Entry(key, value)
    return found


def known_entries(
    node: Node, name: str, problems: Problems, known: tuple[str, ...], required: tuple[str, ...]
) -> Mapping[str, Node]:
    """The values of a mapping that may hold the known keys and must hold the required ones."""
    found = entries(node, name, problems)
    for key, entry in found.items():
        if key not in known:
            why = f"unknown key; keys are {', '.join(known)}"
            problems.note(entry.key, _below(name, key), why)
    for key in required:
        if key not in found:
            problems.note(node, _below(name, key), "is missing")
    return {key: entry.value for key, entry in found.items() if key in known}


def items(node: Node, name: str, problems: Problems) -> Iterator[tuple[str, Node]]:
    """The items of a list with their names: ``assets[3]``."""
    if isinstance(node, SequenceNode):
        for i, item in enumerate(node.value):
            yield f"{name}[{i}]", item
    elif node.tag != _NULL:
        problems.note(node, name, f"is {form_of(node)}; write a list")


def text(node: Node, name: str, problems: Problems) -> str:
    if isinstance(node, ScalarNode) and node.tag == _STR:
        return str(node.value)
    hint = "; put it in quotes" if isinstance(node, ScalarNode) else ""
    problems.note(node, name, f"is {form_of(node)}, not a text{hint}")
    return ""


def number(node: Node, name: str, problems: Problems) -> float | None:
    if isinstance(node, ScalarNode) and NUMBER.fullmatch(node.value):
        return float(node.value)
    problems.note(node, name, f"is {form_of(node)}, not a number like 12.5")
    return None


def is_true(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _BOOL and node.value.lower() == "true"


def form_of(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "empty" if node.tag == _NULL else repr(node.value)


def _below(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
