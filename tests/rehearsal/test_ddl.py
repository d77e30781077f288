"""SQL text read into effects: Django's own statements, and people's like them."""

from __future__ import annotations

import pytest

from dbstate.rehearsal.ddl import effects_of
from dbstate.rehearsal.effects import (
    AddColumn,
    ChangeType,
    CreateIndex,
    DropColumn,
    Effect,
    FillNulls,
    RenameColumn,
    RenameTable,
    RequireCheck,
    RequireExclusion,
    RequireNotNull,
    RequireReference,
    RequireUnique,
    Writes,
)
from dbstate.rehearsal.tokens import split_list, statements_of

READ: tuple[tuple[str, tuple[Effect, ...]], ...] = (
    (
        """ALTER TABLE "a" ADD COLUMN "b" varchar(3) DEFAULT 'it''s NOT NULL' NOT NULL""",
        (AddColumn("a", "b", "varchar(3)", "'it''s NOT NULL'", not_null=True),),
    ),
    (
        'ALTER TABLE "a" ADD COLUMN "c" bigint NULL CONSTRAINT "fk" REFERENCES "t"("id")'
        ' DEFERRABLE INITIALLY DEFERRED; SET CONSTRAINTS "fk" IMMEDIATE',
        (AddColumn("a", "c", "bigint"), RequireReference("a", "fk", ("c",), "t", ("id",))),
    ),
    (
        'ALTER TABLE "a" ADD COLUMN "d" bigint GENERATED ALWAYS AS ("x" / 2) STORED',
        (AddColumn("a", "d", "bigint", filled=True, expression='"x" / 2'),),
    ),
    (
        'CREATE UNIQUE INDEX CONCURRENTLY "u" ON "t" ((lower("a")), "b" DESC) WHERE "x" = 1',
        (RequireUnique("t", "u", ('(lower("a"))', '"b"'), '"x" = 1', index=True, concurrently=True),),
    ),
    (
        "CREATE INDEX i ON t USING gin (a gin_trgm_ops)",
        (CreateIndex("t", "i", ("a",), method="gin"),),
    ),
    (
        'ALTER TABLE "t" ADD CONSTRAINT "e" EXCLUDE USING GIST ("room" WITH =, (range(a, b)) WITH &&)'
        " WHERE (c)",
        (RequireExclusion("t", "e", (('"room"', "="), ("(range(a, b))", "&&")), "c"),),
    ),
    (
        "ALTER TABLE public.t ALTER x TYPE varchar(10) USING x::varchar(10), ALTER COLUMN y SET NOT NULL",
        (ChangeType("t", "x", "varchar(10)", "x::varchar(10)"), RequireNotNull("t", "y")),
    ),
    (
        'ALTER TABLE t ADD CONSTRAINT n CHECK ("a" > 0) NOT VALID',
        (RequireCheck("t", "n", '"a" > 0', valid=False),),
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a, b)",
        (RequireUnique("t", "u", ('"a"', '"b"'), nulls_distinct=False),),
    ),
    ('UPDATE "t" SET "c" = 5 WHERE "c" IS NULL; SET CONSTRAINTS ALL IMMEDIATE', (FillNulls("t", "c", "5"),)),
    ("UPDATE t SET c = 5 WHERE d IS NULL", (Writes(("t",), "UPDATE t SET c = 5 WHERE d IS NULL"),)),
    ('ALTER TABLE "t" DROP COLUMN "c" CASCADE', (DropColumn("t", "c", cascade=True),)),
    ('ALTER TABLE other."T" RENAME TO "u"', (RenameTable('"other"."T"', "u"),)),
    ("ALTER TABLE t RENAME COLUMN a TO b", (RenameColumn("t", "a", "b"),)),
    ("DO $x$ BEGIN; END $x$", (Writes(what="DO $x$ BEGIN; END $x$"),)),
)


@pytest.mark.parametrize(("sql", "effects"), READ, ids=lambda one: one if isinstance(one, str) else "")
def test_statements_are_read(sql: str, effects: tuple[Effect, ...]) -> None:
    assert effects_of(sql) == effects


def test_what_is_not_understood_may_have_written_anything() -> None:
    (effect,) = effects_of("FROBNICATE ALL TABLES")
    assert effect == Writes((), "FROBNICATE ALL TABLES")


def test_statements_end_at_semicolons_outside_of_texts_and_comments() -> None:
    text = "SELECT ';' -- ; not here\n; /* nor ; here */ DO $a$ ; $a$;\n;"
    assert statements_of(text) == ["SELECT ';'", "DO $a$ ; $a$"]


def test_lists_are_split_outside_of_parentheses() -> None:
    assert split_list("a, f(b, c), ARRAY[1, 2]") == ["a", "f(b, c)", "ARRAY[1, 2]"]
