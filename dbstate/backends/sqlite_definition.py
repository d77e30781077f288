"""A CREATE TABLE statement of SQLite, taken apart: to leave columns out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from dbstate.backends.naming import folded

TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
  | (?P<word>[^\W\d][\w$]*)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)

RULES = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
"""What a part of the body starts with when it is not a column."""


@dataclass(frozen=True, slots=True)
class Part:
    """One column or one rule of a table, as SQL."""

    sql: str
    column: str
    """Folded; empty for a rule."""


def without_columns(sql: str, left_out: frozenset[str]) -> str:
    """The statement without these columns (folded names) and without the rules that read them."""
    head, parts, tail = split(sql)
    kept = [part.sql for part in parts if part.column not in left_out and not mentions(part.sql, left_out)]
    return f"{head}({', '.join(kept)}){tail}"


def split(sql: str) -> tuple[str, list[Part], str]:
    """What stands before the body's bracket, the parts of the body, and what follows it."""
    depth, head, tail = 0, "", ""
    texts: list[str] = [""]
    for kind, text in tokens(sql):
        before = depth
        if kind == "sign":
            depth += {"(": 1, ")": -1}.get(text, 0)
        if tail or (before == 1 and depth == 0):
            tail += text
        elif before == 0:
            head += text if depth == 0 else ""
        elif kind == "sign" and text == "," and depth == 1:
            texts.append("")
        else:
            texts[-1] += " " if kind == "space" else text
    return head, [_part(text.strip()) for text in texts], tail[1:]


def mentions(sql: str, columns: frozenset[str]) -> bool:
    """Whether an identifier in the SQL is one of these.

    A name before a bracket is a function's, and those after REFERENCES are another table's.
    """
    found = list(_without_targets((kind, text) for kind, text in tokens(sql) if kind != "space"))
    return any(
        name(text) in columns and following != ("sign", "(")
        for (kind, text), following in zip(found, [*found[1:], ("", "")], strict=True)
        if kind in ("quoted", "word")
    )


def _without_targets(found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The tokens without what ``REFERENCES table (columns)`` names."""
    rest = iter(found)
    for kind, text in rest:
        yield kind, text
        if kind != "word" or text.upper() != "REFERENCES":
            continue
        next(rest, None)
        following = next(rest, None)
        if following == ("sign", "("):
            for _ in takewhile(lambda token: token != ("sign", ")"), rest):
                pass
        elif following is not None:
            yield following


def name(token: str) -> str:
    """The folded name that an identifier token stands for."""
    mark = token[0]
    if mark == "[":
        return folded(token[1:-1])
    if mark in '"`':
        return folded(token[1:-1].replace(mark * 2, mark))
    return folded(token)


def tokens(sql: str) -> Iterator[tuple[str, str]]:
    """(kind, text) pairs that together are the whole SQL."""
    for match in TOKEN.finditer(sql):
        yield match.lastgroup or "", match[0]


def _part(sql: str) -> Part:
    kind, text = next(tokens(sql))
    is_rule = kind == "word" and text.upper() in RULES
    return Part(sql, "" if is_rule else name(text))
