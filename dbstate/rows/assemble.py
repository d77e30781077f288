"""Rows of one model: a value for each column, then the parents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain as chained

from dbstate.catalog import Catalog
from dbstate.rows.chooser import Chooser
from dbstate.rows.draft import Draft, Reference
from dbstate.rows.kinds import Profile, edge_at
from dbstate.rows.own import OwnColumns, Sources
from dbstate.rows.paths import Agreement
from dbstate.rows.stock import Stocks


class Assembler:
    """Makes the rows of one unit: ``draft(index)`` in rising order, then ``settle`` them."""

    def __init__(
        self,
        catalog: Catalog,
        chain: Sequence[str],
        *,
        seed: int,
        profile: Profile,
        first: Mapping[str, int],
        keys: Mapping[tuple[str, str], Callable[[int], object]],
        fixed: Mapping[tuple[str, str], object],
        sources: Sources,
        references: Mapping[str, tuple[Reference, ...]],
        agreements: Mapping[str, tuple[Agreement, ...]],
        stocks: Stocks,
        rows: int = 0,
    ) -> None:
        self.catalog, self.chain, self.profile = catalog, tuple(chain), profile
        self.first, self.keys, self.fixed = first, keys, fixed
        self.references, self.stocks = references, stocks
        self.tables = {name: OwnColumns(catalog[name], references[name], fixed, sources) for name in chain}
        self.choosers = {
            name: Chooser(
                catalog[name],
                references[name],
                agreements.get(name, ()),
                stocks,
                self.tables[name],
                seed=seed,
                rows=rows,
            )
            for name in chain
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left empty because no value could be made."""
        return tuple(chained.from_iterable(self.tables[name].notes.values() for name in self.chain))

    def draft(self, index: int) -> Draft:
        """Row ``index`` of the unit, appended to the stocks.

        Raises Exhausted when a unique key has no more values and NoValue when a column has none.
        """
        draft = Draft(index, edge_at(index, self.profile))
        for name in self.chain:
            draft.values[name] = self._values(draft, name)
            draft.links[name] = {}
            for link in self.catalog[name].parent_links:
                draft.values[name] |= {
                    own: draft.values[link.target][target]
                    for own, target in zip(link.columns, link.target_columns, strict=True)
                }
                draft.links[name][link.name] = draft.positions[link.target]
            self.choosers[name].choose(draft)
            draft.positions[name] = self.stocks[name].append(draft.values[name], draft.links[name])
        return draft

    def settle(self, drafts: Sequence[Draft]) -> bool:
        """Write the keys of the rows that these name in their own tables, now that they are known.

        Rows that were left out or never made are replaced by others; answers whether there were any.
        """
        moved = False
        for name in self.chain:
            if any(reference.own for reference in self.references[name]):
                for draft in drafts:
                    moved |= self.choosers[name].settle(draft)
                    self.restock(draft, name)
        return moved

    def restock(self, draft: Draft, name: str) -> None:
        """Have the stock of a table know what the draft's line holds now."""
        self.stocks[name].write(draft.positions[name], draft.values[name], draft.links[name])

    def leave_out(self, draft: Draft) -> None:
        """The draft is not written: nobody names it, and its combinations are free."""
        for name in self.chain:
            self.stocks[name].kill(draft.positions[name])
            self.choosers[name].forget(draft)

    def _values(self, draft: Draft, name: str) -> dict[str, object]:
        values = self.tables[name].values(self.first[name] + draft.index, draft)
        for column in self.catalog[name].columns:
            key = (name, column.name)
            if key in self.fixed:
                values[column.name] = self.fixed[key]
            elif key in self.keys:
                values[column.name] = self.keys[key](draft.index)
        return values
