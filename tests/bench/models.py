#!/usr/bin/env python3
"""What models cost: apps of 1, 10, 25 and 50 models, generated into a folder that is thrown away.

Measured are a debug build of the app's crate when its dependencies are built, `cargo check` after one line of one model has
changed (the median), the time from start to ready on a SQLite file whose tables are there (the median), resident memory then,
and the size of the binary. Builds are kept in ~/.cache/couplet-bench/models, so that dependencies are compiled once;
the first run takes many minutes. `--started debug` does without the release build.
"""

import os
import statistics
import subprocess
import sys
import time

import generated
from report import Report, number, options
from servers import CACHE
from services import Services, environment
from start import time_start

TARGET = CACHE / "models"


def cargo(folder, *arguments):
    """The seconds that cargo takes."""
    began = time.perf_counter()
    done = subprocess.run(["cargo", *arguments, "--quiet", "--offline", "--target-dir", TARGET], cwd=folder,
                          env=environment(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"cargo {' '.join(arguments)} fails in {folder}:\n{done.stderr[-4000:]}")
    return time.perf_counter() - began


def build_alone(folder, count, *arguments):
    """The seconds for the app's crate alone. The first build makes what it depends on."""
    cargo(folder, "build", *arguments)
    cargo(folder, "clean", "--package", f"models-{count}", *arguments)
    return cargo(folder, "build", *arguments)


def check_again(folder, count, rounds):
    """The seconds of a check after a change, once for each round."""
    cargo(folder, "check")
    for round in range(rounds):
        generated.touch(folder, max(count // 2, 1), round)
        yield cargo(folder, "check")


def measure(services, count, chosen):
    folder = services.folder / f"models-{count}"
    generated.write_app(folder, count)
    built = build_alone(folder, count)
    checked = statistics.median(check_again(folder, count, chosen.rounds))
    generated.touch(folder, 1, 0)
    release = ["--release"] if chosen.started == "release" else []
    released = build_alone(folder, count, *release) if release else None
    binary = TARGET / chosen.started / f"models-{count}"
    database = f"sqlite://{services.folder}/models-{count}.db"
    time_start(services, [binary], database, COUPLET_PROFILE="development")  # which makes the tables
    starts = [time_start(services, [binary], database) for _ in range(chosen.rounds)]
    return {"build_s": built, "check_s": checked, "release_build_s": released,
            "start_ms": statistics.median(taken for taken, _ in starts),
            "resident_mib": statistics.median(resident for _, resident in starts),
            "binary_mib": os.path.getsize(binary) / 2**20}


def main():
    parser = options(__doc__, rounds=5, sizes=False)
    parser.add_argument("--models", type=lambda text: [int(part) for part in text.split(",")], default=[1, 10, 25, 50])
    parser.add_argument("--started", choices=["release", "debug"], default="release",
                        help="the build whose start, memory and size are shown")
    chosen = parser.parse_args()
    report = Report("models")
    table = report.table(f"Models; start, memory and size of the {chosen.started} build", {
        "models": ">6", "debug build s": ">13", "check s": ">8", "release build s": ">15", "start ms": ">9",
        "resident MiB": ">12", "binary MiB": ">10"})
    with Services() as services:
        for count in chosen.models:
            entry = report.figures[count] = measure(services, count, chosen)
            released = number(entry["release_build_s"]) if entry["release_build_s"] else ""
            table.row(count, number(entry["build_s"]), number(entry["check_s"]), released, number(entry["start_ms"]),
                      number(entry["resident_mib"]), number(entry["binary_mib"]))
    report.write(chosen)


if __name__ == "__main__":
    main()
