"""What the figures were measured on: the machine, and the version of whatever takes part."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
CRATES = {"handwritten": ("poem", "sqlx", "rustis"), "crudcrate": ("axum", "crudcrate", "sea-orm")}
PACKAGES = ("fastapi", "sqlmodel", "sqlalchemy", "asyncpg", "pydantic", "uvicorn", "orjson", "redis")


def describe(venv=None):
    """Names and values, in the order in which they are shown."""
    facts = {
        "CPU": f"{cpu_model(pathlib.Path('/proc/cpuinfo').read_text())}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        "couplet": commit(),
        "PostgreSQL": version(["psql", "--version"]),
        "Redis": version(["redis-server", "--version"]),
        "Rust": version(["rustc", "--version"]),
        "wrk": version(["wrk", "-v"]),
        "crates": ", ".join(crates(CRATES)),
        "Python": platform.python_version(),
    }
    if venv:
        facts["packages"] = ", ".join(packages(venv, PACKAGES))
    return facts


def cpu_model(cpuinfo):
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1] if found else platform.machine()


def version(command):
    """The first number that a command prints."""
    if not shutil.which(command[0]):
        return "none"
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "unknown"


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty", "--tags"], cwd=HERE, capture_output=True, text=True)
    return done.stdout.strip() or "not a checkout"


def crates(wanted):
    """The locked versions of what the peers are built on."""
    for peer, names in wanted.items():
        locked = tomllib.loads((HERE / "peers" / peer / "Cargo.lock").read_text())["package"]
        versions = {package["name"]: package["version"] for package in locked}
        yield from (f"{name} {versions[name]}" for name in names)


def packages(venv, names):
    """The installed versions of Python packages."""
    for name in names:
        for found in pathlib.Path(venv).glob(f"lib/python*/site-packages/{name}-*.dist-info"):
            yield f"{name} {found.name.removesuffix('.dist-info').split('-')[1]}"
