"""One description of a database's tables, whoever describes them."""

from dbstate.catalog.objects import (
    DatabaseObject,
    Dependent,
    DomainCheck,
    Function,
    Index,
    Policy,
    Sequence,
    Trigger,
    UserType,
    View,
)
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
    "DatabaseObject",
    "Dependent",
    "DomainCheck",
    "Exclusion",
    "ForeignKey",
    "Function",
    "GenericKey",
    "Index",
    "Kind",
    "Policy",
    "Sequence",
    "Table",
    "Trigger",
    "Unique",
    "UserType",
    "View",
]
