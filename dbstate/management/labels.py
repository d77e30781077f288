"""Which models ``app_label`` and ``app.Model`` arguments name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models import Model

from dbstate.errors import DbstateError
from dbstate.management.options import nearest


class LabelError(DbstateError):
    """An argument names no application or model; ``label`` is the argument."""

    def __init__(self, label: str, found: str, remedy: str) -> None:
        self.label, self.found, self.remedy = label, found, remedy
        super().__init__(f"cannot find {label!r}: {found}; {remedy}")


@dataclass(frozen=True, slots=True)
class Selection:
    """Models as ``app_label.Model``, each once, in the order asked for; nothing asked for means all."""

    labels: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    """Those of ``labels`` that were asked for as a model, not through their application."""

    def __bool__(self) -> bool:
        return bool(self.labels)


def select(arguments: Iterable[str], apps: Apps) -> Selection:
    """The models that the arguments name; a proxy stands for the model whose table it shares.

    Raises LabelError with the nearest name.
    """
    labels: dict[str, None] = {}
    named: set[str] = set()
    for argument in arguments:
        found = _models_of(argument, apps)
        labels.update(dict.fromkeys(found))
        if "." in argument:
            named.update(found)
    return Selection(tuple(labels), frozenset(named))


def _models_of(argument: str, apps: Apps) -> tuple[str, ...]:
    app_label, dot, name = argument.partition(".")
    config = _find_app(argument, app_label, apps)
    return (_find_model(argument, name, config),) if dot else _all_models(argument, config)


def _find_app(argument: str, app_label: str, apps: Apps) -> AppConfig:
    configs = {config.label: config for config in apps.get_app_configs()}
    if app_label in configs:
        return configs[app_label]
    for config in configs.values():
        if argument == config.name:
            raise LabelError(argument, "it is an application's path", f"use its label {config.label!r}")
    near = nearest(app_label, configs)
    raise LabelError(argument, f"no installed application has the label {app_label!r}", near)


def _all_models(argument: str, config: AppConfig) -> tuple[str, ...]:
    models = [model for model in config.get_models(include_auto_created=True) if not model._meta.proxy]
    if not models:
        raise LabelError(argument, "the application has no models", "leave it out")
    return tuple(model._meta.label for model in models)


def _find_model(argument: str, name: str, config: AppConfig) -> str:
    models: dict[str, type[Model]] = {
        model.__name__.lower(): model
        for model in config.get_models(include_auto_created=True, include_swapped=True)
    }
    model = models.get(name.lower())
    if model is None:
        known = [found._meta.label for found in models.values()]
        found = f"application {config.label!r} has no model {name!r}"
        raise LabelError(argument, found, nearest(argument, known))
    if swapped := model._meta.swapped:
        raise LabelError(argument, "the model is swapped out", f"use {swapped!r}")
    concrete = model._meta.concrete_model or model
    return concrete._meta.label
