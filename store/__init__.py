"""The records of the line on SQLite or PostgreSQL, and the news over Redis."""

from store.records import SqlRecords as SqlRecords
from store.records import open_records as open_records
