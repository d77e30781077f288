"""Values of single columns: functions of the random seed, the column, the row and the plan facts."""

from __future__ import annotations

from dbstate.values.block import Block
from dbstate.values.column import ColumnValues, column_values, empties
from dbstate.values.draw import Draw
from dbstate.values.key import group_key, mix, mix_array, permuted, text_key
from dbstate.values.locales import UnknownLocale, frozen_codes, resolve_locales
from dbstate.values.meanings import BadMeaning, DuplicateMeaning, forget_meaning, meaning
from dbstate.values.setting import EDGES, MISSING, Missing, NoValue, RangeValue, Setting, ValueRefused

__all__ = [
    "EDGES",
    "MISSING",
    "BadMeaning",
    "Block",
    "ColumnValues",
    "Draw",
    "DuplicateMeaning",
    "Missing",
    "NoValue",
    "RangeValue",
    "Setting",
    "UnknownLocale",
    "ValueRefused",
    "column_values",
    "empties",
    "forget_meaning",
    "frozen_codes",
    "group_key",
    "meaning",
    "mix",
    "mix_array",
    "permuted",
    "resolve_locales",
    "text_key",
]
