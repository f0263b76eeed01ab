"""A throw-away PostgreSQL and Redis on private ports, and the processes that are measured with them."""

import os
import pathlib
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**more):
    """The caller's variables without those that couplet reads, so that nobody's settings are measured."""
    settings = ("DATABASE_URL", "REDIS_URL", "BIND", "RUST_LOG")
    kept = {name: value for name, value in os.environ.items() if name not in settings and not name.startswith("COUPLET_")}
    return kept | more


def rows_of_query(url, statement):
    """What psql answers to a statement: a list of texts for each row."""
    done = subprocess.run(["psql", "-qAtX", "-F", "|", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [line.split("|") for line in done.stdout.splitlines()]


class Services:
    """PostgreSQL, Redis and whatever is started beside them, until `close`; `with` closes it."""

    def __init__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or nothing is stopped
        self.children = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="couplet-bench-"))
        self.folder.chmod(0o755)  # the user postgres looks into it
        self.redis_databases = 0
        try:
            self.start_postgres()
            self.redis_port = free_port()
            self.start("redis", ["redis-server", "--port", self.redis_port, "--bind", "127.0.0.1", "--save", "",
                                 "--appendonly", "no"])
            self.wait_for_port("redis", self.redis_port)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start_postgres(self):
        binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        if not binaries:
            sys.exit("PostgreSQL is missing: apt install postgresql")
        data = self.folder / "pg"
        data.mkdir()
        as_postgres = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            as_postgres = ["runuser", "-u", "postgres", "--"]
            user = pwd.getpwnam("postgres")
            os.chown(data, user.pw_uid, user.pw_gid)
        subprocess.run([*as_postgres, binaries[-1] / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C.UTF-8"], check=True, cwd="/", **QUIET)
        port = free_port()
        self.start("postgres", [*as_postgres, binaries[-1] / "postgres", "-D", data, "-p", port, "-k", data,
                                "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200",
                                "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"], cwd="/")
        self.server_url = f"postgres://postgres@127.0.0.1:{port}"
        self.wait_for("postgres", lambda: subprocess.run(["psql", "-qX", self.url("postgres"), "-c", "SELECT 1"],
                                                         **QUIET).returncode == 0)

    def url(self, database):
        return f"{self.server_url}/{database}"

    def redis_url(self):
        """A database of Redis that nobody else has."""
        self.redis_databases += 1
        return f"redis://127.0.0.1:{self.redis_port}/{self.redis_databases}"

    def sql(self, database, *arguments):
        """Runs psql with these arguments."""
        done = subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.url(database), *map(str, arguments)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.stderr)

    def log(self, name):
        return self.folder / f"{name}.log"

    def start(self, name, command, **more):
        """Starts a process in a group of its own; what it prints goes to `log(name)`."""
        command = shlex.split(command) if isinstance(command, str) else [str(part) for part in command]
        with self.log(name).open("wb") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                                     **more)
        self.children.append(child)
        child.name = name
        return child

    def wait_for(self, name, succeeds, seconds=60):
        """Waits until `succeeds()`, and gives up when the process has ended."""
        child = next(child for child in reversed(self.children) if child.name == name)
        deadline = time.monotonic() + seconds
        while not succeeds():
            if child.poll() is not None or time.monotonic() > deadline:
                log = self.log(name).read_text(errors="replace")[-2000:]
                sys.exit(f"{name} does not start; its log ends with:\n{log}")
            time.sleep(0.05)

    def wait_for_port(self, name, port):
        def is_open():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        self.wait_for(name, is_open)

    def stop(self, child):
        """Ends a process and its children."""
        how = signal.SIGINT if child.name == "postgres" else signal.SIGTERM  # SIGTERM would wait for PostgreSQL's clients
        for number in (how, signal.SIGKILL):
            try:
                os.killpg(child.pid, number)
                child.wait(15)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        child.wait()
        self.children.remove(child)

    def close(self):
        for child in reversed(self.children[:]):
            self.stop(child)
        shutil.rmtree(self.folder, ignore_errors=True)
