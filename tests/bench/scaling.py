#!/usr/bin/env python3
"""From 1 to 256 connections, and from 1,000 to 1,000,000 rows.

The first table compares lists with those of the service written by hand, which has no cached ones: its list is measured
once more in the same rounds. The second shows ours alone, each number of rows in a database of its own: the first page,
a filtered one, and a page at four fifths of the rows by its number and by a cursor. A page by number may skip 100,000 rows
at most; beyond that the one that skips as many is shown.
"""

import load
from report import Report, number, options, times
from rows import SIZES, fill_postgres, of_books
from scenarios import LIST
from servers import MOST_SKIPPED, build, cursor_page, launch
from services import Services

COLUMNS = {"req/s": ">9", "p50 ms": ">8", "p99 ms": ">8"}


def connections(report, services, chosen):
    sizes = SIZES[chosen.rows]
    fill_postgres(services, sizes, ["ours", "handwritten"])
    ours, by_hand = launch(services, "ours", chosen.ours), launch(services, "handwritten")
    contestants = {"couplet": ours.base + LIST, "couplet, cached": f"{ours.base}/cached-books?page=1&per_page=20",
                   "by hand": by_hand.base + LIST}
    table = report.table(f"A list of 20 of {sizes.books:,} by connections",
                         {"connections": ">11", "server": "<15"} | COLUMNS | {"ratio": ">6", "from–to": ">11"})
    for count in chosen.connections:
        for url in contestants.values():
            load.wrk(url, count, 1)
        rounds = load.alternate(contestants, chosen.rounds, lambda url: load.wrk(url, count, chosen.seconds))
        for name in contestants:
            entry = load.summary(rounds[name], rounds["by hand"])
            report.figures.setdefault("connections", {}).setdefault(count, {})[name] = entry
            table.row(count, name, number(entry["rps"]), number(entry["p50_ms"]), number(entry["p99_ms"]), *times(entry))
    services.stop(ours.child)
    services.stop(by_hand.child)


def rows(report, services, chosen):
    table = report.table("Lists by rows, 16 connections", {"rows": ">9", "list": "<12"} | COLUMNS)
    for books in chosen.books:
        database = f"books_{books}"
        fill_postgres(services, of_books(books), [database])
        ours = launch(services, "ours", chosen.ours, database=database)
        depth = books * 4 // 5
        lists = {"first page": ours.base + LIST, "filtered": f"{ours.base}/books?language=fra&page=3&per_page=20",
                 "deep page": f"{ours.base}/books?page={min(depth, MOST_SKIPPED) // 20 + 1}&per_page=20",
                 "deep cursor": cursor_page(ours.base, depth)}
        for url in lists.values():
            load.wrk(url, 16, 1)
        rounds = load.alternate(lists, chosen.rounds, lambda url: load.wrk(url, 16, chosen.seconds))
        for name in lists:
            entry = load.summary(rounds[name])
            report.figures.setdefault("rows", {}).setdefault(books, {})[name] = entry
            table.row(f"{books:,}", name, number(entry["rps"]), number(entry["p50_ms"]), number(entry["p99_ms"]))
        services.stop(ours.child)
        services.sql("postgres", "-c", f'DROP DATABASE "{database}" WITH (FORCE)')


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = options(__doc__, rounds=3, seconds=5)
    parser.add_argument("--connections", type=numbers, default=[1, 4, 16, 64, 256])
    parser.add_argument("--books", type=numbers, default=[1_000, 10_000, 100_000, 1_000_000], help="rows of the second table")
    parser.add_argument("--rows", choices=SIZES, default="full", help="of the first table")
    chosen = parser.parse_args()
    build("handwritten")
    report = Report("scaling")
    with Services() as services:
        connections(report, services, chosen)
        rows(report, services, chosen)
    report.write(chosen)


if __name__ == "__main__":
    main()
