"""Reports for people."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

from dbstate.findings import Finding, Severity

_STYLES: dict[Severity, str] = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def render_text(parts: Iterable[RenderableType], *, color: bool = False, width: int = 100) -> str:
    """The parts one under the other; lines of text are never broken, tables keep to ``width`` columns.

    Strings are shown as they are: square brackets in them are no markup.
    """
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
    )
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str | Text))
    return stream.getvalue()


def finding_lines(finding: Finding) -> Text:
    """``error dbstate.E001 shop.Order.total: message``, then hint and evidence, indented."""
    lines = Text()
    lines.append(finding.severity, style=_STYLES[finding.severity])
    lines.append(f" {finding.code} ")
    lines.append(finding.where, style="bold")
    lines.append(f": {finding.message}")
    if finding.hint:
        lines.append(f"\n  hint: {finding.hint}")
    for line in finding.evidence:
        lines.append(f"\n  | {line}", style="dim")
    return lines


def check_line(passed: bool, message: str, *, fatal: bool = False) -> Text:
    """``[x] message`` where it holds, ``[ ] message`` where not, ``[!] message`` where that is fatal."""
    sign, style = ("x", "green") if passed else ("!", "bold red") if fatal else (" ", "dim")
    return Text(f"[{sign}] ", style=style).append(message)
