"""Phrases that are states without code: exactly these, and no guessing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dbstate.introspection import NamedChoice, NamedField, NamedModel
from dbstate.states.errors import AmbiguousState

PATTERNS = ("<model> exists", "<model> does not exist", "<model> with <choice> <field> exists")
"""``<model>`` is a verbose name, a class's name or ``app.Model``; ``<field>`` a field with choices, by its
verbose name or name; ``<choice>`` one of them, by its label or value. Case does not matter."""

_EXISTS, _ABSENT, _WITH = " exists", " does not exist", " with "


@dataclass(frozen=True, slots=True)
class Free:
    """What a phrase means."""

    label: str
    """``app_label.Model``."""
    absent: bool = False
    """Whether there shall be no row, instead of one."""
    field: str = ""
    value: object = None
    """What ``field`` shall hold, where the phrase names one."""

    @property
    def overrides(self) -> dict[str, object]:
        """What the factory is told."""
        return {self.field: self.value} if self.field else {}


def find_free(phrase: str, models: Iterable[NamedModel]) -> Free | None:
    """What the phrase means; None for no phrase of this kind. Raises AmbiguousState."""
    found: dict[str, Free] = {}
    for model in models:
        for free, plain in _meanings(phrase.casefold(), model):
            found.setdefault(plain, free)
    if len(found) > 1:
        raise AmbiguousState(phrase, tuple(found))
    return next(iter(found.values()), None)


def phrases(models: Iterable[NamedModel]) -> Iterator[str]:
    """All phrases there are, with each model, field and choice by its first name."""
    for model in models:
        yield model.names[0] + _EXISTS
        yield model.names[0] + _ABSENT
        for field in model.fields:
            for choice in field.choices:
                yield f"{model.names[0]}{_WITH}{choice.names[0]} {field.names[0]}{_EXISTS}"


def _meanings(phrase: str, model: NamedModel) -> Iterator[tuple[Free, str]]:
    """What a phrase in lower case can mean of a model, each with the phrase that means nothing else."""
    if phrase.endswith(_ABSENT):
        if phrase.removesuffix(_ABSENT) in _lower(model.names):
            yield Free(model.label, absent=True), model.label + _ABSENT
        return
    if not phrase.endswith(_EXISTS):
        return
    subject = phrase.removesuffix(_EXISTS)
    for name in _lower(model.names):
        if subject == name:
            yield Free(model.label), model.label + _EXISTS
        elif subject.startswith(name + _WITH):
            yield from _chosen(subject.removeprefix(name + _WITH), model)


def _chosen(rest: str, model: NamedModel) -> Iterator[tuple[Free, str]]:
    """The choices that ``<choice> <field>`` can mean."""
    for field in model.fields:
        for name in _lower(field.names):
            wanted = rest.removesuffix(f" {name}")
            if wanted == rest:
                continue
            for choice in field.choices:
                if wanted in _lower(choice.names):
                    plain = f"{model.label}{_WITH}{_own_name(choice, field)} {field.field}{_EXISTS}"
                    yield Free(model.label, field=field.field, value=choice.value), plain


def _own_name(choice: NamedChoice, field: NamedField) -> str:
    """A name that no other choice of the field has, where there is one."""
    others = {name for other in field.choices if other is not choice for name in _lower(other.names)}
    return next((name for name in choice.names if name.casefold() not in others), choice.names[0])


def _lower(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)
