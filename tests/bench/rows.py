"""The rows that every server answers, on PostgreSQL and in SQLite files, the same for the same numbers."""

import datetime
import pathlib
import shlex
import shutil
import sqlite3
import subprocess
import typing

from services import environment

HERE = pathlib.Path(__file__).resolve().parent


class Sizes(typing.NamedTuple):
    authors: int
    books: int
    reviews: int


SIZES = {"small": Sizes(1000, 10_000, 50_000), "full": Sizes(10_000, 100_000, 1_000_000)}


def of_books(books):
    """Sizes for measurements of lists of books alone."""
    return Sizes(max(books // 10, 100), books, 1000)


def fill_postgres(services, sizes, databases):
    """Makes databases of the same rows, one for each server: what one writes, vacuums or triggers must not slow another."""
    first = databases[0]
    services.sql("postgres", "-c", f'CREATE DATABASE "{first}"')
    services.sql(first, "-f", HERE / "sql/schema.sql")
    numbers = [part for name, number in sizes._asdict().items() for part in ("-v", f"{name}={number}")]
    services.sql(first, *numbers, "-f", HERE / "sql/data.sql")
    for other in databases[1:]:
        services.sql("postgres", "-c", f'CREATE DATABASE "{other}" TEMPLATE "{first}"')
    services.sql("postgres", "-c", "CHECKPOINT")  # or it comes while the first of them is measured


def fill_sqlite(services, ours, sizes, names):
    """Makes SQLite files of the same rows, one for each server, in the tables that our service would make."""
    authors, books, reviews = sizes
    path = services.folder / "rows.db"
    tables = subprocess.run([*shlex.split(ours), "schema", "--dialect", "sqlite"], env=environment(), capture_output=True,
                            text=True, check=True).stdout
    database = sqlite3.connect(path)
    database.executescript(f"PRAGMA journal_mode = wal; {tables}")
    database.executemany("INSERT INTO authors (id, name, email, status, created_at) VALUES (?, ?, ?, ?, ?)", (
        (i, f"Author {i}", f"author{i}@example.org", ("active", "inactive", "retired")[i % 3], after(2020, 60 * i))
        for i in range(1, authors + 1)))
    database.executemany(
        "INSERT INTO books (id, author_id, title, isbn, language, published_year, rating, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (
            (i, 1 + i * 7919 % authors, f"Book number {i} of the long series",
             None if i % 10 == 0 else f"{i * 104729 % 10**10:010}", ("eng", "fra", "deu", "spa", "jpn")[i % 5], 1900 + i % 125,
             round(1 + i * 31 % 400 / 100, 2), after(2021, 10 * i))
            for i in range(1, books + 1)))
    database.executemany("INSERT INTO reviews (id, book_id, rating, body, created_at) VALUES (?, ?, ?, ?, ?)", (
        (i, 1 + i * 6101 % books, 1 + i % 5, f"Review body number {i} with a few words in it.", after(2022, i))
        for i in range(1, reviews + 1)))
    for name, columns in {"author": "author_id, id", "language": "language, id"}.items():
        database.execute(f"CREATE INDEX bench_{name} ON books ({columns})")
    database.execute("ANALYZE")
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    for name in names:
        shutil.copy(path, sqlite_file(services, name))


def sqlite_file(services, name):
    return services.folder / f"{name}.db"


def after(year, seconds):
    """So many seconds after a year began, as couplet and sqlx write it into SQLite."""
    return (datetime.datetime(year, 1, 1) + datetime.timedelta(seconds=seconds)).isoformat() + ".000000Z"
