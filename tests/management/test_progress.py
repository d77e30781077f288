"""Progress shows on a terminal, on standard error, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from dbstate.management.progress import show_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown_on(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, shown: bool = True) -> str:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    with show_progress(20, color=False, shown=shown) as tell:
        tell("shop.Plan", 5)
        tell("shop.Plan", 10)
        tell("shop.User", 10)
    assert out.getvalue() == ""
    return stream.getvalue()


def test_a_terminal_shows_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown_on(Terminal(), monkeypatch)
    assert "20/20" in text
    assert "shop.User" in text


def test_elsewhere_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(io.StringIO(), monkeypatch) == ""
    assert shown_on(Terminal(), monkeypatch, shown=False) == ""
