"""Every migration of the project of the settings, with made rows before it: applied and reversed.

Prints one JSON object a line: the migration, whether it has a reverse, what did not come back, what failed.
``python -m tests.third_party.round_trips [app_label …]``; needs an empty database.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import django


def main() -> None:
    django.setup()
    from dbstate.rehearsal.trial import Ladder, every_migration

    ladder = Ladder("default")
    try:
        for key in every_migration(*sys.argv[1:]):
            print(json.dumps({"migration": ".".join(key), **told(ladder, key)}), flush=True)
    finally:
        ladder.close()


def told(ladder: object, key: tuple[str, str]) -> dict[str, object]:
    """What there is to say of one migration."""
    from django.db.migrations.exceptions import IrreversibleError

    with ladder.trial(*key) as trial:  # type: ignore[attr-defined]
        found: dict[str, object] = {}
        try:
            found["rows"] = filled(trial)
            trip = trial.round_trip()
        except IrreversibleError as error:
            return {**found, "irreversible": " ".join(str(error).split())[:200]}
        except Exception as error:
            return {**found, "failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
        if trip.schema:
            found["schema"] = trip.schema
        if trip.rows:
            found["changed"] = [
                f"{one.table}: {one.lost} lost, {one.gained} gained, "
                + ", ".join(f"{column.column} {column.rows}" for column in one.columns)
                for one in trip.rows
            ]
        return found


def filled(trial: object) -> int:
    """Fill the tables of before; how many rows were made."""
    from dbstate.seeding import Options, prepare

    options = Options(now=datetime(2026, 6, 1, tzinfo=UTC), rows=3)
    report = prepare(trial.apps, using="default", options=options).run()  # type: ignore[attr-defined]
    return report.rows


if __name__ == "__main__":
    main()
