#!/usr/bin/env python3
"""What counts cost, with and without the count cache, and what the triggers of their tokens cost.

Prints four tables, each measured in alternating rounds of one run on one service. "Without" is the same table with its triggers
switched off: the service notices it, and counts each time.
"""

import shlex
import sqlite3
import statistics
import subprocess
import sys
import time

import load
from report import Report, number, options
from rows import fill_postgres, fill_sqlite, of_books, sqlite_file
from scenarios import NEW_BOOK
from servers import cpu_seconds, fetch, launch
from services import Services, environment, rows_of_query

LISTS = {"all": "/books?per_page=20", "one language": "/books?language=fra&per_page=20"}
COLUMNS = "books (author_id, title, language, published_year, rating, created_at)"


def switch(url, on):
    """Switches the triggers of all tables on or off; rows that logical replication applies have one of their own."""
    found = rows_of_query(url, "SELECT tgrelid::regclass, quote_ident(tgname), tgtype & 1 FROM pg_trigger "
                               "WHERE tgname LIKE '\\_couplet%'")
    how = lambda row: "DISABLE" if not on else "ENABLE REPLICA" if row[2] == "1" else "ENABLE ALWAYS"
    rows_of_query(url, "; ".join(f"ALTER TABLE {row[0]} {how(row)} TRIGGER {row[1]}" for row in found))


def settle(base, path, counted):
    """Waits until lists are counted, or are not: the service looks at triggers that have changed once a second."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        fetch(base + path)
        before = misses_and_bypasses(base)
        fetch(base + path)
        if (misses_and_bypasses(base) > before) == counted:
            return
        time.sleep(0.2)
    sys.exit("the service does not notice that its triggers were switched")


def misses_and_bypasses(base):
    names = ("pagination_count_cache_misses_total", "pagination_count_cache_bypassed_total")
    lines = fetch(base + "/metrics")[0].decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(names))


def pairs(rounds, measure):
    """What `measure(on)` says without triggers and with them, once a round; who begins changes."""
    found = load.alternate({"without": False, "with": True}, rounds, measure)
    return found["without"], found["with"]


def lists(report, services, chosen):
    table = report.table("A list and its total: ms of a request of one client, and requests a second of 16", {
        "rows": ">9", "list": "<12", "counted": ">8", "cached": ">8", "faster": ">6", "counted/s": ">9", "cached/s": ">9",
        "more": ">6"})
    for books in chosen.rows:
        server = launch_on(services, chosen, books)
        for name, path in LISTS.items():
            def measure(on):
                switch(server.database_url, on)
                settle(server.base, path, counted=not on)
                one = load.wrk(server.base + path, 1, chosen.seconds).p50 * 1000
                return one, load.wrk(server.base + path, 16, chosen.seconds).rps
            without, with_them = pairs(chosen.rounds, measure)
            latency, rate = (load.ratio([r[i] for r in with_them], [r[i] for r in without])["ratio"] for i in range(2))
            median = lambda rounds, i: number(statistics.median(each[i] for each in rounds))
            table.row(f"{books:,}", name, median(without, 0), median(with_them, 0), f"{1 / latency:.1f}", median(without, 1),
                      median(with_them, 1), f"{rate:.1f}")
            report.figures[f"{name} of {books}"] = {"without": without, "with": with_them}
        if books != chosen.rows[-1]:
            services.stop(server.child)
            services.sql("postgres", "-c", f'DROP DATABASE "books_{books}" WITH (FORCE)')
    return server


def launch_on(services, chosen, books):
    fill_postgres(services, of_books(books), [f"books_{books}"])
    return launch(services, "ours", chosen.ours, database=f"books_{books}")


def hits(report, server, chosen):
    """What a total that memory has costs the service itself, with its tokens beside the page."""
    table = report.table("CPU time of the service for a list of 20: microseconds a request", {
        "without total": ">13", "total in memory": ">15", "more": ">6"})
    lists = {"without": f"{server.base}/books?per_page=20&count=none", "with": f"{server.base}/books?per_page=20"}

    def measure(name):
        before = cpu_seconds(server.child)
        measured = load.wrk(lists[name], 4, chosen.seconds)
        return (cpu_seconds(server.child) - before) / (measured.rps * chosen.seconds) * 1e6
    found = load.alternate({name: name for name in lists}, chosen.rounds + 5, measure)
    more = statistics.median(one - other for one, other in zip(found["with"], found["without"]))
    median = lambda name: f"{statistics.median(found[name]):.1f}"
    table.row(median("without"), median("with"), f"{more:.1f}")
    report.figures["hits"] = found


def creates(report, services, server, chosen):
    table = report.table("Creates over HTTP on PostgreSQL, 16 clients", {
        "without triggers/s": ">18", "with/s": ">8", "ratio": ">6"})
    script = load.post(services, NEW_BOOK)
    url = f"{server.base}/books"
    load.wrk(url, 16, 1, script)

    def measure(on):
        switch(server.database_url, on)
        return load.wrk(url, 16, chosen.seconds, script).rps
    without, with_them = pairs(chosen.rounds + 2, measure)
    table.row(number(statistics.median(without)), number(statistics.median(with_them)),
              f"{load.ratio(with_them, without)['ratio']:.2f}")
    report.figures["creates"] = {"without": without, "with": with_them}


def on_postgres(table, services, url, rounds):
    row = "(77, 'A new book', 'eng', 2024, 4.5, now())"
    update = "UPDATE books SET language = 'fra' WHERE id "
    one = f"INSERT INTO {COLUMNS} VALUES {row};\n"
    shapes = {
        "1,000 INSERTs, each committed": (one * 1000, 1000),
        "1,000 UPDATEs of a column, committed": ("".join(f"{update}= {i};\n" for i in range(1, 1001)), 1000),
        "one INSERT of 10,000 rows": (f"INSERT INTO {COLUMNS} VALUES {', '.join([row] * 10_000)};\n", 10_000),
        "one UPDATE of 10,000 rows": (f"{update}BETWEEN 1 AND 10000;\n", 10_000),
    }
    file = services.folder / "statements.sql"
    for name, (text, rows) in shapes.items():
        file.write_text("SET synchronous_commit = off;\n" + text)

        def measure(on):
            switch(url, on)
            began = time.perf_counter()
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-f", file], check=True, stdout=subprocess.DEVNULL)
            return (time.perf_counter() - began) / rows * 1e6
        line(table, "PostgreSQL", name, *pairs(rounds, measure))


def on_sqlite(table, services, ours, rounds):
    fill_sqlite(services, ours, of_books(10_000), ["counts"])
    path = sqlite_file(services, "counts")
    subprocess.run([*shlex.split(ours), "migrate"], check=True, stdout=subprocess.DEVNULL, cwd=services.folder,
                   env=environment(DATABASE_URL=f"sqlite://{path}", RUST_LOG="error"))
    triggers = sqlite3.connect(path).execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    insert = f"INSERT INTO {COLUMNS} VALUES (77, 'A new book', 'eng', 2024, 4.5, '2024-05-06T07:08:09.000000Z')"
    update = "UPDATE books SET language = 'fra' WHERE id "
    #: A statement, how often it is executed in a transaction, how many transactions, and the rows of all of it.
    shapes = {
        "1,000 INSERTs, each committed": (insert, 1, 1000, 1000),
        "1,000 UPDATEs of a column, committed": (update + "= 1 + abs(random()) % 10000", 1, 1000, 1000),
        "10,000 INSERTs in a transaction": (insert, 10_000, 1, 10_000),
        "one UPDATE of 10,000 rows": (update + "BETWEEN 1 AND 10000", 1, 1, 10_000),
    }
    for name, (statement, together, transactions, rows) in shapes.items():
        def measure(on):
            database = sqlite3.connect(path, isolation_level=None)
            database.execute("PRAGMA synchronous = normal")
            for trigger, sql in triggers:
                database.execute(f'DROP TRIGGER IF EXISTS "{trigger}"')
                if on:
                    database.execute(sql)
            began = time.perf_counter()
            for _ in range(transactions):
                database.execute("BEGIN IMMEDIATE")
                for _ in range(together):
                    database.execute(statement)
                database.execute("COMMIT")
            taken = time.perf_counter() - began
            database.close()
            return taken / rows * 1e6
        line(table, "SQLite", name, *pairs(rounds, measure))


def line(table, database, name, without, with_them):
    table.row(database, name, number(statistics.median(without)), number(statistics.median(with_them)),
              f"{load.ratio(with_them, without)['ratio']:.2f}")


def main():
    parser = options(__doc__, rounds=3, seconds=2)
    parser.add_argument("--rows", type=lambda text: [int(part) for part in text.split(",")],
                        default=[1_000, 10_000, 100_000, 1_000_000])
    chosen = parser.parse_args()
    report = Report("counts")
    with Services() as services:
        server = lists(report, services, chosen)
        hits(report, server, chosen)
        creates(report, services, server, chosen)
        table = report.table("Plain SQL: microseconds a row, without and with triggers", {
            "database": "<10", "statement": "<36", "without": ">8", "with": ">8", "ratio": ">6"})
        on_postgres(table, services, server.database_url, chosen.rounds + 2)
        on_sqlite(table, services, chosen.ours, chosen.rounds + 2)
    report.write(chosen)


if __name__ == "__main__":
    main()
