"""The families of values, by a column's kind."""

from __future__ import annotations

from collections.abc import Mapping

from dbstate.catalog import Kind
from dbstate.values.families.base import Family
from dbstate.values.families.enumerated import BooleanFamily, EnumeratedFamily, ListedFamily
from dbstate.values.families.identifiers import FileFamily, IpFamily, UuidFamily
from dbstate.values.families.numbers import DecimalFamily, FloatFamily, IntegerFamily
from dbstate.values.families.structured import (
    ArrayFamily,
    BytesFamily,
    HstoreFamily,
    JsonFamily,
    RangeFamily,
    SearchFamily,
    UnknownFamily,
)
from dbstate.values.families.text import TextFamily
from dbstate.values.families.time import DateFamily, DateTimeFamily, DurationFamily, TimeFamily

__all__ = ["FAMILIES", "EnumeratedFamily", "Family", "ListedFamily"]

FAMILIES: Mapping[Kind, type[Family]] = {
    "boolean": BooleanFamily,
    "integer": IntegerFamily,
    "decimal": DecimalFamily,
    "float": FloatFamily,
    "text": TextFamily,
    "date": DateFamily,
    "datetime": DateTimeFamily,
    "time": TimeFamily,
    "duration": DurationFamily,
    "uuid": UuidFamily,
    "bytes": BytesFamily,
    "json": JsonFamily,
    "ip": IpFamily,
    "file": FileFamily,
    "array": ArrayFamily,
    "range": RangeFamily,
    "hstore": HstoreFamily,
    "search": SearchFamily,
    "composite": UnknownFamily,
    "unknown": UnknownFamily,
}
