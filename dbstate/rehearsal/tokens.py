"""SQL text cut into tokens, statements and lists, as far as reading DDL needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "name", "text", "number", "sign"]

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
  | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
  | (?P<name>"(?:[^"]|"")*")
  | (?P<dollar>\$(?P<tag>[A-Za-z_][A-Za-z_0-9]*)?\$)
  | (?P<word>[^\W\d][\w$]*)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<comment>/\*)
  | (?P<sign>::|[-+*/<>=~!@\#%^&|`?]+(?<!-)|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = frozenset("(["), frozenset(")]")


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is as written, ``start`` and ``end`` are its place in the SQL."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """Upper case for an unquoted word, else as written."""
        return self.text.upper() if self.kind == "word" else self.text

    @property
    def name(self) -> str:
        """What it names: unquoted words are lower case to PostgreSQL."""
        return self.text[1:-1].replace('""', '"') if self.kind == "name" else self.text.lower()


def tokens_of(sql: str) -> list[Token]:
    """All tokens, comments and space left out; an unfinished text or comment ends with the SQL."""
    return list(_tokens(sql))


def _tokens(sql: str) -> Iterator[Token]:
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        assert found is not None  # the last alternative takes any character
        kind, start, at = found.lastgroup, found.start(), found.end()
        if kind == "comment":
            at = _end_of_comment(sql, start)
        elif found["dollar"]:
            closing = sql.find(found["dollar"], at)
            at = len(sql) if closing < 0 else closing + len(found["dollar"])
            yield Token("text", sql[start:at], start, at)
        elif found["space"] is None:
            yield Token(_kind(found), found[0], start, at)


def _kind(found: re.Match[str]) -> Kind:
    kinds: tuple[Kind, ...] = ("word", "name", "text", "number")
    return next((kind for kind in kinds if found[kind] is not None), "sign")


def _end_of_comment(sql: str, start: int) -> int:
    """Comments nest."""
    depth = 0
    for found in re.finditer(r"/\*|\*/", sql[start:]):
        depth += 1 if found[0] == "/*" else -1
        if depth == 0:
            return start + found.end()
    return len(sql)


def statements_of(sql: str) -> list[str]:
    """The single statements, without semicolons, comments before them, and empty ones."""
    statements, first, depth = [], None, 0
    last = 0
    for token in tokens_of(sql):
        depth += (token.text in _OPENING) - (token.text in _CLOSING) if token.kind == "sign" else 0
        if token.text == ";" and token.kind == "sign" and depth <= 0:
            if first is not None:
                statements.append(sql[first:last])
            first, depth = None, 0
            continue
        first = token.start if first is None else first
        last = token.end
    if first is not None:
        statements.append(sql[first:last])
    return statements


class Reader:
    """Walks over the tokens of one statement."""

    def __init__(self, sql: str, tokens: Sequence[Token] | None = None) -> None:
        self.sql = sql
        self.tokens = tokens_of(sql) if tokens is None else list(tokens)
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.tokens)

    def peek(self, ahead: int = 0) -> str:
        """The word or sign that comes, empty at the end."""
        at = self.at + ahead
        return self.tokens[at].word if at < len(self.tokens) else ""

    def next(self) -> Token:
        """The token that comes; ValueError at the end."""
        if self.done:
            raise ValueError("the statement ends too early")
        token = self.tokens[self.at]
        self.at += 1
        return token

    def take(self, *words: str) -> bool:
        """Go past these words if just they come."""
        if all(self.peek(ahead) == word for ahead, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        """Go past these words; ValueError when others come."""
        if not self.take(*words):
            raise ValueError(f"{' '.join(words)} is missing at {self.peek()!r}")

    def name(self) -> str:
        """A name, without its schema; ValueError for anything else."""
        return self.qualified()[1]

    def qualified(self) -> tuple[str, str]:
        """Schema (or empty) and name."""
        token = self.next()
        if token.kind not in ("word", "name"):
            raise ValueError(f"{token.text!r} is no name")
        schema = ""
        while self.take("."):
            schema, token = token.name, self.next()
        return schema, token.name

    def table(self) -> str:
        """A table's name; ``"schema"."table"`` for one of another schema than public."""
        schema, name = self.qualified()
        return name if schema in ("", "public") else f'"{schema}"."{name}"'

    def bracketed(self) -> str:
        """The text inside the parentheses that come, without them; ValueError when none do."""
        opening = self.next()
        if opening.text != "(":
            raise ValueError(f"a parenthesis is missing at {opening.text!r}")
        depth = 1
        while depth:
            token = self.next()
            if token.kind == "sign":
                depth += (token.text in _OPENING) - (token.text in _CLOSING)
        return self.sql[opening.end : token.start].strip()

    def until(self, *stops: str) -> str:
        """The text up to one of these words or signs outside of parentheses, or to the end."""
        start = end = self.tokens[self.at].start if not self.done else len(self.sql)
        depth = 0
        while not self.done:
            token = self.tokens[self.at]
            if depth == 0 and token.word in stops:
                break
            if token.kind == "sign":
                depth += (token.text in _OPENING) - (token.text in _CLOSING)
            end = token.end
            self.at += 1
        return self.sql[start:end]

    def rest(self) -> str:
        """All that is left."""
        return self.until()


def split_list(sql: str) -> list[str]:
    """The parts between commas outside of parentheses."""
    reader, parts = Reader(sql), []
    while not reader.done:
        parts.append(reader.until(","))
        reader.take(",")
    return parts


def names_in(sql: str) -> set[str]:
    """Every word and name in an expression, functions and keywords too."""
    return {token.name for token in tokens_of(sql) if token.kind in ("word", "name")}


def plain_name(sql: str) -> str | None:
    """The name, where the expression is nothing else."""
    tokens = tokens_of(sql)
    if len(tokens) == 1 and tokens[0].kind in ("word", "name"):
        return tokens[0].name
    return None
