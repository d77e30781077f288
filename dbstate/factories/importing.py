"""Imports of a factory file: new names where isort would put them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from dbstate.factories.reading import origin_of

CONFIGURED = ("pyproject.toml", "ruff.toml", ".ruff.toml")
"""What lies in the folder from which a formatter tells the project's own modules."""

_Key: TypeAlias = list[tuple[int, int | str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """``from module import name as alias``; ``import module as alias`` where there is no name."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def bound(self) -> str:
        """The name that the file then has."""
        return self.alias or self.name or self.module

    def __str__(self) -> str:
        alias = f" as {self.alias}" if self.alias not in ("", self.name or self.module) else ""
        return (
            f"from {self.module} import {self.name}{alias}" if self.name else f"import {self.module}{alias}"
        )


def with_imports(text: str, wanted: Iterable[Wanted], path: Path, module: str, width: int) -> str:
    """The text with these imports added to those at its top."""
    for one in wanted:
        block = _block(ast.parse(text))
        lines = text.split("\n")
        statement = next((n for n in block if one.name and _takes(n, one, module)), None)
        if statement is not None:
            _put_in(lines, statement, one.name, width)
        else:
            _put_between(lines, block, one, _Sections(path, module))
        text = "\n".join(lines)
    return text


def _block(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The imports at the file's top."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif found or not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
    return found


def _takes(node: ast.Import | ast.ImportFrom, wanted: Wanted, module: str) -> bool:
    """Whether the name can stand in this statement: isort leaves each ``as`` alone."""
    return (
        isinstance(node, ast.ImportFrom)
        and origin_of(node, module) == wanted.module
        and wanted.alias in ("", wanted.name)
        and all(alias.asname is None and alias.name != "*" for alias in node.names)
    )


def _put_in(lines: list[str], node: ast.Import | ast.ImportFrom, name: str, width: int) -> None:
    """Put the name into the statement, on a line of its own where the others have theirs."""
    after = next((a for a in node.names if _member_key(a.name) > _member_key(name)), None)
    at, line, start = _place(lines, after or node.names[-1])
    _, _, end = _place(lines, node.names[-1], end=True)
    rest = line[end:].partition("#")[0]
    in_brackets = "(" in "".join(lines[node.lineno - 1 : node.names[0].lineno]).partition("#")[0]
    alone = in_brackets and not line[:start].strip()
    if alone and after:
        lines.insert(at, f"{line[:start]}{name},")
    elif alone and rest.strip() in ("", ","):
        lines[at] = line if "," in rest else f"{line[:end]},{line[end:]}"
        lines.insert(at + 1, f"{line[:start]}{name},")
    else:
        lines[at] = f"{line[:start]}{name}, {line[start:]}" if after else f"{line[:end]}, {name}{line[end:]}"
        plain = node.lineno == node.end_lineno and not re.search(r"[#();]", lines[at])
        if plain and len(lines[at]) > width:
            head, _, names = lines[at].partition(" import ")
            lines[at : at + 1] = [f"{head} import (", *(f"    {n.strip()}," for n in names.split(",")), ")"]


def _place(lines: list[str], alias: ast.alias, *, end: bool = False) -> tuple[int, str, int]:
    """Index and text of an alias's line, and where in it the alias begins or ends."""
    at = ((alias.end_lineno if end else None) or alias.lineno) - 1
    column = (alias.end_col_offset if end else None) or alias.col_offset
    return at, lines[at], len(lines[at].encode()[:column].decode())


def _put_between(
    lines: list[str], block: list[ast.Import | ast.ImportFrom], wanted: Wanted, sections: _Sections
) -> None:
    """Put a new statement into the group of its section, or between two groups."""
    key = sections.key(ast.parse(str(wanted)).body[0])
    before = [node for node in block if sections.key(node) < key]
    after = [node for node in block if sections.key(node) >= key]
    new = [str(wanted)]
    same = [sections.key(node)[0] == key[0] for node in (*before[-1:], *after[:1])]
    if before and (not after or sections.key(before[-1])[0] == key[0]):
        at = max(node.end_lineno or node.lineno for node in before)
        if not same[0]:
            new = ["", *new]
    elif after:
        at = min(node.lineno for node in after) - 1
        if not same[-1]:
            new = [*new, ""]
    else:
        at = _end_of_head(lines)
        new = ["", *new] if at else [*new, ""]
    lines[at:at] = new


def _end_of_head(lines: list[str]) -> int:
    """How many lines the docstring takes, or the comments at the top: one may name the encoding."""
    first = next(iter(ast.parse("\n".join(lines)).body), None)
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return first.end_lineno or 0
    return next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))


class _Sections:
    """The order of import statements, as isort and ruff have it by default."""

    def __init__(self, path: Path, module: str) -> None:
        folders = path.resolve().parents
        configured = (f for f in folders if any((f / name).exists() for name in CONFIGURED))
        self.root = next(configured, Path.cwd())
        self.module = module

    def key(self, node: ast.stmt) -> tuple[int, bool, _Key, tuple[int, _Key]]:
        """What statements are sorted by: section, kind, module, first name."""
        assert isinstance(node, ast.Import | ast.ImportFrom)
        first = node.names[0].name
        if isinstance(node, ast.Import):
            return self._section(first), False, _natural(first), (0, [])
        module = node.module or ""
        return 4 if node.level else self._section(module), True, _natural(module), _member_key(first)

    def _section(self, module: str) -> int:
        top = module.partition(".")[0]
        if top == "__future__":
            return 0
        if top in sys.stdlib_module_names:
            return 1
        own = any(
            (folder / top).is_dir() or (folder / f"{top}.py").is_file()
            for folder in (self.root, self.root / "src")
        )
        return 3 if own else 2


def _member_key(name: str) -> tuple[int, _Key]:
    """Constants, then classes, then the others."""
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    return kind, _natural(name)


def _natural(text: str) -> _Key:
    return list(_parts(text.lower()))


def _parts(text: str) -> Iterator[tuple[int, int | str]]:
    for part in re.split(r"(\d+)", text):
        yield (0, int(part)) if part.isdecimal() else (1, part)
