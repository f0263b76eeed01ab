//! Cursors: where in an ordered list a walk goes on.
//!
//! A cursor is a [`Place`] as text: the boundary row's values of the columns that order the list, the direction, and a
//! fingerprint of what is listed, all under a keyed hash (HMAC-SHA-256). It names no row, so a boundary row that was deleted
//! since is no loss. It is signed and not encrypted: who holds it can read the values.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::bytes::{self, Reader};
use super::fingerprint;
use super::list::ListQuery;
use crate::error::InputError;
use crate::model::{Row, Value};

/// The form of the bytes; another number is another form.
const VERSION: u8 = 1;
/// Bytes of the fingerprint and of the hash: half of SHA-256, which nobody guesses.
const HASH: usize = 16;
/// Bytes of a cursor that has no values.
const SHORTEST: usize = 2 + 2 * HASH;
const BACKWARD: u8 = 1;

/// A place in an ordered list: just after a row, just before one, or an end.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The row's values for the terms of [`ListQuery::order`]; none at an end of the list.
    pub values: Vec<Value>,
    /// Whether the rows before the place are meant, and not those after it.
    pub backward: bool,
}

impl Place {
    /// Before the first row.
    #[must_use]
    pub fn start() -> Self {
        Self { values: Vec::new(), backward: false }
    }

    /// Behind the last row, looking back.
    #[must_use]
    pub fn end() -> Self {
        Self { values: Vec::new(), backward: true }
    }

    /// Just after a row of the list, or just before it.
    ///
    /// # Errors
    ///
    /// A value that the database holds but the field's type does not.
    pub fn beside(query: &ListQuery, row: &dyn Row, backward: bool) -> Result<Self, crate::model::DecodeError> {
        let columns = query.model.columns;
        let value = |name| {
            let index = columns.iter().position(|column| column.name == name).unwrap_or_default();
            Value::decode(columns[index].ty, row, index)
        };
        let values = query.order().iter().map(|term| value(term.column.name)).collect::<Result<_, _>>()?;
        Ok(Self { values, backward })
    }

    /// Whether it is before the first row.
    #[must_use]
    pub fn is_start(&self) -> bool {
        self.values.is_empty() && !self.backward
    }
}

/// The keys under which cursors are signed: the first signs, all are accepted.
#[derive(Clone)]
pub struct CursorKeys(Vec<Hmac<Sha256>>);

/// Without the keys.
impl fmt::Debug for CursorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CursorKeys").field(&self.0.len()).finish()
    }
}

impl CursorKeys {
    /// The key that signs, and others that are still accepted.
    pub fn new<'a>(first: &'a [u8], others: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let keyed = |key| Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        Self(std::iter::once(first).chain(others).map(keyed).collect())
    }

    /// Writes a place in the list that `query` asks for as text that a URL takes as it is.
    #[must_use]
    pub fn sign(&self, query: &ListQuery, place: &Place) -> String {
        self.signer(query).sign(place)
    }

    /// What signs several places in one list.
    #[must_use]
    pub fn signer(&self, query: &ListQuery) -> Signer<'_> {
        let key = &self.0[0];
        Signer { key, list: hash(key, &[b"query", &fingerprint::list(query)]) }
    }

    /// Reads a cursor of the list that `query` asks for.
    ///
    /// # Errors
    ///
    /// `invalid_cursor` for a text that none of the keys has signed, `cursor_mismatch` for a cursor of another list.
    pub fn read(&self, query: &ListQuery, text: &str) -> Result<Place, InputError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() >= SHORTEST).ok_or_else(invalid)?;
        let (signed, tag) = bytes.split_at(bytes.len() - HASH);
        let has_signed = |key: &&Hmac<Sha256>| mac(key, &[b"cursor", signed]).verify_truncated_left(tag).is_ok();
        let key = self.0.iter().find(has_signed).ok_or_else(invalid)?;
        let (head, values) = signed.split_at(2 + HASH);
        if head[0] != VERSION {
            return Err(invalid());
        }
        if head[2..] != hash(key, &[b"query", &fingerprint::list(query)]) {
            let detail = "the cursor belongs to another list: the resource, its filters, its search or its order is another \
                          one; start again with an empty `cursor`";
            return Err(InputError::parameter("cursor", "cursor_mismatch", detail));
        }
        let values = Reader(values).all().filter(|values| fits(query, values)).ok_or_else(invalid)?;
        Ok(Place { values, backward: head[1] & BACKWARD != 0 })
    }
}

/// Signs places in one list.
pub struct Signer<'a> {
    key: &'a Hmac<Sha256>,
    list: [u8; HASH],
}

impl Signer<'_> {
    /// As [`CursorKeys::sign`].
    #[must_use]
    pub fn sign(&self, place: &Place) -> String {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend([VERSION, if place.backward { BACKWARD } else { 0 }]);
        bytes.extend(self.list);
        place.values.iter().for_each(|value| bytes::write(value, &mut bytes));
        bytes.extend(hash(self.key, &[b"cursor", &bytes]));
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Whether a text has the form of a cursor; whether it is one, [`CursorKeys::read`] says.
pub(super) fn is_formed(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() >= SHORTEST)
}

/// The mistake of a text that is no cursor.
pub(super) fn invalid() -> InputError {
    let detail = "this is no cursor, or not as it was given out; send `next_cursor` or `prev_cursor` of an answer as it is, or \
                  an empty `cursor` to start";
    InputError::parameter("cursor", "invalid_cursor", detail)
}

/// Whether the values are of the columns' types, which a deployment may have changed.
fn fits(query: &ListQuery, values: &[Value]) -> bool {
    let order = query.order();
    let fits = |(term, value): (&super::Sort, &Value)| match value {
        Value::Null => term.column.nullable,
        value => bytes::is_of(value, term.column.ty),
    };
    values.is_empty() || (values.len() == order.len() && order.iter().zip(values).all(fits))
}

fn mac(key: &Hmac<Sha256>, parts: &[&[u8]; 2]) -> Hmac<Sha256> {
    // The first part has no NUL, so no two lists of parts give the same bytes.
    key.clone().chain_update(parts[0]).chain_update([0]).chain_update(parts[1])
}

fn hash(key: &Hmac<Sha256>, parts: &[&[u8]; 2]) -> [u8; HASH] {
    let mut half = [0; HASH];
    half.copy_from_slice(&mac(key, parts).finalize().into_bytes()[..HASH]);
    half
}

#[cfg(test)]
mod tests;
