"""Documents that an SQL/JSON path may ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STEPS = r'(?:\.\s*(?:\w+|"[^"]*"|\*)|\[[^\]]*\])*'
_ASKED = re.compile(
    rf"([$@])({_STEPS})\s*(?:(==|!=|<>|<=|>=|<|>|like_regex|starts with)\s*(\"[^\"]*\"|-?[\d.]+|true|false))?"
)
_STEP = re.compile(r'\.\s*(\w+|"[^"]*"|\*)|\[([^\]]*)\]')


def documents(path: str) -> Iterator[object]:
    """Documents in which the path finds something, if its filters are simple; else near ones."""
    asked = [found.groups() for found in _ASKED.finditer(path)]
    roots = [(steps, literal) for sign, steps, _, literal in asked if sign == "$"]
    inner = [(steps, literal) for sign, steps, _, literal in asked if sign == "@"]
    for shift in (0, 1, -1, 2):
        element: Any = None
        for steps, literal in inner:
            element = _planted(element, _steps(steps), _leaf(literal, shift))
        document: Any = None
        for steps, literal in roots:
            leaf = element if literal is None and inner else _leaf(literal, shift)
            document = _planted(document, _steps(steps), leaf)
        if document is not None:
            yield document


def _steps(text: str) -> list[str | int]:
    found = []
    for key, index in _STEP.findall(text):
        found.append(key.strip('"') if key else int(index) if index.strip().isdigit() else 0)
    return ["a" if step == "*" else step for step in found]


def _leaf(literal: str | None, shift: int) -> object:
    if literal is None:
        return "a"
    if literal[0] == '"':
        return literal[1:-1]
    if literal in ("true", "false"):
        return (literal == "true") == (shift == 0)
    number = float(literal) + shift
    return int(number) if number.is_integer() else number


def _planted(document: Any, steps: list[str | int], leaf: object) -> Any:
    if not steps:
        return leaf
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        items = document if isinstance(document, list) else []
        items = [*items, *["a"] * (step + 1 - len(items))]
        return [*items[:step], _planted(items[step], rest, leaf), *items[step + 1 :]]
    plain = document if isinstance(document, dict) else {}
    return {**plain, step: _planted(plain.get(step), rest, leaf)}
