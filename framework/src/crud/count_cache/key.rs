//! Under which key a total is kept.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::crud::hex;
use crate::model::ModelMeta;
use crate::sql::token::Vector;

/// The form of keys and values; another number is another form.
const FORMAT: u8 = 1;

/// The keys of one model's totals.
pub(super) struct Keys {
    prefix: String,
    /// With all that every key depends on.
    start: Sha256,
}

/// The key of one total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// As it is stored under.
    pub(super) text: String,
    /// What the text is made of.
    pub(super) hash: [u8; 32],
}

/// What was counted: `rows` is [`fingerprint::rows`](crate::query::fingerprint::rows), `scope` what narrows the rows that the
/// caller sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct What<'a> {
    pub(super) rows: &'a [u8],
    pub(super) scope: &'a [u8],
}

/// What a total holds for.
#[derive(Debug, Clone, Copy)]
pub(super) enum While<'a> {
    /// The tables look as these schemas say and the tokens are these.
    Tokens(&'a [&'a [u8; 32]], &'a Vector),
    /// Its time, where all tables look as this schema says.
    Time(&'a [u8; 32]),
}

impl Keys {
    /// Of the totals of `model` in the database that the secret is of.
    pub(super) fn new(model: &ModelMeta, secret: &[u8]) -> Self {
        let start = Sha256::new().chain_update([FORMAT]).chain_update(framed(secret)).chain_update(secret);
        Self { prefix: format!("pagination:count:{}:", model.name), start }
    }

    pub(super) fn key(&self, what: What<'_>, holds: While<'_>) -> Key {
        let mut hash = self.start.clone();
        for part in [what.rows, what.scope] {
            hash.update(framed(part));
            hash.update(part);
        }
        match holds {
            While::Tokens(schemas, vector) => {
                hash.update(b"tokens");
                hash.update((schemas.len() as u64).to_be_bytes());
                schemas.iter().for_each(|schema| hash.update(schema));
                hash.update(vector.as_bytes());
            }
            While::Time(schema) => {
                hash.update(b"time");
                hash.update(schema);
            }
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut text = String::with_capacity(self.prefix.len() + 2 * hash.len());
        text.push_str(&self.prefix);
        text.extend(hex(&hash));
        Key { text, hash }
    }

    /// What tells a list from others whatever changes.
    pub(super) fn list(&self, what: What<'_>) -> [u8; 32] {
        let hash = self.start.clone().chain_update(framed(what.rows)).chain_update(what.rows).chain_update(what.scope);
        hash.finalize().into()
    }
}

/// A length, so that what stands behind it is not taken for a part of the next.
fn framed(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

/// What of a model decides how a filter is understood: another version of the app may have other columns of these names.
pub(in crate::crud) fn schema(model: &ModelMeta) -> [u8; 32] {
    let deleted_at = model.deleted_at().map(|column| column.name);
    let mut text =
        format!("{:?} {:?} {:?} {:?} {deleted_at:?}", model.name, model.schema, model.table, model.full_text);
    for column in model.columns {
        // A text cannot fail.
        let _ = write!(text, " {:?} {:?} {}", column.name, column.ty, column.nullable);
    }
    for relation in model.relations {
        // Columns that have had no write since their tokens were made have the same ones.
        let _ = write!(text, " {:?} {:?} {:?}", relation.field, relation.link.local(), relation.link.foreign());
    }
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS};
    use crate::model::{Link, RelationMeta};
    use crate::query::ListQuery;
    use crate::sql::Dialect;
    use crate::sql::token::{Footprint, Known, KnownTable};

    fn vector(text: &str) -> Vector {
        let table = KnownTable { shape: "7".to_owned(), partitioned: false, columns: Vec::new() };
        let known = Known { tables: HashMap::from([(BOOKS.name, table)]) };
        let footprint = Footprint::of_count(&ListQuery::new(&BOOKS), &known, Dialect::Postgres).expect("known");
        known.vector(&footprint, Some(text)).expect("a vector")
    }

    #[test]
    fn a_key_is_of_all_that_a_total_depends_on() {
        let keys = Keys::new(&BOOKS, b"secret");
        let (one, other) = (vector("e,7,1"), vector("e,7,2"));
        let (books, authors) = (schema(&BOOKS), schema(&AUTHORS));
        let what = What { rows: b"rows", scope: b"" };
        let key =
            |keys: &Keys, what, schemas: &[&[u8; 32]], vector| keys.key(what, While::Tokens(schemas, vector)).text;
        let all = [
            key(&keys, what, &[&books], &one),
            key(&keys, what, &[&books], &other),
            key(&keys, what, &[&authors], &one),
            key(&keys, what, &[&books, &authors], &one),
            key(&keys, What { rows: b"row", ..what }, &[&books], &one),
            key(&keys, What { scope: b"s", ..what }, &[&books], &one),
            key(&keys, What { rows: b"row", scope: b"s" }, &[&books], &one),
            key(&Keys::new(&BOOKS, b"another"), what, &[&books], &one),
            key(&Keys::new(&AUTHORS, b"secret"), what, &[&books], &one),
            keys.key(what, While::Time(&books)).text,
            keys.key(what, While::Time(&authors)).text,
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "{all:#?}");
        assert_eq!(all[0], key(&Keys::new(&BOOKS, b"secret"), what, &[&books], &one));
        let hash = all[0].strip_prefix("pagination:count:Book:").expect("the model's name");
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    }

    #[test]
    fn a_relation_by_another_column_is_another_schema() {
        static MOVED: &[RelationMeta] =
            &[RelationMeta { link: Link::Local { local: &[3], foreign: &[0] }, ..BOOKS.relations[0] }];
        let of = |relations| schema(&ModelMeta { relations, ..BOOKS });
        assert_ne!(of(&BOOKS.relations[..1]), of(MOVED));
        assert_ne!(schema(&BOOKS), schema(&ModelMeta { full_text: Some("german"), ..BOOKS }));
        assert_ne!(schema(&BOOKS), schema(&ModelMeta { schema: Some("archive"), ..BOOKS }));
    }

    #[test]
    fn a_list_is_the_same_whatever_changes() {
        let keys = Keys::new(&BOOKS, b"secret");
        let list = |rows: &[u8], scope: &[u8]| keys.list(What { rows, scope });
        assert_eq!(list(b"a", b"b"), list(b"a", b"b"));
        assert_ne!(list(b"a", b"b"), list(b"ab", b""));
    }
}
