"""Meanings that are made of parts give a block of rows the values that they give its rows one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbstate.catalog import Column, Table
from dbstate.values import Setting
from dbstate.values.block import Block, ColumnDraw
from dbstate.values.draw import Draw
from dbstate.values.known import KNOWN, describe
from dbstate.values.meanings import Meaning
from dbstate.values.parts import Made

NOW = datetime(2026, 6, 1, 12, 30, 15, 250, tzinfo=UTC)
SETTINGS = (Setting(seed=3, now=NOW), Setting(seed=-1, now=NOW, locales=("ja", "de_DE")))
TABLES = ("shop.Customer", "shop.Product", "shop.Supplier", "geo.City", "geo.Country", "blog.Post", "a.Thing")
MADE = [one for one in KNOWN if isinstance(one.function, Made)]


def test_most_meanings_are_made_of_parts() -> None:
    assert len(MADE) > 60
    assert isinstance(
        describe(Table("t", "a.T", (), ()), Column("c", "c", "text", "text", False)).function, Made
    )


@pytest.mark.parametrize("about", MADE, ids=lambda about: about.name)
@pytest.mark.parametrize("unique", [False, True])
def test_a_block_is_its_rows(about: Meaning, unique: bool) -> None:
    assert isinstance(about.function, Made)
    for setting in SETTINGS:
        for label in TABLES:
            for field, room in (("author_name", None), ("amount_cents", 9)):
                column = Column(field, field, about.kinds[0], about.kinds[0], False, max_length=room)
                table = Table("t", label, (column,), ())
                draw = ColumnDraw(Block(setting, table, 5, 40), column, 77, unique)
                singly = [
                    about.function(Draw(setting, table, column, row, 0, 77, unique)) for row in range(5, 45)
                ]
                assert about.function.column(draw) == singly
