"""The series of positions in a table of a PostgreSQL database."""

from __future__ import annotations

from anlan.store.database import Connection
from anlan.store.postgres import Postgres
from anlan.store.series import TABLE


class SeriesTable(Postgres, frozen=True):
    """The series beside the rest, outside its numbered steps."""

    def migrate(self, connection: Connection) -> int:
        """Make the table when there is none."""
        with connection:
            connection.execute(TABLE)
        return 1
