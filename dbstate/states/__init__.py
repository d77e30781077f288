"""Named states: declared with factories, found in ``<app>/states.py``, entered by name."""

from dbstate.states.absence import CannotRemove, Removing
from dbstate.states.declaring import Declared, Parameter, declared, state
from dbstate.states.discovery import app_of, discover
from dbstate.states.entering import Factories, Found, StateFactory, enter, enter_watched, find, takes
from dbstate.states.errors import (
    AmbiguousState,
    BadParameters,
    BadState,
    BadStatesFile,
    BrokenConstraint,
    DuplicateState,
    NoTransaction,
    StateCycle,
    StateFailed,
    UnknownState,
)
from dbstate.states.free import PATTERNS, Free
from dbstate.states.results import Entered

__all__ = [
    "PATTERNS",
    "AmbiguousState",
    "BadParameters",
    "BadState",
    "BadStatesFile",
    "BrokenConstraint",
    "CannotRemove",
    "Declared",
    "DuplicateState",
    "Entered",
    "Factories",
    "Found",
    "Free",
    "NoTransaction",
    "Parameter",
    "Removing",
    "StateCycle",
    "StateFactory",
    "StateFailed",
    "UnknownState",
    "app_of",
    "declared",
    "discover",
    "enter",
    "enter_watched",
    "find",
    "state",
    "takes",
]
