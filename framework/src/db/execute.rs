//! The one place where statements are executed: timed, counted, measured against the query budget.
