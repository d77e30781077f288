"""The zoo's models, one file for each kind of awkwardness; Django finds them by this import."""

from __future__ import annotations

from . import constraints, fields, inheritance, keys, names, relations

__all__ = ["constraints", "fields", "inheritance", "keys", "names", "relations"]
