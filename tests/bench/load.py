"""Load by wrk, in alternating rounds, and what is said of it."""

import json
import re
import statistics
import subprocess
import sys
import typing

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}


class Round(typing.NamedTuple):
    """Requests a second, and the seconds in which half and 99 % of them were answered."""

    rps: float
    p50: float
    p99: float


def wrk(url, connections, duration, script=None):
    """One run of wrk. An answer that is not a 2xx or 3xx, and a connection that is lost, end everything."""
    extra = ["-s", str(script)] if script else []
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--timeout", "30s", "--latency", *extra, url],
                          capture_output=True, text=True)
    found = parse(done.stdout)
    if isinstance(found, str):
        sys.exit(f"{url} with {connections} connections: {found}\n{done.stdout}{done.stderr}")
    return found


def parse(output):
    """What wrk has measured, or what is wrong with it."""
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    if refused:
        return f"{refused[1]} answers are no success"
    if "Socket errors:" in output:
        return "connections were lost"
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    latencies = [re.search(rf"{mark}%\s+([\d.]+)(us|ms|s|m)\n", output) for mark in (50, 99)]
    if not rate or not float(rate[1]) or None in latencies:
        return "wrk found nothing to measure"
    return Round(float(rate[1]), *(float(number) * UNITS[unit] for number, unit in (found.groups() for found in latencies)))


def post(services, body):
    """A script for wrk that posts a body."""
    script = services.folder / "post.lua"
    script.write_text(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
                      f"wrk.body = [[{json.dumps(body)}]]\n")
    return script


def alternate(contestants, rounds, run):
    """Runs each contestant once a round. Who begins moves on, so that nobody always comes after the same one."""
    found = {name: [] for name in contestants}
    order = list(contestants)
    for number in range(rounds):
        shift = number % len(order)
        for name in order[shift:] + order[:shift]:
            found[name].append(run(contestants[name]))
    return found


def summary(rounds, baseline=None):
    """Medians of one contestant's rounds, and of its ratios to another one within each round."""
    said = {
        "rps": statistics.median(each.rps for each in rounds),
        "p50_ms": 1000 * statistics.median(each.p50 for each in rounds),
        "p99_ms": 1000 * statistics.median(each.p99 for each in rounds),
        "rounds": [each._asdict() for each in rounds],
    }
    if baseline:
        said |= ratio([each.rps for each in rounds], [each.rps for each in baseline])
    return said


def ratio(figures, baseline):
    """The median, the lowest and the highest ratio within a round."""
    ratios = [one / other for one, other in zip(figures, baseline, strict=True)]
    return {"ratio": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios)}
