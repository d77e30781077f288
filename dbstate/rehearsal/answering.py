"""Questions answered by queries that read only: exact counts, some keys, and the SQL that shows the rows.

All row-wise questions of one table are one scan, and what shows that keys are unique comes with it. A
conversion is tried in that scan as a whole; only where it fails are rows tried one by one, in a block that
catches errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends.naming import quoted
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.codes import CODES, message_of
from dbstate.rehearsal.fingerprints import are_few, has_twins, hashes_of
from dbstate.rehearsal.questions import (
    Conflicts,
    Conversions,
    Duplicates,
    Offenders,
    Orphans,
    Question,
)
from dbstate.rehearsal.reading import savepoint
from dbstate.rehearsal.relations import Relation

_STATES = {"22001": "value-too-long", "22003": "out-of-range"}
_ANSWER = "dbstate.answer"
_INTEGERS = {"smallint": 2**15, "integer": 2**31, "int": 2**31, "bigint": 2**63}
_NUMBERS = ("smallint", "integer", "bigint", "numeric")


@dataclass(frozen=True, slots=True)
class Answers:
    """What stands against the operations, and which questions had no answer."""

    asked: tuple[Asked, ...]
    unanswered: tuple[str, ...] = ()


def answer(
    connection: BaseDatabaseWrapper,
    questions: Iterable[Question],
    *,
    samples: int = 5,
    show_values: bool = False,
) -> Answers:
    """Ask all; those with offending rows come back, in the order of the questions. Reads only."""
    return _Asker(connection, samples, show_values=show_values).answer(tuple(questions))


def listings(connection: BaseDatabaseWrapper, questions: Iterable[Question]) -> list[tuple[Question, str]]:
    """Row-wise questions and those of keys, each with SQL that lists its offenders' keys; asks nothing."""
    asker = _Asker(connection, 0, show_values=False)
    chosen = tuple(questions)
    found: list[tuple[Question, str]] = []
    for question in chosen:
        sql = asker.listing(question)
        if sql is not None and not isinstance(question, Conversions):
            found.append((question, sql))
    return found


class _Asker:
    def __init__(self, connection: BaseDatabaseWrapper, samples: int, *, show_values: bool) -> None:
        self.connection = connection
        self.samples = samples
        self.show_values = show_values
        self.work: dict[int, Asked] = {}
        self.unanswered: list[str] = []
        self.unique: set[int] = set()
        """Numbers of questions for keys that the scan of their table has shown to be unique."""

    def answer(self, questions: Sequence[Question]) -> Answers:
        scans: dict[str, list[tuple[int, Question, str]]] = {}
        keys: dict[str, list[tuple[int, str]]] = {}
        for number, question in enumerate(questions):
            base = str(question.about.relation.base)
            predicate = self._predicate(question)
            if predicate is not None:
                scans.setdefault(base, []).append((number, question, predicate))
            elif isinstance(question, Duplicates) and (hashes := _hashes(question)):
                keys.setdefault(base, []).append((number, hashes))
        for base in dict.fromkeys((*keys, *scans)):
            if not self._scan_with_keys(base, scans.get(base, []), keys.get(base, [])):
                self._scan(base, scans.get(base, []))
        for number, question in enumerate(questions):
            if isinstance(question, Duplicates) and number not in self.unique:
                self._count_duplicates(number, question)
            elif isinstance(question, Conflicts):
                self._count_conflicts(number, question)
        return Answers(tuple(self.work[number] for number in sorted(self.work)), tuple(self.unanswered))

    def listing(self, question: Question) -> str | None:
        """SQL that lists the offenders' keys; None where that cannot be told."""
        base = str(question.about.relation.base)
        predicate = self._predicate(question)
        if predicate is not None:
            return f"SELECT {_key(question.about.relation)} FROM {quoted(base)} AS r WHERE {predicate}"
        if isinstance(question, Duplicates):
            told = self._duplicates_sql(question)
            return None if told is None else f"SELECT key {told[1]}"
        if isinstance(question, Conflicts):
            where = self._conflicts_sql(question)
            return None if where is None else f"SELECT a.key {where}"
        return None

    # rows -----------------------------------------------------------------------------------------------

    def _predicate(self, question: Question) -> str | None:
        """The condition over a row of the base ``r``; None for questions that are no such condition."""
        relation = question.about.relation
        if isinstance(question, Offenders):
            return relation.over_base(question.predicate)
        if isinstance(question, Conversions):
            return relation.over_base(_conversion(question))
        if isinstance(question, Orphans):
            return _orphan(question)
        return None

    def _scan_with_keys(
        self, base: str, counts: list[tuple[int, Question, str]], keys: list[tuple[int, str]]
    ) -> bool:
        """All counts and the hashes of keys in one scan; False where that cannot be."""
        if not keys or not are_few(self.connection, base):
            return False
        asked = [f"count(*) FILTER (WHERE {predicate})" for _, _, predicate in counts]
        asked += [hashes for _, hashes in keys]
        row = self._try(f"SELECT {', '.join(asked)} FROM {quoted(base)} AS r")
        if isinstance(row, DatabaseError):
            return False
        self._note_counts(base, counts, row[: len(counts)])
        found = zip(keys, row[len(counts) :], strict=True)
        self.unique |= {number for (number, _), hashes in found if not has_twins(hashes)}
        return True

    def _scan(self, base: str, counts: list[tuple[int, Question, str]]) -> None:
        """All counts of one table in one scan; one by one where that fails."""
        if not counts:
            return
        if all(CODES[question.about.code].leads_to == "fails_pre" for _, question, _ in counts):
            # Mostly there is nothing: then no count is kept for each row, and the scan stops at the first.
            hit = " OR ".join(predicate for _, _, predicate in counts)
            if self._try(f"SELECT 1 FROM {quoted(base)} AS r WHERE {hit} LIMIT 1") == ():
                return
        sql = ", ".join(f"count(*) FILTER (WHERE {predicate})" for _, _, predicate in counts)
        row = self._try(f"SELECT {sql} FROM {quoted(base)} AS r")
        if isinstance(row, DatabaseError) and len(counts) > 1:
            for one in counts:
                self._scan(base, [one])
            return
        if isinstance(row, DatabaseError):
            self._failed(*counts[0], row)
            return
        self._note_counts(base, counts, row)

    def _note_counts(self, base: str, counts: list[tuple[int, Question, str]], found: Sequence[int]) -> None:
        for (number, question, predicate), rows in zip(counts, found, strict=True):
            if rows:
                self._note_rows(number, question, rows, f"FROM {quoted(base)} AS r WHERE {predicate}")

    def _failed(self, number: int, question: Question, predicate: str, error: DatabaseError) -> None:
        """What raises for the value of a row is asked of each row; other questions stay open."""
        state = _sqlstate(error)
        if isinstance(question, Conversions) and state.startswith("22"):
            self._convert_one_by_one(number, question)
        elif isinstance(question, Conversions) and state in ("42846", "42804"):
            message = _first_line(error)
            self.work[number] = self._asked(question, None, code="not-castable", message=message)
        elif isinstance(question, Offenders) and question.about.code in _LOSSES:
            return  # a value that cannot be converted is not lost: the migration fails
        elif isinstance(question, Offenders) and state.startswith("22"):
            self._offends_one_by_one(number, question, predicate)
        else:
            self.unanswered.append(
                f"{question.about.code} of {question.about.relation.name}.{question.about.column} "
                f"could not be asked: {_first_line(error)}"
            )

    def _note_rows(self, number: int, question: Question, rows: int, where: str) -> None:
        key = _key(question.about.relation)
        sql = f"SELECT {key} {where}"
        keys, values = self._samples(key, where, self._shown_columns(question))
        self.work[number] = self._asked(question, rows, keys=keys, values=values, sql=sql)

    def _shown_columns(self, question: Question) -> str:
        """SQL of what is shown of a row; NULL where nothing is to be."""
        relation = question.about.relation
        names = [name for name in question.about.column.split(", ") if name]
        shown = [relation.of_column(name) for name in names]
        if not self.show_values or not names or any(sql is None for sql in shown):
            return "NULL"
        return " || ', ' || ".join(f"coalesce(({sql})::text, 'NULL')" for sql in shown)

    def _samples(self, key: str, where: str, shown: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Keys of some rows, and their values where these are shown."""
        # The inner query is fenced: an index on the key must not lead the planner through all other rows.
        fenced = f"SELECT {key} AS key, {shown} AS value {where} OFFSET 0"
        found = self._try_all(f"SELECT key, value FROM ({fenced}) AS found ORDER BY 1 LIMIT {self.samples:d}")
        if isinstance(found, DatabaseError):
            return (), ()
        keys = tuple(_shown(key) for key, _ in found)
        return keys, tuple(f"{_shown(key)}: {value}" for key, value in found if value is not None)

    # keys -----------------------------------------------------------------------------------------------

    def _count_duplicates(self, number: int, question: Duplicates) -> None:
        told = self._duplicates_sql(question)
        if told is None:
            return
        counted = self._try(told[0])
        if isinstance(counted, DatabaseError):
            self._open(question, counted)
            return
        groups, rows = counted
        if groups:
            keys, values = self._samples("key", told[1], "value")
            self.work[number] = self._asked(
                question, rows, groups=groups, keys=keys, values=values, sql=f"SELECT key {told[1]}"
            )

    def _duplicates_sql(self, question: Duplicates) -> tuple[str, str] | None:
        """SQL that counts keys and rows, and FROM … of the rows with ``key`` and ``value``."""
        relation = question.about.relation
        keys = [relation.over_base(key) for key in question.keys]
        condition = relation.over_base(question.condition) if question.condition else "TRUE"
        if condition is None or any(key is None for key in keys):
            return None
        names = [f"k{at}" for at in range(len(keys))]
        group = ", ".join(names)
        listed = ", ".join(f"{key} AS {name}" for key, name in zip(keys, names, strict=True))
        base, key = str(relation.base), _key(relation)
        present = " AND ".join(f"{name} IS NOT NULL" for name in names) if question.nulls_distinct else "TRUE"
        counted = (
            f"SELECT count(*), coalesce(sum(n), 0)::bigint FROM (SELECT count(*) AS n FROM "
            f"(SELECT {listed} FROM {quoted(base)} AS r WHERE {condition}) AS keys "
            f"WHERE {present} GROUP BY {group} HAVING count(*) > 1) AS twice"
        )
        value = self._shown_columns(question)
        shown = (
            f"FROM (SELECT key, value, count(*) OVER (PARTITION BY {group}) AS n FROM "
            f"(SELECT {key} AS key, {value} AS value, {listed} FROM {quoted(base)} AS r WHERE {condition}) "
            f"AS keys WHERE {present}) AS twice WHERE n > 1"
        )
        return counted, shown

    def _count_conflicts(self, number: int, question: Conflicts) -> None:
        where = self._conflicts_sql(question)
        if where is None:
            return
        counted = self._try(f"SELECT count(*) {where}")
        if isinstance(counted, DatabaseError):
            self._open(question, counted)
        elif counted[0]:
            keys, _ = self._samples("a.key", where, "NULL")
            self.work[number] = self._asked(question, counted[0], keys=keys, sql=f"SELECT a.key {where}")

    def _conflicts_sql(self, question: Conflicts) -> str | None:
        """FROM … of the rows ``a`` that exclude another one."""
        relation = question.about.relation
        base, key = str(relation.base), _key(relation)
        condition = relation.over_base(question.condition) if question.condition else "TRUE"
        keys = [relation.over_base(sql) for sql, _ in question.elements]
        if condition is None or any(sql is None for sql in keys):
            return None
        listed = ", ".join(f"{sql} AS k{at}" for at, sql in enumerate(keys))
        a, b = (
            f"(SELECT r.ctid AS place, r.tableoid AS part, {key} AS key, {listed} "
            f"FROM {quoted(base)} AS r WHERE {condition}) AS {side}"
            for side in "ab"
        )
        meets = " AND ".join(
            f"a.k{at} {operator} b.k{at}" for at, (_, operator) in enumerate(question.elements)
        )
        return (
            f"FROM {a} WHERE EXISTS (SELECT 1 FROM {b} "
            f"WHERE (b.place, b.part) <> (a.place, a.part) AND {meets})"
        )

    def _open(self, question: Question, error: DatabaseError) -> None:
        about = question.about
        self.unanswered.append(
            f"{about.code} of {about.relation.name} ({about.column}) could not be asked: {_first_line(error)}"
        )

    # row by row, where a query as a whole raises ---------------------------------------------------------

    def _convert_one_by_one(self, number: int, question: Conversions) -> None:
        relation = question.about.relation
        base, key = str(relation.base), _key(relation)
        expression = relation.over_base(question.expression)
        old = relation.of_column(question.column) if question.column else "TRUE"
        assert expression is not None  # it was asked in the scan already
        assert old is not None
        # Never true, yet computed: what counts is whether it raises.
        told = self._one_by_one(relation, f"{old} IS NOT NULL", f"num_nulls({expression}) > 1")
        if isinstance(told, DatabaseError):
            self._open(question, told)
        elif states := told["states"]:
            state = max(states, key=lambda one: int(states[one]))
            self.work[number] = self._asked(
                question,
                sum(map(int, states.values())),
                keys=tuple(told["keys"]),
                sql=f"SELECT {key}, {old} FROM {quoted(base)} AS r -- each: {question.expression}",
                code=_STATES.get(state, "not-castable") if question.column else question.about.code,
            )

    def _offends_one_by_one(self, number: int, question: Offenders, predicate: str) -> None:
        """Rows for which the predicate raises offend, too, unless it is their conversion that does."""
        relation = question.about.relation
        told = self._one_by_one(relation, "TRUE", predicate)
        if isinstance(told, DatabaseError):
            self._open(question, told)
            return
        raising = sum(map(int, told["states"].values())) if relation.reads_today(question.predicate) else 0
        if rows := int(told["hits"]) + raising:
            sql = f"SELECT {_key(relation)} FROM {quoted(str(relation.base))} AS r -- each: {predicate}"
            self.work[number] = self._asked(question, rows, keys=tuple(told["keys"]), sql=sql)

    def _one_by_one(self, relation: Relation, among: str, predicate: str) -> Any:
        """``hits``: rows where it holds; ``states``: raising rows by SQLSTATE; ``keys`` of some of both."""
        base, key = quoted(str(relation.base)), _key(relation)
        block = f"""DO $dbstate$
            DECLARE
                one record; seen bigint := 0; hits bigint := 0; states jsonb := '{{}}'; keys text[] := '{{}}';
            BEGIN
                FOR one IN SELECT r.ctid AS place, r.tableoid AS part, ({key})::text AS key
                           FROM {base} AS r WHERE {among} LOOP
                    BEGIN
                        PERFORM 1 FROM {base} AS r
                        WHERE r.ctid = one.place AND r.tableoid = one.part AND ({predicate});
                        CONTINUE WHEN NOT FOUND;
                        hits := hits + 1;
                    EXCEPTION WHEN data_exception THEN
                        states := jsonb_set(states, ARRAY[SQLSTATE],
                                            to_jsonb(coalesce((states ->> SQLSTATE)::bigint, 0) + 1));
                    END;
                    seen := seen + 1;
                    IF seen <= {self.samples:d} THEN keys := keys || one.key; END IF;
                END LOOP;
                PERFORM set_config('{_ANSWER}',
                    jsonb_build_object('hits', hits, 'states', states, 'keys', keys)::text, false);
            END $dbstate$"""
        done = self._try(block, fetch=False)
        told = self._try(f"SELECT current_setting('{_ANSWER}', true)")
        for one in (done, told):
            if isinstance(one, DatabaseError):
                return one
        return json.loads(told[0]) if told[0] else DatabaseError("no answer")

    # what all share -------------------------------------------------------------------------------------

    def _asked(
        self,
        question: Question,
        rows: int | None,
        *,
        keys: tuple[str, ...] = (),
        values: tuple[str, ...] = (),
        groups: int | None = None,
        sql: str = "",
        code: str = "",
        message: str = "",
    ) -> Asked:
        about = question.about
        code = code or _code_of(question)
        facts = dict(about.facts)
        return Asked(
            code,
            message or message_of(code, about.relation.name, about.column, rows, groups, facts),
            about.place.migration,
            about.place.operation,
            about.place.text,
            about.relation.name,
            about.column,
            rows,
            groups,
            keys,
            values,
            sql,
            about.certain,
        )

    def _try(self, sql: str, *, fetch: bool = True) -> Any:
        """The first row, or the error that the database raised."""
        rows = self._try_all(sql, fetch=fetch)
        return rows if isinstance(rows, DatabaseError) else rows[0] if rows else ()

    def _try_all(self, sql: str, *, fetch: bool = True) -> Any:
        try:
            with savepoint(self.connection), self.connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if fetch else []
        except DatabaseError as error:
            return error


_LOSSES = frozenset({"value-changed", "loses-digits", "truncates-text"})


def _conversion(question: Conversions) -> str:
    """True for values that the new type does not take: by comparison where that is known, else by trying."""
    column, new = quoted(question.column), question.new_type.lower()
    old = question.old_type.partition("(")[0]
    if old in _NUMBERS and new in _INTEGERS:
        limit = _INTEGERS[new]
        value = column if old in _INTEGERS else f"round({column}::numeric)"
        return f"{value} NOT BETWEEN {-limit} AND {limit - 1}"
    found = re.fullmatch(r"(?:numeric|decimal)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", new)
    if old in _NUMBERS and found:
        digits, places = int(found[1]), int(found[2] or 0)
        return f"abs(round({column}::numeric, {places})) >= 1e{digits - places}::numeric"
    # Forces the conversion of every row; NULL for a value is for the comparison to judge.
    return f"(({question.expression})::text IS NULL) IS NULL"


def _hashes(question: Duplicates) -> str | None:
    """SQL that gathers the hashes of the keys; None where these cannot be told of today's rows."""
    relation = question.about.relation
    keys = [key for one in question.keys if (key := relation.over_base(one)) is not None]
    condition = relation.over_base(question.condition) if question.condition else "TRUE"
    if relation.base is None or condition is None or len(keys) < len(question.keys):
        return None
    present = [f"{key} IS NOT NULL" for key in keys] if question.nulls_distinct else []
    return hashes_of(keys, " AND ".join((condition, *present)))


def _orphan(question: Orphans) -> str | None:
    relation, target = question.about.relation, question.target
    own = [relation.of_column(column) for column in question.columns]
    if any(sql is None for sql in own):
        return None
    present = " AND ".join(f"{_of('r', sql)} IS NOT NULL" for sql in own)
    if target.base is None:
        return present
    theirs = [target.of_column(column) for column in question.target_columns]
    if any(sql is None for sql in theirs):
        return None
    same = " AND ".join(
        f"{_of('t', other)} = {_of('r', sql)}" for other, sql in zip(theirs, own, strict=True)
    )
    return f"{present} AND NOT EXISTS (SELECT 1 FROM {quoted(target.base)} AS t WHERE {same})"


def _of(alias: str, sql: str | None) -> str:
    """A plain column with its table's alias; other expressions as they are."""
    text = str(sql)
    return f"{alias}.{text}" if re.fullmatch(r'"(?:[^"]|"")*"', text) else text


def _key(relation: Relation) -> str:
    """SQL of what tells a row of the base; where there is no primary key, its place."""
    columns = [f"r.{quoted(name)}" for name in relation.key]
    return "r.ctid::text" if not columns else columns[0] if len(columns) == 1 else f"({', '.join(columns)})"


def _code_of(question: Question) -> str:
    if isinstance(question, Conversions) and question.old_type.partition("(")[0] in _NUMBERS:
        return "out-of-range"
    return question.about.code


def _sqlstate(error: DatabaseError) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or "")


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split("\n", 1)[0].split())


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(str, value)) + ")"
    return str(value)
