//! Whatever the rows, their order, the size of pages and the direction: pages laid end to end are the ordered list.

use std::collections::HashSet;

use couplet::crud::Query;
use couplet::model::{Key, Value};
use couplet::prelude::*;
use couplet_tests::on_each_database;

use super::models::*;
use super::support::*;

/// Numbers that are the same in every run (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// None in one of four cases.
    fn perhaps<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        if self.below(4) == 0 { None } else { Some(self.one(of)) }
    }
}

/// A row with few different values, so that there are many equal ones.
fn row(random: &mut Random) -> NewEveryType {
    let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let decimals = ["1.5", "1.50", "-2", "10", "9.99", "0", "123456789012345678.123456789"];
    NewEveryType {
        small: Some(random.one(&[-1, 0, 1])),
        large: Some(random.one(&[i64::MIN, 0, i64::MAX])),
        float: Some(random.one(&[-0.0, 0.0, 0.1, -1e300, f64::MIN_POSITIVE])),
        text: Some(random.one(&["", "a", "A", "ä", "a b", "zz", "%", "漢字", "🦀"]).to_owned()),
        uuid: random.perhaps(&[Uuid::from_u128(1), Uuid::from_u128(u128::MAX), Uuid::from_u128(256)]),
        time: random.perhaps(&[
            time("1969-12-31T23:59:59.999999Z"),
            time("2024-05-06T07:08:09Z"),
            time("2024-05-06T07:08:09.000001Z"),
        ]),
        date: random
            .perhaps(&[NaiveDate::from_ymd_opt(1, 1, 1).unwrap(), NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()]),
        decimal: random.perhaps(&decimals).map(|text| text.parse().unwrap()),
        status: random.perhaps(&[Status::Active, Status::OnLeave]),
        ..NewEveryType::default()
    }
}

type Sorted<M> = fn() -> Query<M>;

fn orders() -> Vec<Sorted<EveryType>> {
    type T = EveryType;
    vec![
        || T::query(),
        || T::query().sort(T::ID.desc()),
        || T::query().sort(T::TEXT.asc()),
        || T::query().sort(T::FLOAT.desc()),
        || T::query().sort(T::DECIMAL.asc()),
        || T::query().sort(T::DECIMAL.desc()),
        || T::query().sort(T::TIME.asc()).sort(T::DATE.asc()),
        || T::query().sort(T::TIME.desc()).sort(T::DATE.desc()),
        || T::query().sort(T::TIME.asc()).sort(T::DATE.desc()),
        || T::query().sort(T::STATUS.desc()).sort(T::UUID.asc()),
        || T::query().sort(T::SMALL.asc()).sort(T::LARGE.asc()).sort(T::TEXT.asc()),
        || T::query().sort(T::SMALL.asc()).sort(T::LARGE.asc()).sort(T::TEXT.desc()),
        || T::query().sort(T::SMALL.desc()).sort(T::DECIMAL.asc()).sort(T::ID.desc()),
        || T::query().sort(T::UUID.asc()).sort(T::DECIMAL.desc()).sort(T::STATUS.asc()).sort(T::SMALL.desc()),
        || T::query().sort(T::A_BOOL.asc()).sort(T::UUID.desc()).sort(T::DECIMAL.asc()),
        || T::query().filter(T::SMALL.gte(0_i16) | T::UUID.is_null()).sort(T::DATE.asc()).sort(T::SMALL.desc()),
    ]
}

/// The primary keys, as text.
fn keys<M: Model>(rows: &[M]) -> Vec<String> {
    let text = |row: &M| row.key().values().iter().map(Value::to_text).collect::<Vec<_>>().join("/");
    rows.iter().map(text).collect()
}

/// The cursor behind the last row.
async fn end<M: Model>(query: Query<M>, db: &Database) -> Option<String> {
    db.cursor_keys().await.unwrap();
    query.page(2, 10_000).fetch(db).await.unwrap().meta.prev_cursor
}

/// The keys of all rows, page by page from one end to the other, with something done between the pages.
async fn walked<M: Model>(
    query: Sorted<M>,
    per_page: impl FnMut() -> u32,
    backward: bool,
    db: &Database,
    mut between: impl AsyncFnMut(),
) -> Vec<String> {
    let (mut per_page, mut seen) = (per_page, Vec::new());
    let mut cursor = if backward { end(query(), db).await } else { None };
    for _ in 0..1000 {
        let size = per_page();
        let page = query().cursor(cursor.as_deref(), size).fetch(db).await.unwrap();
        assert!(page.items.len() <= usize::try_from(size).unwrap());
        assert_eq!(page.meta.has_more, page.meta.next_cursor.is_some());
        if backward {
            seen.splice(0..0, keys(&page.items));
            cursor = page.meta.prev_cursor;
        } else {
            seen.extend(keys(&page.items));
            cursor = page.meta.next_cursor;
        }
        if cursor.is_none() {
            return seen;
        }
        between().await;
    }
    panic!("the walk does not end: {seen:?}");
}

async fn assert_every_walk<M: Model>(orders: &[Sorted<M>], db: &Database) {
    for (order, query) in orders.iter().enumerate() {
        let list = keys(&query().page(1, 10_000).fetch(db).await.unwrap().items);
        assert!(list.len() > 3, "there is something to walk");
        for per_page in 1..=u32::try_from(list.len()).unwrap() + 1 {
            for backward in [false, true] {
                let seen = walked(*query, || per_page, backward, db, async || {}).await;
                assert_eq!(seen, list, "order {order}, {per_page} a page, backward: {backward}");
            }
        }
    }
}

on_each_database! {
    async fn pages_laid_end_to_end_are_the_list(database: TestDatabase) {
        let db = connect(&database).await;
        for seed in [0x5eed, 0xc0ffee] {
            let mut random = Random(seed);
            let rows: Vec<NewEveryType> = (0..12).map(|_| row(&mut random)).collect();
            EveryType::create_many(rows, &db).await.unwrap();
            assert_every_walk(&orders(), &db).await;
        }
    }

    async fn a_composite_key_is_walked(database: TestDatabase) {
        let api = Api::start(&database).await;
        let mut number = 0;
        for country in ["de", "fr", "pt", "us"] {
            for print in [1, 2, 10] {
                number += 1;
                let new = NewEdition { is_listed: Some(number % 2 == 0), ..NewEdition::new(country, print, format!("{:02}", number * 7 % 12)) };
                Edition::create(new, api.database()).await.unwrap();
            }
        }
        let orders: Vec<Sorted<Edition>> = vec![
            || Edition::query(),
            || Edition::query().sort(Edition::PRINT_NUMBER.desc()),
            || Edition::query().sort(Edition::COUNTRY_CODE.desc()).sort(Edition::PRINT_NUMBER.asc()),
            || Edition::query().sort(Edition::NAME.asc()),
            || Edition::query().sort(Edition::IS_LISTED.desc()).sort(Edition::COUNTRY_CODE.asc()),
            || Edition::query().sort(Edition::BOOK_ID.asc()),
        ];
        assert_every_walk(&orders, api.database()).await;
    }

    async fn a_uuid_key_is_walked(database: TestDatabase) {
        let db = connect(&database).await;
        for name in ["a", "b", "c", "d", "e"] {
            let author = Author::create(NewAuthor::new(name), &db).await.unwrap();
            Profile::create(NewProfile::new(author.id, "same"), &db).await.unwrap();
        }
        let orders: Vec<Sorted<Profile>> =
            vec![|| Profile::query(), || Profile::query().sort(Profile::TEXT.desc()), || Profile::query().sort(Profile::ID.desc())];
        assert_every_walk(&orders, &db).await;
    }

    async fn what_stays_is_seen_once_while_the_rest_comes_and_goes(database: TestDatabase) {
        let db = connect(&database).await;
        let mut random = Random(0xbeef);
        for (order, query) in orders().into_iter().enumerate() {
            for backward in [false, true] {
                let mut rows: Vec<NewEveryType> = (0..24).map(|_| row(&mut random)).collect();
                let passing = EveryType::create_many(rows.split_off(16), &db).await.unwrap();
                EveryType::create_many(rows, &db).await.unwrap();
                let mut passing: Vec<i64> = passing.iter().map(|row| row.id).collect();
                let before: HashSet<String> = keys(&query().page(1, 10_000).fetch(&db).await.unwrap().items).into_iter().collect();

                let mut sizes = Random(0xabc + u64::try_from(order).unwrap());
                let between = async || {
                    let new = EveryType::create(row(&mut random), &db).await.unwrap();
                    passing.push(new.id);
                    let gone = passing.swap_remove(random.below(passing.len()));
                    EveryType::delete(gone, &db).await.unwrap();
                };
                let seen = walked(query, || 1 + u32::try_from(sizes.below(4)).unwrap(), backward, &db, between).await;

                assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "order {order}: a row is seen twice");
                let after = keys(&query().page(1, 10_000).fetch(&db).await.unwrap().items);
                let stayed: Vec<&String> = after.iter().filter(|key| before.contains(*key)).collect();
                let seen: Vec<&String> = seen.iter().filter(|key| stayed.contains(key)).collect();
                assert_eq!(seen, stayed, "order {order}, backward: {backward}");
                for row in EveryType::query().page(1, 10_000).fetch(&db).await.unwrap().items {
                    EveryType::delete(row.id, &db).await.unwrap();
                }
            }
        }
    }

    async fn a_transaction_is_walked_on_its_own_connection(database: TestDatabase) {
        let db = connect(&database).await;
        let mut transaction = db.begin().await.unwrap();
        for name in ["a", "b", "c"] {
            Author::create(NewAuthor::new(name), &mut transaction).await.unwrap();
        }
        let first = Author::query().cursor(None, 2).fetch(&mut transaction).await.unwrap();
        assert_eq!((first.items.len(), first.meta.page, first.meta.total), (2, None, None));
        let cursor = first.meta.next_cursor.unwrap();
        let rest = Author::query().cursor(cursor.as_str(), 2).fetch(&mut transaction).await.unwrap();
        assert_eq!((rest.items.len(), rest.items[0].name.as_str(), rest.meta.next_cursor), (1, "c", None));
        transaction.commit().await.unwrap();
        assert_eq!(Author::query().cursor(cursor.as_str(), 2).fetch(&db).await.unwrap().items[0].name, "c");
        assert_eq!(Author::query().cursor(cursor.as_str(), 2).first(&db).await.unwrap().unwrap().name, "c");
    }

    async fn a_typed_walk_counts_when_it_is_told_to(database: TestDatabase) {
        use couplet::query::CountMode;
        let db = connect(&database).await;
        for name in ["a", "b", "c"] {
            Author::create(NewAuthor::new(name), &db).await.unwrap();
        }
        let query = || Author::query().sort(Author::NAME.desc());
        let counted = query().count(CountMode::Exact).cursor(None, 2).fetch(&db).await.unwrap();
        assert_eq!((counted.meta.total, counted.items[0].name.as_str()), (Some(3), "c"));
        let paged = query().cursor(None, 2).page(1, 2).fetch(&db).await.unwrap();
        assert_eq!((paged.meta.page, paged.meta.total, paged.meta.has_more), (Some(1), Some(3), true));
        let next = paged.meta.next_cursor.unwrap();
        assert_eq!(query().cursor(next.as_str(), 2).fetch(&db).await.unwrap().items[0].name, "a");
        assert_eq!(query().cursor("", 2).fetch(&db).await.unwrap().items[0].name, "c");

        let refused = Author::query().cursor(next.as_str(), 2).fetch(&db).await.unwrap_err();
        let couplet::Error::Parameters(mistakes) = refused else { panic!("{refused}") };
        assert_eq!(mistakes[0].code, "cursor_mismatch");
        let refused = query().cursor("nonsense", 2).fetch(&db).await.unwrap_err();
        assert!(matches!(&refused, couplet::Error::Parameters(mistakes) if mistakes[0].code == "invalid_cursor"), "{refused}");
        assert!(matches!(query().cursor(None, 0).fetch(&db).await, Err(couplet::Error::Parameters(_))));
    }
}
