"""Finds the states of a project: ``<app>/states.py`` of each installed application, once it is needed."""

from __future__ import annotations

import importlib
import importlib.util
import traceback

from django.apps import apps as installed

from dbstate.states.declaring import short_path
from dbstate.states.errors import BadState, BadStatesFile, DuplicateState

MODULE = "states"

_looked_at: set[str] = set()
"""Applications by dotted path."""


def discover() -> None:
    """Import the states of all installed applications that were not looked at yet.

    Raises BadStatesFile for a file that raises, BadState and DuplicateState for what it declares.
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
    except (BadState, DuplicateState):  # they say where
        raise
    except Exception as error:  # the file is the project's
        raise BadStatesFile(name, _place_of(error, found.origin or name), error) from error


def _place_of(error: Exception, file: str) -> str:
    """The last line of the file that the error came through."""
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == file]
    if isinstance(error, SyntaxError) and error.filename == file:
        lines.append(error.lineno)
    return f"{short_path(file)}:{lines[-1]}" if lines else short_path(file)
