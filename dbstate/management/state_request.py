"""``dbstate_seed --state``: one named state, entered and committed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from dbstate.factories.setting import configured
from dbstate.guard import Verdict
from dbstate.management.options import Options, UsageError
from dbstate.management.seeding_request import shown_now
from dbstate.reports import check_line, render_json, render_text
from dbstate.states import Declared, Entered, Found, enter_watched, find
from dbstate.values import resolve_locales

_OTHERS = {"labels": "app and model labels", "rows": "--rows", "profile": "--profile", "strict": "--strict"}
"""What says which rows to make, as a state does by itself; with the name that people know it by."""


def read_state(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the state is to be entered with. Raises UsageError."""
    asked = [what for name, what in _OTHERS.items() if given[name] and given[name] != "mixed"]
    if asked:
        what = f"--state {shlex.quote(given['state'])}"
        raise UsageError(what, f"it does not go with {', '.join(asked)}", "leave one of the two out")
    return dict(_read_param(text) for text in given["param"])


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
    options: Options,
    given: Mapping[str, Any],
    params: Mapping[str, Any],
    permit_removing: Callable[[], object],
) -> Entered:
    """Enter the state in one transaction; ``permit_removing`` is asked before rows are removed.

    Values are made with the seed, the date and the locales of the command line. Raises UnknownLocale.
    """
    locales = tuple(given["locale"]) or None
    resolve_locales(locales or ())
    with (
        configured(seed=options.seed, now=options.now, locales=locales),
        transaction.atomic(using=options.database),
    ):
        return enter_watched(
            given["state"],
            params,
            using=options.database,
            removing=lambda model, count: permit_removing(),
        )


def render_entered(options: Options, entered: Entered, replay: str) -> str:
    """What was entered: keys by name, and how to have the same again; for programs the models, too."""
    if options.format != "json":
        return render_text(_lines(entered, replay), color=options.color)
    models = {name: [row._meta.label for row in _each(rows)] for name, rows in entered.rows.items()}
    body = {"state": entered.name, "values": entered.values, "models": models, "replay": replay}
    return render_json("state", body)


def render_planned(options: Options, name: str, found: Found, verdict: Verdict) -> str:
    """What --dry-run says of a state: where it is declared, and what the guard says."""
    place = found.place if isinstance(found, Declared) else None
    if options.format == "json":
        guard = {"allowed": verdict.allowed, "reasons": verdict.reasons}
        return render_json("state_plan", {"state": name, "place": place, "guard": guard})
    heading = f"{name} ({place})" if place else name
    checks = [check_line(reason.passed, reason.message) for reason in verdict.reasons]
    answer = f"guard: {'allowed' if verdict.allowed else 'refused'}"
    end = "nothing was written (--dry-run)"
    return render_text([heading, "", answer, *checks, end], color=options.color)


def find_state(options: Options, name: str, params: Mapping[str, Any]) -> Found:
    """What the name stands for; checked as far as it can be without entering it."""
    found = find(name, apps, using=options.database)
    if isinstance(found, Declared):
        found.check(params)
    return found


def state_replay_line(options: Options, given: Mapping[str, Any]) -> str:
    """The command line that enters the same state with the same values."""
    parts = ["python manage.py dbstate_seed", f"--state {shlex.quote(given['state'])}"]
    parts += [f"--param {shlex.quote(text)}" for text in given["param"]]
    parts += [f"--seed {options.seed}", f"--now {shown_now(options)}"]
    parts += [f"--locale {locale}" for locale in given["locale"]]
    if options.database != "default":
        parts.append(f"--database {options.database}")
    if options.settings:
        parts.append(f"--settings {options.settings}")
    return " ".join(parts)


def _lines(entered: Entered, replay: str) -> Iterator[str]:
    yield entered.name
    for name, value in entered.values.items():
        labels = {row._meta.label for row in _each(entered.rows.get(name, ()))}
        of = f"  ({', '.join(sorted(labels))})" if labels else ""
        yield f"  {name} = {json.dumps(value, ensure_ascii=False)}{of}"
    yield f"again: {replay}"


def _each(rows: Any) -> Iterator[Model]:
    """The rows that stand under a name, at any depth."""
    if isinstance(rows, Model):
        yield rows
        return
    for one in rows.values() if isinstance(rows, Mapping) else rows:
        yield from _each(one)
