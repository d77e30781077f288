"""Short ways to describe tables in tests."""

from __future__ import annotations

from dataclasses import replace

from dbstate.catalog import Catalog, Column, ForeignKey, Table, Unique


def column(name: str, kind: str = "integer", **facts: object) -> Column:
    return replace(Column(name=name, field=name, kind="integer", sql_type=kind), kind=kind, **facts)


def key(name: str, target: str, **facts: object) -> ForeignKey:
    plain = ForeignKey(name=name, columns=(f"{name}_id",), target=target, target_columns=("id",))
    return replace(plain, **facts)


def unique(*columns: str, **facts: object) -> Unique:
    return replace(Unique(name="_".join(columns), columns=columns), **facts)


def table(name: str, *keys: ForeignKey, columns: tuple[Column, ...] = (), **facts: object) -> Table:
    referring = tuple(column(k.columns[0], null=k.null) for k in keys)
    plain = Table(
        name=name,
        label=f"app.{name.title()}",
        columns=(column("id", auto=True), *referring, *columns),
        primary_key=("id",),
        foreign_keys=keys,
    )
    return replace(plain, **facts)


def catalog(*tables: Table) -> Catalog:
    return Catalog.from_tables(tables)
