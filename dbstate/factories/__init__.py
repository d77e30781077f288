"""Factories from the models: instances with all that they need, with seeding's values."""

from dbstate.asked import tell_loaded
from dbstate.factories.base import ModelFactory, factory_for
from dbstate.factories.counting import new_test
from dbstate.factories.errors import (
    BadOverride,
    CannotMake,
    DataRefused,
    IntegrityRefused,
    LeftOut,
    NoInstances,
    RowRefused,
    UnknownField,
    UnknownModel,
)
from dbstate.factories.inferring import EdgeTrait, SharedSubFactory, Trait
from dbstate.factories.judging import UncleanRow
from dbstate.factories.setting import configure, use_project

__all__ = [
    "BadOverride",
    "CannotMake",
    "DataRefused",
    "EdgeTrait",
    "IntegrityRefused",
    "LeftOut",
    "ModelFactory",
    "NoInstances",
    "RowRefused",
    "SharedSubFactory",
    "Trait",
    "UncleanRow",
    "UnknownField",
    "UnknownModel",
    "configure",
    "factory_for",
    "new_test",
    "use_project",
]

tell_loaded()
