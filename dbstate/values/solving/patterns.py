"""Patterns of SQL in Python's words, with texts that match them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from random import Random

import rstr

_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "lower": "a-z", "upper": "A-Z", "space": r"\s",
    "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9a-fA-F", "word": r"\w", "blank": r" \t", "graph": "!-~",
    "print": " -~",
    "cntrl": r"\x00-\x1f",
}  # fmt: skip
_ESCAPES = {"m": r"\b(?=\w)", "M": r"\b(?<=\w)", "y": r"\b", "Y": r"\B", "Z": r"\Z", "A": r"\A"}
_PREFERRED = (
    string.ascii_lowercase + string.ascii_uppercase + string.digits + " -_.,:;/@#+*=!?&%()[]{}<>'\"|\\^$~`"
)
_SPREAD = 6


def from_posix(pattern: str, *, ignore_case: bool = False) -> str:
    """PostgreSQL's regular expression as one for ``re.search``.

    ``$`` becomes the very end of the text (Python's also stands before a last line feed).
    """
    flags = "i" if ignore_case else ""
    lead = re.match(r"^(?:\*\*\*:)?(?:\(\?([a-z]+)\))?", pattern)
    if lead:
        flags += "i" if lead[1] and "i" in lead[1] and not flags else ""
        pattern = pattern[lead.end() :]
    parts = [_posix_part(token) for token in _tokens(pattern)]
    return (f"(?{flags})" if flags else "") + "".join(parts)


def _posix_part(token: str) -> str:
    if token == "$":
        return r"\Z"
    if token[0] == "\\" and token[1:] in _ESCAPES:
        return _ESCAPES[token[1:]]
    if token[0] == "[" and len(token) > 1:
        return re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], found[0]), _guard_brackets(token))
    return token


def _guard_brackets(token: str) -> str:
    """A bracket expression with its inner ``[`` escaped, the classes' own apart."""
    return "[" + re.sub(r"(?<!\\)\[(?!:)", r"\\[", token[1:])


def _tokens(pattern: str) -> Iterator[str]:
    """Escapes, bracket expressions and single characters, in order."""
    at = 0
    while at < len(pattern):
        end = at + 1
        if pattern[at] == "\\":
            end = at + 2
        elif pattern[at] == "[":
            end = _bracket_end(pattern, at)
        yield pattern[at:end]
        at = end


def _bracket_end(pattern: str, at: int) -> int:
    end = at + 1
    end += pattern[end : end + 1] == "^"
    end += pattern[end : end + 1] == "]"
    while end < len(pattern) and pattern[end] != "]":
        if pattern[end] == "\\":
            end += 1
        elif pattern.startswith("[:", end) and ":]" in pattern[end:]:
            end = pattern.index(":]", end) + 1
        end += 1
    return end + 1


def from_like(pattern: str, *, ignore_case: bool = False, escape: str = "\\") -> str:
    """A LIKE pattern as one for ``re.search``."""
    parts, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if escape and char == escape and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        else:
            parts.append({"%": ".*", "_": "."}.get(char) or re.escape(char))
        at += 1
    return ("(?is)" if ignore_case else "(?s)") + r"\A" + "".join(parts) + r"\Z"


def from_similar(pattern: str) -> str:
    """A SIMILAR TO pattern as one for ``re.search``."""
    swap = {"%": ".*", "_": ".", ".": r"\.", "^": r"\^", "$": r"\$"}
    parts = [swap.get(token, _posix_part(token)) for token in _tokens(pattern)]
    return r"(?s)\A(?:" + "".join(parts) + r")\Z"


def from_glob(pattern: str) -> str:
    """A GLOB pattern of SQLite as one for ``re.search``."""
    parts = [{"*": ".*", "?": "."}.get(t) or (t if t[0] == "[" else re.escape(t)) for t in _tokens(pattern)]
    return r"(?s)\A" + "".join(parts) + r"\Z"


def is_match(pattern: str, text: str) -> bool:
    """Whether the text matches; ValueError where Python cannot read the pattern."""
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise ValueError(f"cannot read pattern {pattern!r}: {error}") from error


def texts(pattern: str, random: Random, *, shorter: bool = False) -> Iterator[str]:
    """Endless texts that match, unlike each other where the pattern allows; none if it cannot be read."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    maker = rstr.Rstr(random)
    plain = _narrowed(pattern, 1 if shorter else _SPREAD)
    for _ in range(200):
        try:
            text = maker.xeger(plain)
        except (re.error, ValueError, KeyError, IndexError, TypeError, AttributeError):
            return
        if "\0" not in text and compiled.search(text):
            yield text


def _narrowed(pattern: str, spread: int) -> str:
    """The pattern with usual characters only and short repetitions, for making texts."""
    parts: list[str] = []
    plain = re.sub(r"^\(\?[a-z]+\)", "", pattern)
    for edge in ("m", "M"):
        plain = plain.replace(_ESCAPES[edge], "")
    tokens = list(_tokens(plain))
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else ""
        if token in "*+" and before not in ("(", "|", ""):
            parts.append(f"{{0,{spread}}}" if token == "*" else f"{{1,{1 + spread}}}")
        elif token[0] == "[" and len(token) > 1:
            parts.append(_usual(token))
        elif token == ".":
            parts.append("[a-z0-9]")
        else:
            parts.append(_SHORTHANDS.get(token, token))
    return re.sub(
        r"(?<!\\)\{(\d+),\}", lambda found: f"{{{found[1]},{int(found[1]) + spread}}}", "".join(parts)
    )


_SHORTHANDS = {
    r"\w": "[a-zA-Z0-9]", r"\W": "[-]", r"\s": "[ ]", r"\S": "[a-zA-Z0-9]", r"\D": "[a-z]", r"\d": "[0-9]",
    r"\b": "", r"\B": "",
}  # fmt: skip


def _usual(token: str) -> str:
    """A bracket expression as the list of usual characters in it; itself where there are none."""
    try:
        inside = re.compile(token)
    except re.error:
        return token
    chars = [char for char in _PREFERRED if inside.fullmatch(char)]
    worded = [char for char in chars if char.isalnum()]
    if token[1:2] == "^" and worded:
        chars = worded
    return "[" + "".join(re.escape(char) for char in chars) + "]" if chars else token


_VARIANTS = (
    str.lower,
    str.upper,
    str.strip,
    str.title,
    lambda text: re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"),
    lambda text: re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_"),
    lambda text: re.sub(r"[^A-Z0-9]+", "", text.upper()),
    lambda text: re.sub(r"\s+", "", text),
    lambda text: re.sub(r"\D+", "", text),
    lambda text: re.sub(r"[^a-z]+", "", text.lower()),
    lambda text: re.sub(r"[^A-Za-z ]+", "", text).strip(),
)


def variants(text: str) -> Iterator[str]:
    """The text in other cases and without some of its characters: still realistic."""
    for variant in _VARIANTS:
        yield variant(text)
