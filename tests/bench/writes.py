#!/usr/bin/env python3
"""Four reads to one write, and whether totals are right at the end.

Of 100 requests 60 are the first page of all books, 20 a page of those in one language, 10 create a book and 10 change the
language and the rating of one, in an order that a fixed seed decides. Three services take turns: ours; the one written by hand,
whose totals are up to 300 s old; and the same one when each write deletes the totals that are kept, as FastAPI's does.

At the end each is asked for its totals, of all books and of each language, and the database for the number of rows. One
wrong total of ours fails the run; those of the others are shown.
"""

import json
import sys
import time

import load
from report import Report, number, options, times
from rows import SIZES, fill_postgres
from scenarios import LIST, NEW_BOOK
from servers import answer, build, launch
from services import Services, rows_of_query

LANGUAGES = ("eng", "fra", "deu", "spa", "jpn")
CONTESTANTS = {"ours": "couplet", "handwritten": "by hand", "handwritten-forgets": "by hand, writes delete totals"}
MIX = """
math.randomseed(%(seed)d)
local json = {["Content-Type"] = "application/json"}
local languages = {%(languages)s}
request = function()
  local dice = math.random(100)
  local language = languages[math.random(#languages)]
  if dice <= 60 then
    return wrk.format("GET", "%(list)s")
  elseif dice <= 80 then
    return wrk.format("GET", "/books?language=" .. language .. "&page=3&per_page=20")
  elseif dice <= 90 then
    return wrk.format("POST", "/books", json, [[%(book)s]])
  end
  local change = string.format('{"language": "%%s", "rating": %%.1f}', language, 1 + math.random(40) / 10)
  return wrk.format("PATCH", "/books/" .. math.random(%(books)d), json, change)
end
"""


def mix(services, books):
    script = services.folder / "mix.lua"
    languages = ", ".join(f'"{language}"' for language in LANGUAGES)
    script.write_text(MIX % {"seed": 20240506, "languages": languages, "list": LIST, "books": books,
                             "book": json.dumps(NEW_BOOK)})
    return script


def quiet_count(url, seconds=30):
    """The number of books by language once nobody writes any more: wrk leaves requests behind."""
    count = lambda: {row[0]: int(row[1]) for row in rows_of_query(url, "SELECT language, count(*) FROM books GROUP BY 1")}
    before, deadline = count(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(1)
        now = count()
        if now == before:
            return now
        before = now
    sys.exit("somebody goes on writing after the end of the load")


def wrong_totals(server):
    """The differences between each total that a server answers and the number of rows, where there is one."""
    rows = quiet_count(server.database_url)
    wanted = {LIST: sum(rows.values())} | {f"/books?language={language}": rows[language] for language in LANGUAGES}
    told = {path: answer(server.base + path).total for path in wanted}
    return [f"{path}: {told[path]} instead of {wanted[path]}" for path in wanted if told[path] != wanted[path]]


def main():
    parser = options(__doc__, rounds=5, seconds=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rows", choices=SIZES, default="full")
    chosen = parser.parse_args()
    sizes = SIZES[chosen.rows]
    build("handwritten")
    report = Report("writes")
    with Services() as services:
        fill_postgres(services, sizes, list(CONTESTANTS))
        servers = {
            "ours": launch(services, "ours", chosen.ours),
            "handwritten": launch(services, "handwritten"),
            "handwritten-forgets": launch(services, "handwritten", database="handwritten-forgets", instance="handwritten-forgets",
                                          FORGET_COUNTS="1"),
        }
        script = mix(services, sizes.books)
        run = lambda server: load.wrk(server.base, chosen.connections, chosen.seconds, script)
        for server in servers.values():
            load.wrk(server.base + LIST, chosen.connections, 1)
        rounds = load.alternate(servers, chosen.rounds, run)
        table = report.table("Four reads to one write, and the totals at the end", {
            "": "<30", "req/s": ">8", "p50 ms": ">8", "p99 ms": ">8", "ratio": ">6", "from–to": ">11", "rows created": ">12",
            "wrong totals": ">12"})
        for name, server in servers.items():
            entry = load.summary(rounds[name], rounds["handwritten"])
            entry["created"] = sum(quiet_count(server.database_url).values()) - sizes.books
            entry["wrong"] = wrong_totals(server)
            report.figures[name] = entry
            table.row(CONTESTANTS[name], number(entry["rps"]), number(entry["p50_ms"]), number(entry["p99_ms"]), *times(entry),
                      f"{entry['created']:,}", f"{len(entry['wrong'])} of {1 + len(LANGUAGES)}")
    report.write(chosen)
    if report.figures["ours"]["wrong"]:
        sys.exit("\n".join(["totals of ours are wrong:", *report.figures["ours"]["wrong"]]))


if __name__ == "__main__":
    main()
