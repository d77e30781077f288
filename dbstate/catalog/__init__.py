"""One description of a database's tables, whoever describes them."""

from dbstate.catalog.tables import (
    Catalog,
    Check,
    Column,
    Exclusion,
    ForeignKey,
    GenericKey,
    Kind,
    Table,
    Unique,
)

__all__ = [
    "Catalog",
    "Check",
    "Column",
    "Exclusion",
    "ForeignKey",
    "GenericKey",
    "Kind",
    "Table",
    "Unique",
]
