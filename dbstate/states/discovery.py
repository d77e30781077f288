"""Finds the states of a project: ``<app>/states.py`` of each installed application, once it is needed."""

from __future__ import annotations

import importlib
import importlib.util

from django.apps import apps as installed

from dbstate.errors import DbstateError
from dbstate.states.declaring import short_path
from dbstate.states.errors import BadStatesFile

MODULE = "states"

_looked_at: set[str] = set()
"""Applications by dotted path."""


def discover() -> None:
    """Import the states of all installed applications that were not looked at yet.

    Raises BadStatesFile for a file that raises; errors of dbstate's own (two states of one name) as
    they are.
    """
    for config in installed.get_app_configs():
        if config.name not in _looked_at and hasattr(config.module, "__path__"):
            _import(f"{config.name}.{MODULE}")
            _looked_at.add(config.name)


def app_of(module: str) -> str:
    """The label of the installed application that a module belongs to; empty for none."""
    config = installed.get_containing_app_config(module)
    return str(config.label) if config is not None else ""


def _import(name: str) -> None:
    found = importlib.util.find_spec(name)
    if found is None:
        return
    try:
        importlib.import_module(name)
    except DbstateError:
        raise
    except Exception as error:  # the file is the project's
        raise BadStatesFile(name, short_path(found.origin or name), error) from error
