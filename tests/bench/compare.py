#!/usr/bin/env python3
"""Measures servers side by side on the same rows, in alternating rounds of one run.

It starts its own PostgreSQL and Redis on private ports (Debian packages postgresql, redis-server, wrk; python3-venv for
the FastAPI peer), gives each server a database of the same rows, builds and starts the servers, compares what they
answer, warms each scenario, and prints requests a second, p50 and p99 as medians over the rounds, and each server's
ratio to the one written by hand, as the median over the ratios within a round. Ratios are comparable between machines;
the figures are not.

`cursor_deep` compares a cursor page at four fifths of the rows with the first page of the same server; `cached` and
`cached_50ms` compare lists whose answers are kept, strictly fresh and at most 50 ms old, with the list by hand.
"""

import sys

import drawing
import load
from report import Report, Table, number, options, times
from rows import SIZES, fill_postgres, fill_sqlite
from scenarios import FIRST_PAGE, LIST, scenarios
from servers import TITLES, VENV, answer, build, cursor_page, fetch, launch, resident_mib
from services import Services

PEERS = ["handwritten", "fastapi", "crudcrate"]


def addresses(scenario, servers):
    """The address of each server that can do it."""
    able = {name: server.base + scenario.paths[name] for name, server in servers.items() if name in scenario.paths}
    if scenario.name == "cursor_deep" and able:
        base = servers["ours"].base
        able = {FIRST_PAGE: base + LIST, "ours": cursor_page(base, scenario.depth)}
    return able


def compare_answers(scenario, able):
    """Ends the run unless all servers answer the same rows and the same total."""
    if scenario.name == "cursor_deep":
        return
    first, *others = ((name, answer(url, scenario.body)) for name, url in able.items())
    for name, found in others:
        if found != first[1]:
            sys.exit(f"{scenario.name}: {first[0]} and {name} do not answer the same:\n{first[1]}\n{found}")


def measure(scenario, servers, services, chosen):
    """The figures of one scenario by server."""
    able = addresses(scenario, servers)
    if not able:
        return {}
    compare_answers(scenario, able)
    script = load.post(services, scenario.body) if scenario.body else None
    sizes = {name: len(fetch(url, scenario.body)[0]) for name, url in able.items()}
    for url in able.values():
        load.wrk(url, chosen.connections, 1, script)
    rounds = load.alternate(able, chosen.rounds, lambda url: load.wrk(url, chosen.connections, chosen.seconds, script))
    baseline = next((name for name in (FIRST_PAGE, "handwritten", "handwritten-sqlite") if name in able), None)
    return {name: load.summary(rounds[name], rounds.get(baseline)) | {"bytes": sizes[name]} for name in able}


def tables_for_reading(report, figures, titles, memory):
    """What the lines of the run say, a scenario a line."""
    names = list(memory)
    columns = {"requests a second": "<"} | {TITLES[name]: ">" for name in names} | {"ratio": ">", "from–to": ">"}
    rates = report.table("Requests a second, and the ratio of couplet to the one by hand", columns, printed=False)
    columns = {"p50 / p99 in ms": "<"} | {TITLES[name]: ">" for name in names}
    latencies = report.table("The time within which half and 99 % of the requests were answered", columns, printed=False)
    for scenario, entries in figures.items():
        if FIRST_PAGE in entries:
            continue
        cells = [number(entries[name]["rps"]) if name in entries else "" for name in names]
        rates.row(titles[scenario], *cells, *times(entries.get("ours", {})))
        latencies.row(titles[scenario], *(f"{number(entries[name]['p50_ms'])} / {number(entries[name]['p99_ms'])}"
                                          if name in entries else "" for name in names))
    rates.row("Resident MiB after all of it", *(number(memory[name]) for name in names), "", "")
    for scenario, entries in figures.items():
        if FIRST_PAGE in entries:
            ours, first = entries["ours"], entries[FIRST_PAGE]
            report.note(f"{titles[scenario]}: {number(ours['rps'])} requests a second, {ours['ratio']:.2f} times as many as "
                        f"without a cursor at the first row ({number(first['rps'])}).")


def main():
    parser = options(__doc__, rounds=5, seconds=5)
    parser.add_argument("--only", help="the peers to compare with, separated by commas: " + ", ".join(PEERS))
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--scenarios", default="all", help="those to run, separated by commas")
    parser.add_argument("--rows", choices=SIZES, default="full")
    parser.add_argument("--svg", help="draw the requests a second into this file")
    chosen = parser.parse_args()
    sizes, sqlite = SIZES[chosen.rows], chosen.database == "sqlite"
    known = {scenario.name: scenario for scenario in scenarios(sizes.books) if scenario.on_sqlite or not sqlite}
    wanted = list(known) if chosen.scenarios == "all" else chosen.scenarios.split(",")
    peers = ["handwritten-sqlite"] if sqlite else PEERS
    only = peers if chosen.only is None else chosen.only.split(",")
    for unknown in (set(wanted) - set(known)) | (set(only) - {"ours", *peers}):
        parser.error(f"unknown: {unknown}; scenarios: {', '.join(known)}; servers: {', '.join(peers)}")
    names = ["ours", *(name for name in peers if name in only)]
    for name in names:
        build(name)
    report = Report("compare-sqlite" if sqlite else "compare", VENV if "fastapi" in names else None)
    with Services() as services:
        if sqlite:
            fill_sqlite(services, chosen.ours, sizes, names)
        else:
            fill_postgres(services, sizes, names)
        servers = {name: launch(services, name, chosen.ours) for name in names}
        figures = {}
        lines = Table("Each server", {"scenario": "<11", "server": "<18", "req/s": ">9", "p50 ms": ">8", "p99 ms": ">8",
                                      "ratio": ">6", "from–to": ">11", "bytes": ">7"})
        for scenario in (known[name] for name in known if name in wanted):
            entries = measure(scenario, servers, services, chosen)
            figures[scenario.name] = entries
            for name, entry in entries.items():
                lines.row(scenario.name, name, number(entry["rps"]), number(entry["p50_ms"]), number(entry["p99_ms"]),
                          *times(entry), entry["bytes"])
        memory = {name: resident_mib(server.child) for name, server in servers.items()}
        print("resident MiB:", ", ".join(f"{name} {mib:.1f}" for name, mib in memory.items()))
    titles = {name: scenario.title for name, scenario in known.items()}
    tables_for_reading(report, figures, titles, memory)
    report.figures = {"scenarios": figures, "resident_mib": memory}
    report.write(chosen)
    if chosen.svg:
        drawing.draw(chosen.svg, figures, titles, memory, TITLES, report.machine["CPU"])


if __name__ == "__main__":
    main()
