use super::*;
use crate::fixtures::{AUTHORS, BOOK_TAGS, BOOKS, REVIEWS, TAGS};
use crate::model::{ModelMeta, Operator};
use crate::query::{Filter, Sort};

fn keys() -> CursorKeys {
    CursorKeys::new(b"the first key", [])
}

fn books(sort: &[(usize, bool)]) -> ListQuery {
    let term = |(column, descending): &(usize, bool)| Sort { column: &BOOKS.columns[*column], descending: *descending };
    ListQuery { sort: sort.iter().map(term).collect(), ..ListQuery::new(&BOOKS) }
}

fn filtered(filter: Filter) -> ListQuery {
    ListQuery { filter, ..ListQuery::new(&BOOKS) }
}

fn ids(operator: Operator, ids: &[i64]) -> Filter {
    Filter::compare(&BOOKS.columns[0], operator, ids.iter().map(|id| Value::I64(*id)).collect())
}

fn title(text: &str) -> Filter {
    Filter::compare(&BOOKS.columns[1], Operator::Eq, vec![Value::Text(text.to_owned())])
}

fn after(id: i64) -> Place {
    Place { values: vec![Value::I64(id)], backward: false }
}

fn code(query: &ListQuery, text: &str) -> &'static str {
    keys().read(query, text).expect_err("refused").code
}

#[test]
fn what_is_signed_is_read_again() {
    let every = vec![
        Value::Null,
        Value::Bool(true),
        Value::I16(i16::MIN),
        Value::I32(i32::MAX),
        Value::I64(i64::MIN),
        Value::F64(0.1),
        Value::Text("ü\0漢🦀".to_owned()),
        Value::Bytes(vec![0, 255]),
        Value::Uuid(uuid::Uuid::from_u128(7)),
        Value::Timestamp(chrono::DateTime::from_timestamp_micros(-1).expect("a time")),
        Value::Date(chrono::NaiveDate::from_ymd_opt(-44, 3, 15).expect("a date")),
        Value::Decimal("-1234567890.000100".parse().expect("a decimal")),
        Value::Json(serde_json::json!({"a": [1, null]})),
    ];
    let mut bytes = Vec::new();
    every.iter().for_each(|value| bytes::write(value, &mut bytes));
    assert_eq!(Reader(&bytes).all().as_ref(), Some(&every));
    for end in 0..bytes.len() {
        let cut = Reader(&bytes[..end]).all();
        assert!(cut.is_none_or(|values| values.len() < every.len()), "{end}");
    }

    let query = books(&[(4, true), (1, false)]);
    let place = Place { values: vec![Value::Null, Value::Text("Dune".to_owned()), Value::I64(7)], backward: true };
    let cursor = keys().sign(&query, &place);
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
    assert_eq!(keys().read(&query, &cursor), Ok(place));
    for end in [Place::start(), Place::end()] {
        assert_eq!(keys().read(&query, &keys().sign(&query, &end)), Ok(end));
    }
}

#[test]
fn no_bit_of_a_cursor_can_be_changed() {
    let query = books(&[(1, false)]);
    let place = Place { values: vec![Value::Text("Dune".to_owned()), Value::I64(7)], backward: false };
    let bytes = URL_SAFE_NO_PAD.decode(keys().sign(&query, &place)).expect("base64");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(code(&query, &URL_SAFE_NO_PAD.encode(changed)), "invalid_cursor", "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert_eq!(code(&query, &URL_SAFE_NO_PAD.encode(&bytes[..length])), "invalid_cursor", "{length} bytes");
    }
    for garbage in ["", "x", "====", "null", "é", "../../etc/passwd", &"A".repeat(100_000)] {
        assert_eq!(code(&query, garbage), "invalid_cursor", "{garbage}");
    }
}

#[test]
fn a_cursor_belongs_to_one_list() {
    let query = filtered(title("Dune"));
    let cursor = keys().sign(&query, &after(7));
    for other in [
        filtered(title("Emma")),
        filtered(Filter::everything()),
        filtered(title("Dune").and(ids(Operator::Gte, &[1]))),
        filtered(Filter::Not(Box::new(title("Dune")))),
        ListQuery { filter: title("Dune"), ..books(&[(0, true)]) },
        ListQuery { filter: title("Dune"), ..books(&[(1, false)]) },
        ListQuery::new(&AUTHORS),
    ] {
        assert_eq!(code(&other, &cursor), "cursor_mismatch", "{other:?}");
    }
    let mut wider = query.clone();
    (wider.page.per_page, wider.count) = (50, crate::query::CountMode::Exact);
    assert_eq!(keys().read(&wider, &cursor), Ok(after(7)), "neither its size nor its count matters");
}

#[test]
fn one_question_has_many_forms() {
    let same = |forms: &[Filter]| {
        let cursor = keys().sign(&filtered(forms[0].clone()), &after(7));
        for form in forms {
            assert_eq!(keys().read(&filtered(form.clone()), &cursor), Ok(after(7)), "{form:?}");
        }
    };
    same(&[ids(Operator::In, &[1, 2, 3]), ids(Operator::In, &[3, 1, 2, 2, 1])]);
    same(&[ids(Operator::In, &[7]), ids(Operator::In, &[7, 7]), ids(Operator::Eq, &[7])]);
    same(&[ids(Operator::NotIn, &[7]), ids(Operator::Ne, &[7])]);
    let (a, b, c) = (|| title("a"), || ids(Operator::Gte, &[1]), || ids(Operator::Lt, &[9]));
    same(&[
        Filter::All(vec![a(), b(), c()]),
        Filter::All(vec![c(), b(), a(), b()]),
        Filter::All(vec![Filter::All(vec![c(), Filter::everything()]), Filter::All(vec![a(), b()])]),
    ]);
    same(&[Filter::Any(vec![a(), b()]), Filter::Any(vec![b(), Filter::Any(vec![a(), b()])])]);
    same(&[a(), Filter::All(vec![a(), a()]), Filter::Any(vec![a()])]);
    let price = |text: &str| {
        let price = Value::Decimal(text.parse().expect("a decimal"));
        Filter::compare(&BOOKS.columns[4], Operator::Eq, vec![price])
    };
    same(&[price("1.5"), price("1.50")]);

    let different = |one: Filter, other: Filter| {
        let cursor = keys().sign(&filtered(one), &after(7));
        assert_eq!(code(&filtered(other), &cursor), "cursor_mismatch");
    };
    different(Filter::All(vec![a(), b()]), Filter::Any(vec![a(), b()]));
    different(ids(Operator::In, &[1, 2]), ids(Operator::NotIn, &[1, 2]));
    different(title("ab"), title("a"));
    let related = |index: usize, filter| Filter::Related(&BOOKS.relations[index], Box::new(filter));
    different(related(2, Filter::everything()), related(5, Filter::everything()));
    let by = |columns: &[usize], text: &str| {
        Filter::Search(columns.iter().map(|column| &BOOKS.columns[*column]).collect(), text.to_owned())
    };
    same(&[by(&[1, 2], "x"), by(&[2, 1], "x")]);
    different(by(&[1, 2], "x"), by(&[1], "x"));
    let linked = |id| Filter::LinkedTo(&BOOKS.relations[2], vec![Value::I64(id)]);
    let reviews = |filter| ListQuery { filter, ..ListQuery::new(&REVIEWS) };
    let cursor = keys().sign(&reviews(linked(1)), &Place::end());
    assert_eq!(code(&reviews(linked(2)), &cursor), "cursor_mismatch");
}

#[test]
fn a_term_behind_the_whole_key_cannot_matter() {
    let order = |query: &ListQuery| query.order().iter().map(|t| (t.column.name, t.descending)).collect::<Vec<_>>();
    assert_eq!(order(&books(&[(0, true), (1, false)])), [("id", true)]);
    assert_eq!(order(&books(&[(1, false), (1, true)])), [("title", false), ("id", true)]);
    assert_eq!(order(&ListQuery::new(&BOOK_TAGS)), [("book_id", false), ("tag_name", false)]);
    let cursor = keys().sign(&books(&[(0, true), (1, false)]), &after(7));
    assert_eq!(keys().read(&books(&[(0, true)]), &cursor), Ok(after(7)));
}

#[test]
fn an_old_key_is_accepted_until_it_goes() {
    let query = books(&[]);
    let old = keys().sign(&query, &after(7));
    let rotated = CursorKeys::new(b"the second key", [&b"the first key"[..]]);
    assert_eq!(rotated.read(&query, &old), Ok(after(7)));
    let new = rotated.sign(&query, &after(7));
    assert_ne!(new, old);
    assert_eq!(rotated.read(&query, &new), Ok(after(7)));
    assert_eq!(code(&query, &new), "invalid_cursor", "the first signs");
    let later = CursorKeys::new(b"the second key", []);
    assert_eq!(later.read(&query, &old).expect_err("gone").code, "invalid_cursor");
    assert_eq!(later.read(&books(&[(1, true)]), &new).expect_err("another list").code, "cursor_mismatch");
    assert_eq!(format!("{rotated:?}"), "CursorKeys(2)");
}

#[test]
fn values_that_a_column_no_longer_takes_are_refused() {
    let of = |model: &'static ModelMeta| ListQuery::new(model);
    for values in
        [vec![Value::Text("7".to_owned())], vec![Value::Null], vec![Value::I32(7)], vec![Value::I64(7), Value::I64(7)]]
    {
        let cursor = keys().sign(&of(&BOOKS), &Place { values, backward: false });
        assert_eq!(code(&of(&BOOKS), &cursor), "invalid_cursor");
    }
    let cursor = keys().sign(&of(&TAGS), &Place { values: vec![Value::Text("7".to_owned())], backward: false });
    assert!(keys().read(&of(&TAGS), &cursor).is_ok());
}
