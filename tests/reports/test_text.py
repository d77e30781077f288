"""Reports for people."""

from __future__ import annotations

from dbstate.findings import Finding
from dbstate.reports import check_line, finding_lines, render_text

FINDING = Finding("C1", "error", "shop.Order.total", "no [bold]value", hint="add one", evidence=("a", "b"))


def test_a_finding_in_plain_text() -> None:
    assert render_text([finding_lines(FINDING)]) == (
        "error C1 shop.Order.total: no [bold]value\n  hint: add one\n  | a\n  | b\n"
    )


def test_colour_changes_nothing_but_the_colour() -> None:
    plain, coloured = (render_text([finding_lines(FINDING)], color=color) for color in (False, True))
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    for part in ("error", "shop.Order.total", "hint: add one"):
        assert part in coloured


def test_long_lines_are_not_broken() -> None:
    words = "word " * 100
    assert render_text([words.strip()], width=40) == words.strip() + "\n"


def test_check_lines_differ_without_colour() -> None:
    lines = render_text([check_line(True, "a"), check_line(False, "b"), check_line(False, "c", fatal=True)])
    assert lines == "[x] a\n[ ] b\n[!] c\n"
