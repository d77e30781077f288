"""Which family of values a field class or an SQL type belongs to."""

from __future__ import annotations

import re
from typing import Any
from weakref import WeakKeyDictionary

from dbstate.catalog import Kind

_FIELDS = "django.db.models.fields."
_POSTGRES = "django.contrib.postgres.fields."

FIELD_KINDS: dict[str, tuple[Kind, str]] = {
    # Django's own: kind and format, by dotted class name.
    f"{_FIELDS}AutoField": ("integer", ""),
    f"{_FIELDS}BigAutoField": ("integer", ""),
    f"{_FIELDS}SmallAutoField": ("integer", ""),
    f"{_FIELDS}AutoFieldMixin": ("integer", ""),
    f"{_FIELDS}BigIntegerField": ("integer", ""),
    f"{_FIELDS}BinaryField": ("bytes", ""),
    f"{_FIELDS}BooleanField": ("boolean", ""),
    f"{_FIELDS}NullBooleanField": ("boolean", ""),
    f"{_FIELDS}CharField": ("text", ""),
    f"{_FIELDS}CommaSeparatedIntegerField": ("text", ""),
    f"{_FIELDS}DateField": ("date", ""),
    f"{_FIELDS}DateTimeField": ("datetime", ""),
    f"{_FIELDS}DecimalField": ("decimal", ""),
    f"{_FIELDS}DurationField": ("duration", ""),
    f"{_FIELDS}EmailField": ("text", "email"),
    f"{_FIELDS}FilePathField": ("text", "path"),
    f"{_FIELDS}FloatField": ("float", ""),
    f"{_FIELDS}GenericIPAddressField": ("ip", "ip"),
    f"{_FIELDS}IPAddressField": ("ip", "ipv4"),
    f"{_FIELDS}IntegerField": ("integer", ""),
    f"{_FIELDS}SlugField": ("text", "slug"),
    f"{_FIELDS}TextField": ("text", ""),
    f"{_FIELDS}TimeField": ("time", ""),
    f"{_FIELDS}URLField": ("text", "url"),
    f"{_FIELDS}UUIDField": ("uuid", ""),
    f"{_FIELDS}files.FileField": ("file", ""),
    f"{_FIELDS}files.ImageField": ("file", "image"),
    f"{_FIELDS}json.JSONField": ("json", ""),
    f"{_FIELDS}proxy.OrderWrt": ("integer", "place"),
    f"{_FIELDS}composite.CompositePrimaryKey": ("composite", ""),
    f"{_POSTGRES}array.ArrayField": ("array", ""),
    f"{_POSTGRES}hstore.HStoreField": ("hstore", ""),
    f"{_POSTGRES}jsonb.JSONField": ("json", ""),
    f"{_POSTGRES}ranges.RangeField": ("range", ""),
    f"{_POSTGRES}citext.CICharField": ("text", "ci"),
    f"{_POSTGRES}citext.CIEmailField": ("text", "email"),
    f"{_POSTGRES}citext.CITextField": ("text", "ci"),
    "django.contrib.postgres.search.SearchVectorField": ("search", ""),
    "django.contrib.postgres.search._Float4Field": ("float", ""),
    # Third-party classes whose Django ancestor says too little.
    "jsonfield.fields.JSONFieldBase": ("json", ""),
    "jsonfield.fields.JSONField": ("json", ""),
    "django_extensions.db.fields.json.JSONField": ("json", ""),
    "django_jsonfield_backport.models.JSONField": ("json", ""),
    "phonenumber_field.modelfields.PhoneNumberField": ("text", "phone"),
    "localflavor.generic.models.IBANField": ("text", "iban"),
}

# What get_internal_type() says of fields without a known ancestor.
INTERNAL_KINDS: dict[str, tuple[Kind, str]] = {
    name.rpartition(".")[2]: kind for name, kind in FIELD_KINDS.items() if name.startswith(_FIELDS)
} | {
    "PositiveBigIntegerField": ("integer", ""),
    "PositiveIntegerField": ("integer", ""),
    "PositiveSmallIntegerField": ("integer", ""),
    "SmallIntegerField": ("integer", ""),
}

SQL_KINDS: dict[str, tuple[Kind, str]] = {
    "bigint": ("integer", ""),
    "bigserial": ("integer", ""),
    "bit varying": ("unknown", ""),
    "blob": ("bytes", ""),
    "bool": ("boolean", ""),
    "boolean": ("boolean", ""),
    "bpchar": ("text", ""),
    "bytea": ("bytes", ""),
    "char": ("text", ""),
    "character varying": ("text", ""),
    "character": ("text", ""),
    "cidr": ("ip", "cidr"),
    "citext": ("text", "ci"),
    "date": ("date", ""),
    "datemultirange": ("unknown", ""),
    "daterange": ("range", ""),
    "datetime": ("datetime", ""),
    "decimal": ("decimal", ""),
    "double precision": ("float", ""),
    "float4": ("float", ""),
    "float8": ("float", ""),
    "hstore": ("hstore", ""),
    "inet": ("ip", "ip"),
    "int": ("integer", ""),
    "int2": ("integer", ""),
    "int4": ("integer", ""),
    "int4range": ("range", ""),
    "int8": ("integer", ""),
    "int8range": ("range", ""),
    "integer unsigned": ("integer", ""),
    "integer": ("integer", ""),
    "interval": ("duration", ""),
    "json": ("json", ""),
    "jsonb": ("json", ""),
    "numeric": ("decimal", ""),
    "numrange": ("range", ""),
    "real": ("float", ""),
    "serial": ("integer", ""),
    "smallint": ("integer", ""),
    "smallserial": ("integer", ""),
    "text": ("text", ""),
    "time with time zone": ("time", ""),
    "time without time zone": ("time", ""),
    "time": ("time", ""),
    "timestamp with time zone": ("datetime", ""),
    "timestamp without time zone": ("datetime", ""),
    "timestamp": ("datetime", ""),
    "timestamptz": ("datetime", ""),
    "tsrange": ("range", ""),
    "tstzrange": ("range", ""),
    "tsvector": ("search", ""),
    "uuid": ("uuid", ""),
    "varchar": ("text", ""),
}

# Least and greatest value of SQL integer types, for fields whose class does not say.
SQL_INTEGER_RANGES: dict[str, tuple[int, int]] = {
    name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for bits, names in {
        16: ("smallint", "int2", "smallserial"),
        32: ("integer", "int", "int4", "serial"),
        64: ("bigint", "int8", "bigserial"),
    }.items()
    for name in names
}


# Weak, for the classes of historical models come and go.
_ANCESTORS: WeakKeyDictionary[type[Any], tuple[str, ...]] = WeakKeyDictionary()


def dotted_ancestors(cls: type[Any]) -> tuple[str, ...]:
    """Dotted names of a class and its ancestors, nearest first; ``object`` left out."""
    names = _ANCESTORS.get(cls)
    if names is None:
        names = tuple(f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__ if base is not object)
        _ANCESTORS[cls] = names
    return names


def kind_of_class(cls: type[Any]) -> tuple[Kind, str] | None:
    """Kind and format of a field class by its nearest known ancestor; None when there is none."""
    return next((FIELD_KINDS[name] for name in dotted_ancestors(cls) if name in FIELD_KINDS), None)


def base_sql_type(sql_type: str) -> str:
    """``varchar(20)`` as ``varchar``, ``timestamp(3) with time zone`` as without the precision."""
    without_arguments = re.sub(r"\([^)]*\)", " ", sql_type)
    without_collation = re.sub(r"\bcollate\b.*", "", without_arguments, flags=re.IGNORECASE)
    return " ".join(without_collation.lower().split())


def kind_of_sql_type(sql_type: str) -> tuple[Kind, str]:
    """Kind and format of an SQL type by its name."""
    name = base_sql_type(sql_type)
    if name.endswith("]") or name.endswith(" array"):
        return "array", ""
    return SQL_KINDS.get(name, ("unknown", ""))


def is_djangos(cls: type[Any]) -> bool:
    """Whether the class itself (not only an ancestor) is part of Django."""
    return cls.__module__ == "django" or cls.__module__.startswith("django.")
