"""The servers that are compared: how each is built, started and read."""

import dataclasses
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import typing
import urllib.error
import urllib.parse
import urllib.request

from rows import sqlite_file
from services import environment, free_port

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("BENCH_CACHE", pathlib.Path.home() / ".cache" / "couplet-bench"))
VENV = CACHE / "venv"
MOST_SKIPPED = 100_000
TITLES = {"ours": "couplet", "handwritten": "by hand", "handwritten-sqlite": "by hand", "fastapi": "FastAPI",
          "crudcrate": "crudcrate"}


@dataclasses.dataclass
class Server:
    name: str
    base: str
    child: subprocess.Popen
    #: Where its rows are.
    database_url: str


def build(name):
    """Makes what `command` starts, unless it is there."""
    if name == "fastapi":
        wanted = (HERE / "peers/fastapi/requirements.txt").read_text()
        installed = VENV / "requirements.txt"
        if not installed.exists() or installed.read_text() != wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
            subprocess.run([VENV / "bin/pip", "install", "-q", "-r", HERE / "peers/fastapi/requirements.txt"], check=True)
            installed.write_text(wanted)
    elif name != "ours":
        subprocess.run(["cargo", "build", "--release", "--quiet", "--locked", "--manifest-path",
                        HERE / "peers" / name / "Cargo.toml", "--target-dir", CACHE / "target"], check=True)


def launch(services, name, ours=None, database=None, instance=None, **more):
    """Starts a server on the PostgreSQL database or the SQLite file of its name, or `database`, and waits until it answers."""
    port, instance = free_port(), instance or name
    sqlite = sqlite_file(services, database or name)
    url = f"sqlite://{sqlite}" if sqlite.exists() else services.url(database or name)
    variables = environment(BIND=f"127.0.0.1:{port}", RUST_LOG="warn", DATABASE_URL=url, **more)
    if not sqlite.exists():
        variables["REDIS_URL"] = services.redis_url()
    if name == "ours":
        command, folder = ours, services.folder  # not where a Couplet.toml might be
    elif name == "fastapi":
        variables["DATABASE_URL"] = url.replace("postgres://", "postgresql+asyncpg://")
        command, folder = [VENV / "bin/uvicorn", "app:app", "--port", port, "--workers", len(os.sched_getaffinity(0)),
                           "--log-level", "warning", "--no-access-log"], HERE / "peers/fastapi"
    else:
        command, folder = [CACHE / "target/release" / f"peer-{name}"], services.folder
    child = services.start(instance, command, env=variables, cwd=folder)
    base = f"http://127.0.0.1:{port}"
    if name == "ours":
        services.wait_for(instance, lambda: is_ready(base))
    else:
        services.wait_for_port(instance, port)
    return Server(name, base, child, url)


def is_ready(base):
    try:
        return bool(urllib.request.urlopen(f"{base}/health/ready", timeout=5).read())
    except (OSError, urllib.error.URLError):
        return False


def fetch(url, body=None, method=None):
    """The body of an answer and its Content-Range, which is where crudcrate has the total; anything but a 2xx ends the run."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read(), answer.headers.get("Content-Range")
    except urllib.error.HTTPError as error:
        sys.exit(f"{request.get_method()} {url} answers {error.code}: {error.read().decode(errors='replace')[:500]}")


class Answer(typing.NamedTuple):
    rows: list
    total: int | None


def answer(url, body=None):
    """What a server says, comparable between servers that name and write things differently."""
    text, content_range = fetch(url, body)
    found = json.loads(text)
    if isinstance(found, list):
        return Answer([comparable(row) for row in found], int(content_range.rsplit("/", 1)[1]))
    if "items" in found:
        return Answer([comparable(row) for row in found["items"]], found["meta"]["total"])
    return Answer([comparable(found)], None)


def comparable(row):
    """A row whose times are times, and whose related rows are in order."""
    as_value = {dict: comparable, list: lambda rows: sorted((comparable(each) for each in rows), key=lambda each: each["id"])}
    return {column: datetime.datetime.fromisoformat(value) if column == "created_at"
            else as_value.get(type(value), lambda same: same)(value) for column, value in row.items()}


def resident_mib(child):
    """Resident memory of a process, and of its children what they do not share."""
    total = memory_of(child.pid, "Rss")
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            if f"\nPPid:\t{child.pid}\n" in status.read_text():
                total += memory_of(status.parent.name, "Private_Clean", "Private_Dirty")
        except OSError:  # it has ended meanwhile
            continue
    return total / 1024


def memory_of(pid, *kinds):
    """KiB of these kinds."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(re.search(rf"^{kind}:\s+(\d+)", text, re.MULTILINE)[1]) for kind in kinds)


def cpu_seconds(child):
    """The CPU time that a process has taken, in the system too."""
    fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cursor_page(base, depth):
    """The address of the cursor page that begins after so many books: a page by number may skip no more than `MOST_SKIPPED`."""
    skipped = min(depth, MOST_SKIPPED) // 20 * 20
    url = f"{base}/books?page={max(skipped // 20, 1)}&per_page=20"
    while True:
        cursor = json.loads(fetch(url)[0])["meta"]["next_cursor"]
        if not cursor:
            sys.exit(f"{url}: no cursor leads on from here")
        if skipped + 100 > depth:
            return f"{base}/books?per_page=20&cursor={urllib.parse.quote(cursor)}"
        url = f"{base}/books?per_page=100&cursor={urllib.parse.quote(cursor)}"
        skipped += 100
