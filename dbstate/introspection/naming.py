"""What people call models and their choices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.apps.registry import Apps
from django.utils import translation

from dbstate.introspection.models import concrete_models


@dataclass(frozen=True, slots=True)
class NamedChoice:
    """One choice of a field: its value, and what it is called."""

    value: object
    names: tuple[str, ...]
    """Its label and its value as text, each once."""


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field with choices."""

    field: str
    names: tuple[str, ...]
    """Its verbose name and its name, each once."""
    choices: tuple[NamedChoice, ...]


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model with a table of its own, or a proxy of one."""

    label: str
    """``app_label.Model``."""
    names: tuple[str, ...]
    """Its verbose name, its class's name and its label, each once; a proxy takes none from another model."""
    fields: tuple[NamedField, ...]
    """Those with choices."""


def read_names(apps: Apps, *, using: str = "default") -> tuple[NamedModel, ...]:
    """What the models of one database are called, by label, in no language but the code's own."""
    with translation.override(None):
        concrete = concrete_models(apps, using=using)
        named = [_named(model) for model in concrete]
        taken = {name.casefold() for model in named for name in model.names}
        for model in apps.get_models():
            if model._meta.proxy and model._meta.concrete_model in concrete:
                proxy = _named(model)
                free = tuple(name for name in proxy.names if name.casefold() not in taken)
                named.append(replace(proxy, names=free))
    return tuple(sorted(named, key=lambda model: model.label))


def _named(model: Any) -> NamedModel:
    meta = model._meta
    fields = (field for field in meta.concrete_fields if field.flatchoices)
    return NamedModel(
        label=meta.label,
        names=_each_once(meta.verbose_name, meta.object_name, meta.label),
        fields=tuple(
            NamedField(field.name, _each_once(field.verbose_name, field.name), tuple(_choices(field)))
            for field in fields
        ),
    )


def _choices(field: Any) -> Iterable[NamedChoice]:
    for value, label in field.flatchoices:
        yield NamedChoice(value, _each_once(label, "" if value is None else value))


def _each_once(*names: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for name in names if (text := str(name))))
