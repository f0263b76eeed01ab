#!/usr/bin/env python3
"""Milliseconds from starting the example app to the first 200 of /health/ready.

On SQLite and PostgreSQL, with the database that an earlier start has left and with an empty one, in turns. With an empty one
the app runs its migrations and makes up its catalogue, 63,600 rows and those that connect them, before it is ready. The
median with existing databases has to stay below `--bar`; start a release build, since a debug one does not.
"""

import http.client
import shutil
import statistics
import sys
import time

from report import Report, number, options
from servers import memory_of
from services import Services, environment, free_port


def time_start(services, app, url, **variables):
    """The milliseconds until it is ready, and its resident MiB then."""
    port = free_port()
    began = time.perf_counter()
    child = services.start("app", app, cwd=services.folder, env=environment(
        BIND=f"127.0.0.1:{port}", DATABASE_URL=url, RUST_LOG="warn", **variables))
    while not is_ready(port):
        if child.poll() is not None or time.perf_counter() > began + 120:
            sys.exit(f"the app does not start:\n{services.log('app').read_text(errors='replace')[-2000:]}")
        time.sleep(0.001)
    taken = 1000 * (time.perf_counter() - began)
    resident = memory_of(child.pid, "Rss") / 1024
    services.stop(child)
    return taken, resident


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def empty_sqlite(services):
    folder = services.folder / "empty"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return f"sqlite://{folder}/app.db"


def empty_postgres(services):
    services.sql("postgres", "-c", "DROP DATABASE IF EXISTS empty WITH (FORCE)", "-c", "CREATE DATABASE empty")
    return services.url("empty")


def main():
    parser = options(__doc__, rounds=11, sizes=False)
    parser.add_argument("--app", required=True, help="the command that starts the example app")
    parser.add_argument("--bar", type=float, default=150, help="milliseconds allowed with an existing database; 0: any")
    chosen = parser.parse_args()
    report = Report("start")
    with Services() as services:
        services.sql("postgres", "-c", "CREATE DATABASE existing")
        existing = {"SQLite": f"sqlite://{services.folder}/existing.db", "PostgreSQL": services.url("existing")}
        for url in existing.values():
            time_start(services, chosen.app, url)
        starts = {
            ("SQLite", "existing"): lambda: existing["SQLite"],
            ("SQLite", "empty"): lambda: empty_sqlite(services),
            ("PostgreSQL", "existing"): lambda: existing["PostgreSQL"],
            ("PostgreSQL", "empty"): lambda: empty_postgres(services),
        }
        found = {case: [] for case in starts}
        for _ in range(chosen.rounds):
            for case, url in starts.items():
                found[case].append(time_start(services, chosen.app, url()))
    table = report.table("From start to ready", {"database": "<10", "state": "<8", "ms": ">8", "fastest": ">8", "slowest": ">8",
                                                 "resident MiB": ">12"})
    slow = []
    for (database, state), rounds in found.items():
        times = [taken for taken, _ in rounds]
        median, resident = statistics.median(times), statistics.median(resident for _, resident in rounds)
        table.row(database, state, number(median), number(min(times)), number(max(times)), number(resident))
        report.figures[f"{database}, {state}"] = {"ms": times, "median_ms": median, "resident_mib": resident}
        if state == "existing" and chosen.bar and median > chosen.bar:
            slow.append(f"{database}: ready after {median:.0f} ms, and {chosen.bar:.0f} are allowed")
    report.write(chosen)
    if slow:
        sys.exit("\n".join(slow))


if __name__ == "__main__":
    main()
