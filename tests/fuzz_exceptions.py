"""What schemathesis may object to, each with the reason why the API is right and what OpenAPI 3.0 cannot say.

An exception holds for one check and answers of one status, all of whose mistakes are of the codes named.
"""

import json

import schemathesis

#: (check's failure, status, codes of the mistakes, reason)
EXCEPTIONS = [
    ("RejectedPositiveData", 400, {"out_of_range"}, "that page times per_page has a ceiling: a bound of two parameters together"),
    ("RejectedPositiveData", 414, set(), "that the query as a whole has a greatest length"),
    ("AcceptedNegativeData", 414, set(), "414 is a rejection too, which the check does not count as one"),
]


def codes(response):
    try:
        problem = json.loads(response.content)
    except ValueError:
        return set()
    return {mistake["code"] for mistake in problem.get("errors", [])} if isinstance(problem, dict) else set()


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False where the failure is an exception."""
    found = codes(response)
    return not any(
        type(failure).__name__ == kind and response.status_code == status and found <= allowed and bool(found) == bool(allowed)
        for kind, status, allowed, _ in EXCEPTIONS
    )
