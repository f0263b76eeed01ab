//! Names in DDL.

use crate::sql::quote::quoted;

/// The bytes that PostgreSQL keeps of a name.
const LONGEST: usize = 63;

/// The name that PostgreSQL would give, quoted: table, columns and what it is, as in `"books_email_key"`.
pub(super) fn constraint_name(table: &str, columns: &[&str], suffix: &str) -> String {
    let mut name = table.to_owned();
    for part in columns.iter().chain([&suffix]) {
        name.push('_');
        name.push_str(part);
    }
    quoted(&shortened(name))
}

/// A name that is too long keeps its beginning and gets a hash of the whole, so that two of them differ and each is the same
/// at every start.
fn shortened(mut name: String) -> String {
    if name.len() <= LONGEST {
        return name;
    }
    let hash = format!("_{:08x}", fnv1a(name.as_bytes()));
    let keep = (0..=LONGEST - hash.len()).rev().find(|length| name.is_char_boundary(*length)).unwrap_or(0);
    name.truncate(keep);
    name + &hash
}

/// FNV-1a of 32 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_postgres_would_give() {
        assert_eq!(constraint_name("books", &["email"], "key"), "\"books_email_key\"");
        assert_eq!(constraint_name("book_tags", &[], "pkey"), "\"book_tags_pkey\"");
    }

    #[test]
    fn a_long_name_is_shortened_to_the_same_name_every_time() {
        let long = |end: &str| {
            constraint_name(&format!("x{}", "é".repeat(30)), &[&format!("a_rather_long_column_{end}")], "idx")
        };
        assert_eq!(long("one").len(), LONGEST - 1 + 2, "a character is never cut in two");
        assert_eq!(long("one"), long("one"));
        assert_ne!(long("one"), long("two"));
        assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
    }

    #[test]
    fn a_quote_in_a_name_is_doubled() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
