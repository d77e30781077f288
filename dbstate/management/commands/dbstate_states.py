"""``dbstate_states``: the named states of the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from dbstate.management.base import CLEAN, DbstateCommand
from dbstate.management.options import Options
from dbstate.reports import render_json, render_text
from dbstate.states import PATTERNS, Declared, app_of, declared, discover


class Command(DbstateCommand):
    help = "List the named states of the project, and the phrases that are states without code."
    shared = ("format", "output")
    takes_labels = False
    interrupted = "interrupted"

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        discover()
        states = sorted(declared().values(), key=lambda one: (app_of(one.module), one.name))
        if options.format == "json":
            body = {"states": [_plain(one) for one in states], "without_code": PATTERNS}
            text = render_json("states", body)
        else:
            text = render_text(_lines(states), color=options.color)
        self.emit(options, text)
        return CLEAN


def _plain(one: Declared) -> dict[str, object]:
    return {
        "name": one.name,
        "app": app_of(one.module) or None,
        "parameters": one.parameters,
        "takes_any_parameter": one.takes_any,
        "module": one.module,
        "file": one.file,
        "line": one.line,
        "summary": one.summary,
    }


def _lines(states: list[Declared]) -> Iterator[Text | str]:
    app = None
    for one in states:
        if app_of(one.module) != app:
            app = app_of(one.module)
            yield Text(app or one.module, style="bold")
        yield f"  {one.name}"
        if one.summary:
            yield f"    {one.summary}"
        parameters = [*map(str, one.parameters), *(["any other"] if one.takes_any else [])]
        if parameters:
            yield f"    parameters: {', '.join(parameters)}"
        yield Text(f"    {one.place}", style="dim")
    yield Text("without code", style="bold")
    yield from (f"  {pattern}" for pattern in PATTERNS)
