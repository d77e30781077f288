"""What may be written to: only a database where nothing can be lost.

Two *needs* must hold whatever else is true: the server is no standby, and the session can write.
Then one *ground* is enough: a test database that Django made, an SQLite database in memory, the
embedded server, a mark, a name in ``DBSTATE["ALLOW"]``, its name typed by a person, and, for
seeding, no rows beyond those of migrations, now or when an earlier seeding began.

Rows of migrations. Nothing that a database keeps proves that a row was made by a migration: when
ALTER TABLE rewrites a table, all rows of people get the migration's transaction id; a dump restored
in one transaction looks the same; statistics counters are no proof. So what ``migrate`` itself makes
in tables of Django's own (``MIGRATE_FILLS``) does not count, and for all other rows it is tried out
(``rehearsing``): the migrations run on a scratch database beside it, and each row must be among those
that they make there. That takes seconds, so it is done only where nothing else permits seeding; a
database that passed is claimed (``claim``) by seeding before its first row, which the next one reads.
"""

from dbstate.guard.facts import Excess, Facts, Identity, Mark, Occupancy, Rehearsal
from dbstate.guard.looking import read_facts
from dbstate.guard.marking import claim, mark, unmark
from dbstate.guard.marks import MarkError
from dbstate.guard.occupancy import MIGRATE_FILLS
from dbstate.guard.verdicts import Purpose, Reason, Refused, Verdict, judge, verdict

__all__ = [
    "MIGRATE_FILLS",
    "Excess",
    "Facts",
    "Identity",
    "Mark",
    "MarkError",
    "Occupancy",
    "Purpose",
    "Reason",
    "Refused",
    "Rehearsal",
    "Verdict",
    "claim",
    "judge",
    "mark",
    "read_facts",
    "unmark",
    "verdict",
]
