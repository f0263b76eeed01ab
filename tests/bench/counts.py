#!/usr/bin/env python3
"""What counts cost, with and without the count cache, and what the triggers of their tokens cost.

Prints four tables, each measured in alternating rounds of one run on one service. "Without" is the same table with its triggers
switched off: the service notices it, and counts each time.
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import time
import types

import compare


LISTS = {"all": "/books?per_page=20", "one language": "/books?language=fra&per_page=20"}


def switch(services, on):
    """Switches the triggers of all tables on or off; rows that logical replication applies have one of their own."""
    ours = services.database_url.rsplit("/", 1)[0] + "/ours"
    found = psql(ours, "SELECT tgrelid::regclass, quote_ident(tgname), tgtype & 1 FROM pg_trigger WHERE tgname LIKE '\\_couplet%'")
    how = lambda row: "DISABLE" if not on else "ENABLE REPLICA" if row[2] == "1" else "ENABLE ALWAYS"
    psql(ours, "; ".join(f"ALTER TABLE {row[0]} {how(row)} TRIGGER {row[1]}" for row in found))


def psql(url, statement):
    done = subprocess.run(["psql", "-qAtX", "-F", "|", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                          capture_output=True, text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


def settle(base, path, counted):
    """Waits until lists are counted, or are not: the service looks at triggers that have changed once a second."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        compare.fetch(base + path)
        before = misses_and_bypasses(base)
        compare.fetch(base + path)
        if (misses_and_bypasses(base) > before) == counted:
            return
        time.sleep(0.2)
    raise SystemExit("the service does not notice that its triggers were switched")


def misses_and_bypasses(base):
    names = ("pagination_count_cache_misses_total", "pagination_count_cache_bypassed_total")
    lines = compare.fetch(base + "/metrics").decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(names))


def lists(options):
    print("\nA list and its total: milliseconds of a request, one client, and requests a second of 16")
    print(f"{'rows':>9}  {'list':13} {'counted':>9} {'cached':>9} {'ratio':>7}   {'counted/s':>9} {'cached/s':>9} {'ratio':>7}")
    for rows in options.rows:
        services = compare.Services()
        try:
            base = start(services, options, rows)
            for name, path in LISTS.items():
                rounds = []
                for _ in range(options.rounds):
                    figures = []
                    for on in (False, True):
                        switch(services, on)
                        settle(base, path, counted=not on)
                        one = compare.wrk(base + path, 1, options.seconds)[1] * 1000
                        many = compare.wrk(base + path, 16, options.seconds)[0]
                        figures += [one, many]
                    rounds.append(figures)
                counted, counted_many, cached, cached_many = (statistics.median(r[i] for r in rounds) for i in range(4))
                print(f"{rows:9,}  {name:13} {counted:9.2f} {cached:9.2f} {counted / cached:6.1f}x   "
                      f"{counted_many:9.0f} {cached_many:9.0f} {cached_many / counted_many:6.1f}x", flush=True)
            if rows == options.rows[-1]:
                creates(services, base, options)
                inserts(services, options)
        finally:
            services.close()


def start(services, options, rows):
    services.psql("-f", compare.HERE / "sql/schema.sql")
    services.psql("-v", f"authors={max(rows // 10, 100)}", "-v", f"books={rows}", "-v", "reviews=1000", "-f",
                  compare.HERE / "sql/data.sql")
    services.psql("-c", "CREATE DATABASE ours TEMPLATE postgres")
    _, base, _ = compare.launch("ours", services, types.SimpleNamespace(ours=options.ours, database="postgres"))
    compare.fetch(base + "/health/ready")  # the port is open before the triggers are made
    return base


def creates(services, base, options):
    script = services.folder / "post.lua"
    script.write_text('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [['
                      + json.dumps(compare.NEW_BOOK) + "]]\n")
    compare.wrk(base + "/books", 16, 1, str(script))
    pairs = []
    for _ in range(options.rounds + 2):
        pair = []
        for on in (False, True):
            switch(services, on)
            pair.append(compare.wrk(base + "/books", 16, options.seconds, str(script))[0])
        pairs.append(pair)
    without, with_them = (statistics.median(pair[i] for pair in pairs) for i in range(2))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"\nCreates over HTTP on PostgreSQL, 16 clients: {without:.0f} a second without triggers, {with_them:.0f} with them: {ratio:.2f}")


def inserts(services, options):
    print("\nPlain SQL: microseconds a row, without and with triggers")
    print(f"{'database':11} {'statement':34} {'without':>9} {'with':>9} {'ratio':>7}")
    ours = services.database_url.rsplit("/", 1)[0] + "/ours"
    row = "(77, 'A new book', 'eng', 2024, 4.5, now())"
    columns = "books (author_id, title, language, published_year, rating, created_at)"
    one = f"INSERT INTO {columns} VALUES {row};\n"
    shapes = {
        "1,000 INSERTs, each committed": (one * 1000, 1000),
        "1,000 UPDATEs of a column, committed": ("".join(f"UPDATE books SET language = 'fra' WHERE id = {i};\n" for i in range(1, 1001)), 1000),
        "one INSERT of 10,000 rows": (f"INSERT INTO {columns} VALUES {', '.join([row] * 10_000)};\n", 10_000),
        "one UPDATE of 10,000 rows": ("UPDATE books SET language = 'fra' WHERE id BETWEEN 1 AND 10000;\n", 10_000),
    }
    file = services.folder / "statements.sql"
    for name, (text, rows) in shapes.items():
        file.write_text("SET synchronous_commit = off;\n\\timing off\n" + text)
        pairs = []
        for _ in range(options.rounds + 2):
            pair = []
            for on in (False, True):
                switch(services, on)
                began = time.perf_counter()
                subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", ours, "-f", file], check=True, stdout=subprocess.DEVNULL)
                pair.append((time.perf_counter() - began) / rows * 1e6)
            pairs.append(pair)
        line("PostgreSQL", name, pairs)
    on_sqlite(services, options, columns)


def on_sqlite(services, options, columns):
    compare.fill_sqlite(services, options.ours, (100, 10_000, 100))
    path = services.folder / "ours.db"
    shared = {"DATABASE_URL": f"sqlite://{path}", "RUST_LOG": "error"}
    run = lambda *what: subprocess.run(["sh", "-c", f"exec {options.ours} {' '.join(what)}"], check=True,
                                       env=compare.os.environ | shared, stdout=subprocess.DEVNULL)
    run("migrate")
    triggers = sqlite3.connect(path).execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    row = ("INSERT INTO " + columns + " VALUES (77, 'A new book', 'eng', 2024, 4.5, '2024-05-06T07:08:09.000000Z')", ())
    shapes = {
        "1,000 INSERTs, each committed": (1, 1000, row),
        "1,000 UPDATEs of a column, committed": (1, 1000, ("UPDATE books SET language = 'fra' WHERE id = abs(random()) % 10000", ())),
        "10,000 INSERTs in a transaction": (10_000, 10_000, row),
        "one UPDATE of 10,000 rows": (1, 10_000, None),
    }
    for name, (together, rows, statement) in shapes.items():
        pairs = []
        for _ in range(options.rounds + 2):
            pair = []
            for on in (False, True):
                database = sqlite3.connect(path, isolation_level=None)
                database.execute("PRAGMA synchronous = normal")
                for trigger, sql in triggers:
                    database.execute(f'DROP TRIGGER IF EXISTS "{trigger}"')
                    if on:
                        database.execute(sql)
                began = time.perf_counter()
                if statement is None:
                    database.execute("UPDATE books SET language = 'fra' WHERE id BETWEEN 1 AND 10000")
                else:
                    for _ in range(rows // together):
                        database.execute("BEGIN IMMEDIATE")
                        for _ in range(together):
                            database.execute(*statement)
                        database.execute("COMMIT")
                pair.append((time.perf_counter() - began) / rows * 1e6)
                database.close()
            pairs.append(pair)
        line("SQLite", name, pairs)


def line(database, name, pairs):
    without, with_them = (statistics.median(pair[i] for pair in pairs) for i in range(2))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{database:11} {name:34} {without:9.1f} {with_them:9.1f} {ratio:6.2f}x", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True, help="the command that starts our service")
    parser.add_argument("--rows", type=lambda text: [int(part) for part in text.split(",")], default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    lists(parser.parse_args())


if __name__ == "__main__":
    main()
