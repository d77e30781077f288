"""What validators say about the values of a column, as facts where they can be understood."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation, localcontext
from typing import Any

from django.core import validators as core

from dbstate.catalog import Kind
from dbstate.introspection.kinds import dotted_ancestors

_CORE = "django.core.validators."
_POSTGRES = "django.contrib.postgres.validators."
_SLUGS: tuple[Any, ...] = (core.validate_slug, core.validate_unicode_slug)
_SLUG_REGEXES = tuple((slug.regex.pattern, slug.regex.flags) for slug in _SLUGS)

# Functions whose whole meaning is in the column's kind and format.
_UNDERSTOOD_FUNCTIONS: dict[Callable[..., Any], str] = {
    core.validate_image_file_extension: "",
    core.validate_ipv4_address: "ipv4",
    core.validate_ipv6_address: "ipv6",
    core.validate_ipv46_address: "ip",
}


@dataclass(slots=True)
class Facts:
    """Facts about one column's values; gathered while its validators are read."""

    kind: Kind
    format: str = ""
    decimal_places: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    least: Any = None
    greatest: Any = None
    size: int | None = None
    patterns: list[str] = field(default_factory=list)
    extensions: tuple[str, ...] = ()
    judged: bool = False
    keys: tuple[str, ...] = ()
    unread: list[Any] = field(default_factory=list)
    """Validators that only calling can tell."""

    def at_least(self, limit: Any) -> None:
        """Raise the least value; TypeError when the limit is of another kind."""
        limit = _as_kind(limit, self.kind, self.decimal_places, up=True)
        self.least = limit if self.least is None else max(self.least, limit)

    def at_most(self, limit: Any) -> None:
        """Lower the greatest value; TypeError when the limit is of another kind."""
        limit = _as_kind(limit, self.kind, self.decimal_places, up=False)
        self.greatest = limit if self.greatest is None else min(self.greatest, limit)


def read_validators(validators: Iterable[Any], facts: Facts) -> None:
    """Add to the facts what the validators say; ``judged`` where one cannot be understood.

    Raises whatever a callable limit raises.
    """
    for validator in validators:
        if not _read_one(validator, facts):
            facts.judged = True
            facts.unread.append(validator)


def _read_one(validator: Any, facts: Facts) -> bool:
    """Whether the validator was fully understood."""
    if isinstance(validator, type(_read_one)):
        return _read_function(validator, facts)
    for name in dotted_ancestors(type(validator)):
        if name in _READERS:
            try:
                return _keeps_its_rule(validator, name) and _READERS[name](validator, facts)
            except (TypeError, AttributeError, InvalidOperation, OverflowError):
                return False
    return False


def _read_function(validator: Callable[..., Any], facts: Facts) -> bool:
    if validator not in _UNDERSTOOD_FUNCTIONS:
        return False
    implied = _UNDERSTOOD_FUNCTIONS[validator]
    if implied and facts.kind == "text":
        facts.format = facts.format or implied
    return True


def _keeps_its_rule(validator: Any, name: str) -> bool:
    """Whether a subclass left the rule of the known class alone."""
    ancestors = dotted_ancestors(type(validator))
    known = type(validator).__mro__[ancestors.index(name)]
    return all(
        getattr(type(validator), method, None) is getattr(known, method, None)
        for method in ("__call__", "compare", "clean")
    )


def _limit(validator: Any) -> Any:
    limit = validator.limit_value
    return limit() if callable(limit) else limit


def _read_max_length(validator: Any, facts: Facts) -> bool:
    limit = int(_limit(validator))
    if facts.kind == "array":
        facts.size = limit if facts.size is None else min(facts.size, limit)
        return True
    facts.max_length = limit if facts.max_length is None else min(facts.max_length, limit)
    return facts.kind in ("text", "bytes", "file", "ip")


def _read_min_length(validator: Any, facts: Facts) -> bool:
    limit = int(_limit(validator))
    facts.min_length = limit if facts.min_length is None else max(facts.min_length, limit)
    return facts.kind in ("text", "bytes", "file", "array")


def _read_min_value(validator: Any, facts: Facts) -> bool:
    facts.at_least(_limit(validator))
    return True


def _read_max_value(validator: Any, facts: Facts) -> bool:
    facts.at_most(_limit(validator))
    return True


def _read_decimal(validator: Any, facts: Facts) -> bool:
    """Digits and places of a DecimalField are its own; elsewhere the judge must be asked."""
    return facts.kind == "decimal"


def _read_regex(validator: Any, facts: Facts) -> bool:
    if facts.kind != "text" or validator.inverse_match:
        return False
    if (validator.regex.pattern, validator.regex.flags) in _SLUG_REGEXES:
        facts.format = facts.format or "slug"
        return True
    pattern = with_inline_flags(validator.regex)
    if pattern is None:
        return False
    facts.patterns.append(pattern)
    return True


def with_inline_flags(regex: Any) -> str | None:
    """The pattern with its flags written inside (``(?i)…``); None when it is not text."""
    pattern = regex.pattern
    if not isinstance(pattern, str) or not isinstance(regex, re.Pattern):
        return None
    letters = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x", re.ASCII: "a"}
    inside = re.compile(pattern).flags
    added = "".join(letter for flag, letter in letters.items() if regex.flags & ~inside & flag)
    if not added:
        return pattern
    # Global flags may only stand at the start, so flags already there are joined.
    leading = re.match(r"\(\?([aimsux]+)\)", pattern)
    return f"(?{added}{leading[1]}){pattern[leading.end() :]}" if leading else f"(?{added}){pattern}"


def _read_url(validator: Any, facts: Facts) -> bool:
    if facts.kind == "text":
        facts.format = facts.format or "url"
    return facts.kind == "text" and {"http", "https"} <= set(validator.schemes)


def _read_email(validator: Any, facts: Facts) -> bool:
    if facts.kind == "text":
        facts.format = facts.format or "email"
    return facts.kind == "text"


def _read_extensions(validator: Any, facts: Facts) -> bool:
    if validator.allowed_extensions is None:
        return True
    allowed = tuple(str(extension).lower() for extension in validator.allowed_extensions)
    known = facts.extensions
    facts.extensions = tuple(one for one in allowed if one in known) if known else allowed
    return facts.kind == "file"


def _read_keys(validator: Any, facts: Facts) -> bool:
    """Keys of an object; whether it stays one of these keys alone is the judge's to say."""
    facts.keys = tuple(dict.fromkeys((*facts.keys, *sorted(map(str, validator.keys)))))
    return False


def _read_nothing(validator: Any, facts: Facts) -> bool:
    """A rule that every made value keeps anyway."""
    return True


_READERS: dict[str, Callable[[Any, Facts], bool]] = {
    f"{_CORE}DecimalValidator": _read_decimal,
    f"{_CORE}EmailValidator": _read_email,
    f"{_CORE}FileExtensionValidator": _read_extensions,
    f"{_CORE}MaxLengthValidator": _read_max_length,
    f"{_CORE}MaxValueValidator": _read_max_value,
    f"{_CORE}MinLengthValidator": _read_min_length,
    f"{_CORE}MinValueValidator": _read_min_value,
    f"{_CORE}ProhibitNullCharactersValidator": _read_nothing,
    f"{_CORE}RegexValidator": _read_regex,
    f"{_CORE}URLValidator": _read_url,
    f"{_POSTGRES}ArrayMaxLengthValidator": _read_max_length,
    f"{_POSTGRES}ArrayMinLengthValidator": _read_min_length,
    f"{_POSTGRES}KeysValidator": _read_keys,
    f"{_POSTGRES}RangeMaxValueValidator": _read_max_value,
    f"{_POSTGRES}RangeMinValueValidator": _read_min_value,
}


def _as_kind(limit: Any, kind: Kind, places: int | None, *, up: bool) -> Any:
    """A limit as a value of the kind, rounded into the allowed side; TypeError for another kind."""
    if kind == "integer" and isinstance(limit, int | float | Decimal):
        return math.ceil(limit) if up else math.floor(limit)
    if kind == "decimal" and isinstance(limit, int | float | Decimal):
        exact = Decimal(str(limit)) if isinstance(limit, float) else Decimal(limit)
        if places is None or not exact.is_finite():
            return exact
        with localcontext() as context:
            context.prec = 1100  # more digits than any SQL decimal has before its point
            return exact.quantize(Decimal((0, (1,), -places)), ROUND_CEILING if up else ROUND_FLOOR)
    wanted = _LIMIT_TYPES.get(kind)
    # A datetime is a date to Python, yet the two do not compare.
    if wanted is None or not isinstance(limit, wanted) or (kind == "date" and isinstance(limit, dt.datetime)):
        raise TypeError(f"{limit!r} is no limit for {kind} values")
    return limit


_LIMIT_TYPES: dict[Kind, Any] = {
    "float": int | float | Decimal,
    "date": dt.date,
    "datetime": dt.datetime,
    "time": dt.time,
    "duration": dt.timedelta,
    "range": object,
}
