"""What schemathesis may object to, each with the reason why the API is right: what OpenAPI 3.0 cannot say.

Requests that the specification allows and the API refuses, because of two parameters together, are mostly not sent at
all, so that those that are sent reach the database.
"""

import itertools
import json
import os
import re

import schemathesis

#: Mistakes that may be found in a request that is valid by the specification: (code, detail, reason). A refusal is an
#: exception if each of its mistakes is.
MISTAKES = [
    ("out_of_range", "", "a bound of `page` and `per_page` together"),
    ("conflicting_parameters", "", "`page` excludes `cursor`"),
    ("not_included", "", "an option of an include needs its path in `include`"),
    ("invalid_cursor", "", "only the API itself can make a cursor"),
    ("cursor_mismatch", "", "a cursor belongs to one list"),
    ("stale", "", "a version in `If-Match` or in an item is one that the row had or had not"),
    ("idempotency_key_reused", "", "a key belongs to the first body that came with it"),
    ("duplicate", r"item \d+ has", "items of one list have different keys"),
    ("too_many", r"terms; a filter takes", "the terms of a whole tree are counted, not those of one array"),
    ("too_deep", r"levels", "a schema that refers to itself has no depth"),
    ("invalid_value", r"without NUL characters", "a column with a pattern of its own has no second one that excludes NUL"),
]

#: Failures of other kinds: (kind, status, reason).
FAILURES = [
    ("RejectedPositiveData", 414, "the query as a whole has a greatest length"),
    ("AcceptedNegativeData", 414, "414 is a rejection too, which the check does not count as one"),
    ("MissingContentType", 414, "hyper answers addresses beyond its own limit before the app, and has no body"),
    ("JsonDecodeError", 414, "as above"),
    ("MalformedJson", 414, "as above"),
]


def mistakes(response):
    try:
        problem = json.loads(response.content)
    except ValueError:
        return []
    return problem.get("errors", []) if isinstance(problem, dict) else []


def is_known(mistake):
    return any(mistake["code"] == code and re.search(detail, mistake["detail"]) for code, detail, _ in MISTAKES)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False where the failure is an exception."""
    kind = type(failure).__name__
    if any(kind == known and response.status_code == status for known, status, _ in FAILURES):
        return False
    found = mistakes(response)
    return not (kind == "RejectedPositiveData" and found and all(is_known(mistake) for mistake in found))


#: A key that comes again answers as it did then, though the row may be gone by now: each request has its own.
KEYS = itertools.count()


@schemathesis.hook
def map_case(context, case):
    """Leaves out of valid requests what excludes each other, so that more of them are answered with rows."""
    if re.fullmatch(r"[!-~]{1,255}", str((case.headers or {}).get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = f"request-{next(KEYS)}"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return case
    leave_out(case.query)
    if case.operation.path.endswith("/search"):
        leave_out(case.body)
    return case


def leave_out(given):
    """Of the parameters of a list, or of the members of a search's body."""
    if not isinstance(given, dict):
        return
    if given.get("cursor"):
        given.pop("cursor")
    if "cursor" in given:
        given.pop("page", None)
    included = given.get("include") or []
    included = included if isinstance(included, list) else str(included).split(",")
    paths = {path.split(".")[0] for path in included if isinstance(path, str)}
    for name in [name for name in given if name.startswith("include.")]:
        if name.split(".")[1] not in paths:
            given.pop(name)


@schemathesis.hook
def before_load_schema(context, schema):
    """With COUPLET_FUZZ=values: the options of includes in one list only. The phase that tries the edges of every parameter
    of every operation would else take an hour over the same options."""
    if os.environ.get("COUPLET_FUZZ") != "values":
        return
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            if path != "/reviews" and isinstance(operation, dict) and "parameters" in operation:
                operation["parameters"] = [it for it in operation["parameters"] if not it["name"].startswith("include.")]
