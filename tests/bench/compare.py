#!/usr/bin/env python3
"""Measures servers side by side on the same rows, in alternating rounds of one run.

It starts its own PostgreSQL and Redis on private ports (Debian packages postgresql, redis-server, wrk; python3-venv for
the FastAPI peer), loads sql/schema.sql and sql/data.sql, builds and starts the servers, compares the rows that they
answer, warms each scenario, and prints requests a second, p50 and p99 as medians over the rounds, and each server's
ratio to `handwritten` within the same round. Ratios are comparable between machines; the figures are not.

`cursor_deep` compares a cursor page at depth 80,000 with the first cursor page of the same server; `cached` and
`cached_50ms` compare lists whose answers are kept, strictly fresh and at most 50 ms old, with the hand-written list.
"""

import argparse
import datetime
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("BENCH_CACHE", pathlib.Path.home() / ".cache" / "couplet-bench"))

PLAIN = {
    "list20": "/books?page=1&per_page=20",
    "filtered": "/books?language=fra&page=3&per_page=20",
    "belongs_to": "/books-with-author?page=1&per_page=20",
    "has_many": "/authors-with-books?page=1&per_page=20",
    "get": "/books/4242",
    "deep_page": "/books?page=4000&per_page=20",
    "create": "/books",
    "cached": "/books?page=1&per_page=20",
    "cached_50ms": "/books?page=1&per_page=20",
}
CRUDCRATE = {
    "list20": "/books?range=%5B0,19%5D",
    "filtered": "/books?filter=%7B%22language%22%3A%22fra%22%7D&range=%5B40,59%5D",
    "has_many": "/authors-with-books?range=%5B0,19%5D",
    "get": "/books/4242",
    "deep_page": "/books?range=%5B79980,79999%5D",
}
OURS = {
    "list20": "/books?page=1&per_page=20",
    "filtered": "/books?language=fra&page=3&per_page=20",
    "belongs_to": "/books?page=1&per_page=20&include=author",
    "has_many": "/authors?page=1&per_page=20&include=books",
    "get": "/books/4242",
    "deep_page": "/books?page=4000&per_page=20",
    "create": "/books",
    "cached": "/cached-books?page=1&per_page=20",
    "cached_50ms": "/briefly-cached-books?page=1&per_page=20",
    "cursor_deep": "/books?per_page=20&cursor=",
}
ON_SQLITE = {"list20", "filtered", "has_many", "get", "deep_page"}
READS = ["list20", "filtered", "belongs_to", "has_many", "get", "deep_page"]
NEW_BOOK = {"author_id": 77, "title": "A new book", "isbn": None, "language": "eng", "published_year": 2024, "rating": 4.5,
            "created_at": "2024-05-06T07:08:09Z"}
SIZES = {"small": (1000, 10_000, 50_000), "full": (10_000, 100_000, 1_000_000)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port} after {seconds} s")


class Services:
    """A throwaway PostgreSQL and Redis."""

    def __init__(self):
        self.children = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="couplet-bench-"))
        os.chmod(self.folder, 0o755)
        binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        data = self.folder / "pg"
        self.as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_postgres:
            data.mkdir()
            user = pwd.getpwnam("postgres")
            os.chown(data, user.pw_uid, user.pw_gid)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*self.as_postgres, binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust"], check=True, **quiet)
        self.pg_port, self.redis_port = free_port(), free_port()
        self.start([*self.as_postgres, binaries / "postgres", "-D", data, "-p", str(self.pg_port), "-k", data,
                    "-c", "max_connections=200", "-c", "shared_buffers=512MB", "-c", "listen_addresses=127.0.0.1"])
        self.start(["redis-server", "--port", str(self.redis_port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"])
        wait_for(self.pg_port)
        wait_for(self.redis_port)
        self.database_url = f"postgres://postgres@127.0.0.1:{self.pg_port}/postgres"
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}"

    def start(self, command, **more):
        child = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, start_new_session=True, **more)
        self.children.append(child)
        return child

    def psql(self, *arguments):
        for _ in range(50):
            done = subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.database_url, *arguments],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode == 0:
                return
            if "starting up" not in done.stderr:
                break
            time.sleep(0.1)
        sys.exit(done.stderr)

    def close(self):
        for child in reversed(self.children):
            try:
                os.killpg(child.pid, signal.SIGTERM)
                child.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        shutil.rmtree(self.folder, ignore_errors=True)


def cargo_peer(name):
    target = CACHE / "target"
    subprocess.run(["cargo", "build", "--release", "--quiet", "--manifest-path", HERE / "peers" / name / "Cargo.toml",
                    "--target-dir", target], check=True)
    return [target / "release" / f"peer-{name}"]


def fastapi_peer():
    venv = CACHE / "venv"
    if not (venv / "bin" / "uvicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "-q", "-r", HERE / "peers/fastapi/requirements.txt"], check=True)
    return [venv / "bin" / "uvicorn", "app:app", "--workers", "2", "--log-level", "warning", "--no-access-log"]


def fill_sqlite(services, ours, sizes):
    """Makes a SQLite file of the same rows, in the tables that our service would make; a copy for each server."""
    authors, books, reviews = sizes
    path = services.folder / "ours.db"
    tables = subprocess.run(["sh", "-c", f"{ours} schema --dialect sqlite"], capture_output=True, text=True, check=True).stdout
    database = sqlite3.connect(path)
    database.executescript(f"PRAGMA journal_mode = wal; {tables}")
    at = lambda year, seconds: (datetime.datetime(year, 1, 1) + datetime.timedelta(seconds=seconds)).isoformat() + ".000000Z"
    database.executemany("INSERT INTO authors (id, name, email, status, created_at) VALUES (?, ?, ?, ?, ?)", (
        (i, f"Author {i}", f"author{i}@example.org", ("active", "inactive", "retired")[i % 3], at(2020, 60 * i))
        for i in range(1, authors + 1)))
    database.executemany(
        "INSERT INTO books (id, author_id, title, isbn, language, published_year, rating, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (
        (i, 1 + i * 7919 % authors, f"Book number {i} of the long series", None if i % 10 == 0 else f"{i * 104729 % 10**10:010}",
         ("eng", "fra", "deu", "spa", "jpn")[i % 5], 1900 + i % 125, round(1 + i * 31 % 400 / 100, 2), at(2021, 10 * i))
        for i in range(1, books + 1)))
    database.executemany("INSERT INTO reviews (id, book_id, rating, body, created_at) VALUES (?, ?, ?, ?, ?)", (
        (i, 1 + i * 6101 % books, 1 + i % 5, f"Review body number {i} with a few words in it.", at(2022, i))
        for i in range(1, reviews + 1)))
    for index in ("author_id, id", "language, id"):
        database.execute(f"CREATE INDEX IF NOT EXISTS bench_{index[0]} ON books ({index})")
    database.execute("ANALYZE")
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    shutil.copy(path, services.folder / "handwritten-sqlite.db")


def launch(name, services, options):
    """Starts one server and returns (process, base address, paths)."""
    port, ours = free_port(), options.ours
    environment = os.environ | {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url,
                                "BIND": f"127.0.0.1:{port}", "RUST_LOG": "warn"}
    if options.database == "sqlite":
        environment["DATABASE_URL"] = f"sqlite://{services.folder / name}.db"
        del environment["REDIS_URL"]
    if name == "fastapi":
        environment["DATABASE_URL"] = services.database_url.replace("postgres://", "postgresql+asyncpg://")
        child = services.start([*fastapi_peer(), "--port", str(port)], env=environment, cwd=HERE / "peers/fastapi")
        paths = PLAIN
    elif name == "ours":
        if options.database == "postgres":
            environment["DATABASE_URL"] = services.database_url.rsplit("/", 1)[0] + "/ours"
        child = services.start(["sh", "-c", "exec " + ours], env=environment)
        paths = OURS
    else:
        child = services.start(cargo_peer(name), env=environment)
        paths = CRUDCRATE if name == "crudcrate" else PLAIN
    wait_for(port)
    return child, f"http://127.0.0.1:{port}", paths


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}[unit]


def wrk(url, connections, duration, script=None):
    extra = ["-s", script] if script else []
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--latency", *extra, url],
                         capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    latencies = [re.search(rf"{mark}%\s+([\d.]+(?:us|ms|s|m))\n", out) for mark in (50, 99)]
    if not rate or None in latencies:
        sys.exit(f"wrk found nothing to measure at {url}:\n{out}")
    p50, p99 = (seconds(found[1]) for found in latencies)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return rate, p50, p99, int(bad[1]) if bad else 0


def fetch(url):
    return urllib.request.urlopen(url, timeout=30).read()


def rows_of(body):
    """The rows of an answer, comparable between servers that name other things differently."""
    body = json.loads(body)
    rows = body.get("items", [body]) if isinstance(body, dict) else body
    return [(row["id"], [book["id"] for book in row.get("books", [])], (row.get("author") or {}).get("id")) for row in rows]


def draw(results, path):
    """Draws the ratios to `handwritten` as bars."""
    bars = [(scenario, name, entry["ratio"]) for scenario, servers in results.items() if scenario != "resident_mib"
            for name, entry in servers.items() if entry.get("ratio") and name not in ("handwritten", "handwritten-sqlite")]
    widest = max(ratio for _, _, ratio in bars)
    colours = {"ours": "#2b6cb0", "fastapi": "#a0aec0", "crudcrate": "#cbd5e0", "ours_first": "#90cdf4"}
    height, lines, last = 18, [], None
    y = 24
    for scenario, name, ratio in bars:
        if scenario != last:
            y, last = y + 8, scenario
        width = max(1, 420 * ratio / widest)
        lines.append(f'<text x="8" y="{y + 13}">{scenario} {"couplet" if name == "ours" else name}</text>'
                     f'<rect x="190" y="{y + 2}" width="{width:.0f}" height="{height - 4}" fill="{colours.get(name, "#718096")}"/>'
                     f'<text x="{195 + width:.0f}" y="{y + 13}">{ratio:.2f}</text>')
        y += height
    one = 190 + 420 / widest
    picture = (f'<svg xmlns="http://www.w3.org/2000/svg" width="680" height="{y + 12}" font-family="sans-serif" font-size="12">'
               f'<rect width="100%" height="100%" fill="white"/><text x="8" y="16">Requests a second, where a service written by hand has 1</text>'
               f'<line x1="{one:.0f}" y1="24" x2="{one:.0f}" y2="{y}" stroke="#c53030" stroke-dasharray="3 3"/>{"".join(lines)}</svg>\n')
    pathlib.Path(path).write_text(picture)


def cursor_at(base, depth=80_000):
    """The address of the cursor page that starts `depth` books after the first."""
    cursor = ""
    for _ in range(depth // 100):
        meta = json.loads(fetch(f"{base}/books?per_page=100&cursor={urllib.parse.quote(cursor)}"))["meta"]
        cursor = meta["next_cursor"]
        if not cursor:
            sys.exit("the cursor ended before the depth that was asked for")
    return f"{base}/books?per_page=20&cursor={urllib.parse.quote(cursor)}"


def resident_mib(child):
    """Resident memory of a process and its children."""
    total = 0
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        pid, parent = status.parent.name, re.search(r"PPid:\s+(\d+)", text)[1]
        if str(child.pid) in (pid, parent):
            resident = re.search(r"VmRSS:\s+(\d+)", text)
            total += int(resident[1]) if resident else 0
    return total / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="handwritten,fastapi,crudcrate")
    parser.add_argument("--ours", help="the command that starts our service")
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--scenarios", default=",".join(READS))
    parser.add_argument("--rows", choices=SIZES, default="full")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--svg", help="draw the ratios into this file")
    options = parser.parse_args()
    names = options.only.split(",") + (["ours"] if options.ours and "ours" not in options.only else [])
    if options.database == "sqlite":
        names = ["handwritten-sqlite", *(["ours"] if options.ours else [])]
    for name in names:  # build before anything is measured
        if name == "fastapi":
            fastapi_peer()
        elif name != "ours":
            cargo_peer(name)
    services = Services()
    try:
        authors, books, reviews = SIZES[options.rows]
        if options.database == "sqlite":
            fill_sqlite(services, options.ours, SIZES[options.rows])
        else:
            services.psql("-f", HERE / "sql/schema.sql")
            services.psql("-v", f"authors={authors}", "-v", f"books={books}", "-v", f"reviews={reviews}", "-f", HERE / "sql/data.sql")
        if "ours" in names and options.database == "postgres":  # a database of its own: triggers of ours must not slow the others down
            services.psql("-c", "CREATE DATABASE ours TEMPLATE postgres")
        servers = {name: launch(name, services, options) for name in names}
        results = {}
        post = services.folder / "post.lua"
        post.write_text('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [[' + json.dumps(NEW_BOOK) + "]]\n")
        names = [*READS, "create", "cached", "cached_50ms", "cursor_deep"] if options.scenarios == "all" else options.scenarios.split(",")
        if options.database == "sqlite":
            names = [name for name in names if name in ON_SQLITE]
        for scenario in names:
            able = {name: base + paths[scenario] for name, (_, base, paths) in servers.items() if scenario in paths}
            baseline, script = "handwritten", str(post) if scenario == "create" else None
            if options.database == "sqlite":
                baseline = "handwritten-sqlite"
            if scenario.startswith("cached"):
                able = {name: able[name] for name in ("handwritten", "ours") if name in able}
            if scenario == "cursor_deep":
                if "ours" not in able:
                    continue
                able, baseline = {"ours_first": able["ours"], "ours": cursor_at(servers["ours"][1])}, "ours_first"
            if scenario not in ("create", "cursor_deep", "deep_page"):
                answers = {name: rows_of(fetch(url)) for name, url in able.items() if name != "crudcrate"}
                if any(rows != answers[baseline] for rows in answers.values()):
                    sys.exit(f"{scenario}: the servers do not answer the same rows")
            for name, url in able.items():
                size = 0 if script else len(fetch(url))
                results.setdefault(scenario, {})[name] = {"bytes": size, "rounds": []}
                wrk(url, options.connections, 1, script)
            for _ in range(options.rounds):
                for name, url in able.items():
                    results[scenario][name]["rounds"].append(wrk(url, options.connections, options.seconds, script))
            base_rounds = results[scenario].get(baseline, {}).get("rounds")
            for name in able:
                entry = results[scenario][name]
                rounds = entry["rounds"]
                entry["rps"] = statistics.median(r[0] for r in rounds)
                entry["p50_ms"] = 1000 * statistics.median(r[1] for r in rounds)
                entry["p99_ms"] = 1000 * statistics.median(r[2] for r in rounds)
                entry["errors"] = sum(r[3] for r in rounds)
                entry["ratio"] = statistics.median(r[0] / b[0] for r, b in zip(rounds, base_rounds)) if base_rounds else None
                ratio = f"{entry['ratio']:6.2f}x" if entry["ratio"] else "      -"
                print(f"{scenario:11} {name:12} {entry['rps']:9.0f} req/s  p50 {entry['p50_ms']:7.2f} ms  "
                      f"p99 {entry['p99_ms']:7.2f} ms  {ratio} {baseline}  {entry['bytes']:6} B  errors {entry['errors']}", flush=True)
        for name, (child, _, _) in servers.items():
            results.setdefault("resident_mib", {})[name] = round(resident_mib(child), 1)
        print("resident MiB:", results["resident_mib"])
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(results, indent=1))
        if options.svg:
            draw(results, options.svg)
    finally:
        services.close()


if __name__ == "__main__":
    main()
