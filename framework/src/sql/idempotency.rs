//! Answers that are kept under an idempotency key, in a table of the framework's own.

use sea_query::{Value, Values};

use super::{Dialect, Statement, Verb};

/// An answer as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What the key is bound to, hashed.
    pub id: Vec<u8>,
    /// Who made the request.
    pub caller: String,
    /// What the request asked for, hashed.
    pub fingerprint: Vec<u8>,
    /// The status of the answer.
    pub status: i16,
    /// The headers of the answer, as JSON.
    pub headers: String,
    /// The body of the answer.
    pub body: Vec<u8>,
    /// When it is forgotten, in milliseconds since 1970.
    pub expires_at: i64,
}

/// Asks for the answer under `id` and, in the same statement, for the lock that holds off other instances until the
/// transaction ends. Answers one row: whether the lock was had, fingerprint, status, headers, body; without an answer these
/// are NULL.
///
/// A statement that gets the lock may have begun before the one who had it was done, and so not see the answer: that shows
/// when [`keep`] changes no row.
#[must_use]
pub fn claim(id: &[u8], lock: i64, now: i64, dialect: Dialect) -> Statement {
    let (had, mut values) = match dialect {
        // There is one writer, and the transaction is it.
        Dialect::Sqlite => ("TRUE", Vec::new()),
        Dialect::Postgres => ("pg_try_advisory_xact_lock($3)", vec![lock.into()]),
    };
    let sql = format!(
        "SELECT {had}, k.fingerprint, k.status, k.headers, k.body FROM (SELECT 1) AS one \
         LEFT JOIN {} AS k ON k.id = $1 AND k.expires_at > $2",
        table(dialect)
    );
    values.splice(0..0, [Value::from(id.to_vec()), now.into()]);
    statement(sql, values, Verb::Select)
}

/// Keeps an answer. An older one that has expired gives way; one that has not stays, and no row is changed.
#[must_use]
pub fn keep(kept: Kept, now: i64, dialect: Dialect) -> Statement {
    let sql = format!(
        "INSERT INTO {} AS k (id, caller, fingerprint, status, headers, body, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, \
         status = excluded.status, headers = excluded.headers, body = excluded.body, expires_at = excluded.expires_at \
         WHERE k.expires_at <= $8",
        table(dialect)
    );
    let Kept { id, caller, fingerprint, status, headers, body, expires_at } = kept;
    let values = vec![
        id.into(),
        caller.into(),
        fingerprint.into(),
        status.into(),
        headers.into(),
        body.into(),
        expires_at.into(),
        now.into(),
    ];
    statement(sql, values, Verb::Insert)
}

/// Forgets answers that have expired, so many at most.
#[must_use]
pub fn purge(now: i64, most: i64, dialect: Dialect) -> Statement {
    // Of instances that purge together each takes other rows.
    let lock = if dialect == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
    let table = table(dialect);
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2{lock})"
    );
    statement(sql, vec![now.into(), most.into()], Verb::Delete)
}

fn table(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "_couplet_idempotency_keys",
        Dialect::Postgres => "_couplet.idempotency_keys",
    }
}

fn statement(sql: String, values: Vec<Value>, verb: Verb) -> Statement {
    Statement { sql, values: Values(values), verb, model: "idempotency" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::statement::assert_sql;

    #[test]
    fn the_answer_and_the_lock_are_asked_for_together() {
        assert_sql(
            |dialect| claim(&[1], 2, 3, dialect),
            "SELECT TRUE, k.fingerprint, k.status, k.headers, k.body FROM (SELECT 1) AS one \
             LEFT JOIN _couplet_idempotency_keys AS k ON k.id = $1 AND k.expires_at > $2",
            "SELECT pg_try_advisory_xact_lock($3), k.fingerprint, k.status, k.headers, k.body FROM (SELECT 1) AS one \
             LEFT JOIN _couplet.idempotency_keys AS k ON k.id = $1 AND k.expires_at > $2",
        );
        assert_eq!(claim(&[1], 2, 3, Dialect::Postgres).values.0, [vec![1_u8].into(), 3_i64.into(), 2_i64.into()]);
        assert_eq!(claim(&[1], 2, 3, Dialect::Sqlite).values.0, [vec![1_u8].into(), 3_i64.into()]);
    }

    #[test]
    fn what_has_expired_is_forgotten_in_batches() {
        assert_sql(
            |dialect| purge(7, 100, dialect),
            "DELETE FROM _couplet_idempotency_keys WHERE id IN (SELECT id FROM _couplet_idempotency_keys \
             WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
            "DELETE FROM _couplet.idempotency_keys WHERE id IN (SELECT id FROM _couplet.idempotency_keys \
             WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        );
    }
}
