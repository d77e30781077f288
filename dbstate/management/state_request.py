"""``dbstate_seed --state``: named states, entered and committed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from dbstate.factories.setting import configured
from dbstate.guard import Verdict
from dbstate.management.options import Options, UsageError
from dbstate.management.seeding_request import shown_now
from dbstate.reports import check_line, render_json, render_text
from dbstate.states import Declared, Entered, Found, enter_watched, find, takes
from dbstate.values import resolve_locales

_OTHERS = {"labels": "app and model labels", "rows": "--rows", "profile": "--profile", "strict": "--strict"}
"""What says which rows to make, as a state does by itself; with the name that people know it by."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A state that is to be entered."""

    name: str
    found: Found
    params: Mapping[str, Any]


def read_states(options: Options, given: Mapping[str, Any]) -> tuple[Asked, ...]:
    """The states that are to be entered, in order, each with the parameters that it takes.

    Checked as far as it can be without entering them. Raises UsageError, and what ``find`` raises.
    """
    names = _names(given)
    others = [what for name, what in _OTHERS.items() if given[name] and given[name] != "mixed"]
    if others:
        what = f"--state {shlex.quote(names[0])}"
        raise UsageError(what, f"it does not go with {', '.join(others)}", "leave one of the two out")
    params = dict(_read_param(text) for text in given["param"])
    states = [(name, find(name, apps, using=options.database)) for name in names]
    asked = tuple(Asked(name, found, _taken(found, params, alone=len(names) == 1)) for name, found in states)
    for name in params.keys() - {name for one in asked for name in one.params}:
        found = f"none of the states {', '.join(map(repr, names))} takes it"
        raise UsageError(f"--param {name}", found, "leave it out; dbstate_states lists what they take")
    for one in asked:
        if isinstance(one.found, Declared):
            one.found.check(one.params)
    return asked


def _names(given: Mapping[str, Any]) -> list[str]:
    """The states named; ``call_command`` may be given one as text."""
    names = given["state"]
    return [names] if isinstance(names, str) else list(names)


def _taken(found: Found, params: Mapping[str, Any], *, alone: bool) -> dict[str, Any]:
    """Those of the parameters that the state takes; one that is alone is given all, and says which not."""
    return {name: value for name, value in params.items() if alone or takes(found, name, apps)}


def refuse_params(given: Mapping[str, Any]) -> None:
    """Raises UsageError for parameters of no state."""
    if given["param"]:
        raise UsageError(f"--param {given['param'][0]}", "there is no --state", "name one")


def _read_param(text: str) -> tuple[str, Any]:
    """``name=value``; a value that is JSON (a number, true, "text", a list) is that, else text."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(f"--param {text}", "it is not of the form name=value", "write --param user_id=7")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def enter_committed(
    options: Options, given: Mapping[str, Any], asked: Sequence[Asked], permit_removing: Callable[[], object]
) -> list[Entered]:
    """Enter the states in one transaction; ``permit_removing`` is asked before rows are removed.

    Values are made with the seed, the date and the locales of the command line. Raises UnknownLocale.
    """
    locales = tuple(given["locale"]) or None
    resolve_locales(locales or ())
    using = options.database
    with configured(seed=options.seed, now=options.now, locales=locales), transaction.atomic(using=using):
        return [
            enter_watched(one.name, one.params, using=using, removing=lambda model, count: permit_removing())
            for one in asked
        ]


def render_entered(options: Options, entered: Sequence[Entered], replay: str) -> str:
    """What was entered: keys by name, and how to have the same again; for programs the models, too."""
    if options.format != "json":
        lines = (line for one in entered for line in _lines(one))
        return render_text([*lines, f"again: {replay}"], color=options.color)
    return render_json("state", _one_or_many([_plain(one) for one in entered]) | {"replay": replay})


def render_planned(options: Options, asked: Sequence[Asked], verdict: Verdict) -> str:
    """What --dry-run says of states: where they are declared, and what the guard says."""
    places = [(one.name, one.found.place if isinstance(one.found, Declared) else None) for one in asked]
    if options.format == "json":
        guard = {"allowed": verdict.allowed, "reasons": verdict.reasons}
        states: list[dict[str, Any]] = [{"state": name, "place": place} for name, place in places]
        return render_json("state_plan", _one_or_many(states) | {"guard": guard})
    headings = [f"{name} ({place})" if place else name for name, place in places]
    checks = [check_line(reason.passed, reason.message) for reason in verdict.reasons]
    answer = f"guard: {'allowed' if verdict.allowed else 'refused'}"
    end = "nothing was written (--dry-run)"
    return render_text([*headings, "", answer, *checks, end], color=options.color)


def _one_or_many(states: list[dict[str, Any]]) -> dict[str, Any]:
    """One state as it is, several as a list."""
    return states[0] if len(states) == 1 else {"states": states}


def _plain(entered: Entered) -> dict[str, Any]:
    models = {name: [row._meta.label for row in _each(rows)] for name, rows in entered.rows.items()}
    return {"state": entered.name, "values": entered.values, "models": models}


def state_replay_line(options: Options, given: Mapping[str, Any]) -> str:
    """The command line that enters the same states with the same values."""
    parts = ["python manage.py dbstate_seed", *(f"--state {shlex.quote(name)}" for name in _names(given))]
    parts += [f"--param {shlex.quote(text)}" for text in given["param"]]
    parts += [f"--seed {options.seed}", f"--now {shown_now(options)}"]
    parts += [f"--locale {locale}" for locale in given["locale"]]
    if options.database != "default":
        parts.append(f"--database {options.database}")
    if options.settings:
        parts.append(f"--settings {options.settings}")
    return " ".join(parts)


def _lines(entered: Entered) -> Iterator[str]:
    yield entered.name
    for name, value in entered.values.items():
        labels = {row._meta.label for row in _each(entered.rows.get(name, ()))}
        of = f"  ({', '.join(sorted(labels))})" if labels else ""
        yield f"  {name} = {json.dumps(value, ensure_ascii=False)}{of}"


def _each(rows: Any) -> Iterator[Model]:
    """The rows that stand under a name, at any depth."""
    if isinstance(rows, Model):
        yield rows
        return
    for one in rows.values() if isinstance(rows, Mapping) else rows:
        yield from _each(one)
