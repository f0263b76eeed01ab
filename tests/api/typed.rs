//! Models used from Rust, without HTTP.

use couplet::Error;
use couplet::crud::Records;
use couplet::db::{Database, Meter};
use couplet::error::Location;
use couplet::prelude::*;
use couplet::query::CountMode;
use couplet_tests::on_each_database;

use super::models::*;
use super::support::connect;

/// Two authors, three books by one of them, the second by both.
async fn shelf(db: &Database) -> (Author, Author, Vec<Book>) {
    let ursula = Author::create(NewAuthor::new("Ursula"), db).await.unwrap();
    let terry = Author::create(NewAuthor::new("Terry"), db).await.unwrap();
    let mut books = Vec::new();
    for (title, authors) in [("One", vec![ursula.id]), ("Two", vec![ursula.id, terry.id]), ("Three", vec![ursula.id])] {
        let new = NewBook { author_ids: Some(authors), ..NewBook::new(title) };
        books.push(Book::create(new, db).await.unwrap());
    }
    (ursula, terry, books)
}

fn titles(books: &[Book]) -> Vec<&str> {
    books.iter().map(|book| book.title.as_str()).collect()
}

on_each_database! {
    async fn every_type_survives_the_way_to_the_database_and_back(database: TestDatabase) {
        let db = connect(&database).await;
        let time = "2024-05-06T07:08:09.123456Z".parse().unwrap();
        let new = NewEveryType {
            a_bool: Some(false),
            small: Some(i16::MIN),
            medium: Some(i32::MAX),
            large: Some(i64::MIN),
            float: Some(0.1),
            text: Some("ünï 漢字 🦀 ' \" \\ %".to_owned()),
            bytes: Some(vec![0, 1, 255]),
            uuid: Some(Uuid::from_u128(7)),
            time: Some(time),
            date: NaiveDate::from_ymd_opt(2024, 2, 29),
            decimal: Some("-1234567890.000100".parse().unwrap()),
            json: Some(Json(serde_json::json!({"a": [1, null, "x"]}))),
            status: Some(Status::OnLeave),
        };
        let created = EveryType::create(new, &db).await.unwrap();
        let found = EveryType::find(created.id, &db).await.unwrap();
        assert_eq!(found, created);
        assert_eq!(found.large, i64::MIN);
        assert_eq!(found.time, Some(time));
        assert_eq!(found.text, "ünï 漢字 🦀 ' \" \\ %");
        assert_eq!(found.decimal, Some("-1234567890.000100".parse().unwrap()));

        let empty = EveryType::create(NewEveryType::default(), &db).await.unwrap();
        assert_eq!((empty.a_bool, empty.small, empty.float, empty.bytes.as_slice()), (true, 1, 1.5, &[1, 2, 255][..]));
        assert_eq!((empty.uuid, empty.time, empty.decimal, empty.status), (None, None, None, None));
    }

    async fn filters_narrow_and_sorts_order(database: TestDatabase) {
        let db = connect(&database).await;
        for (title, year) in [("b", Some(1950)), ("a", None), ("c", Some(1960)), ("100%", Some(1960))] {
            Book::create(NewBook { year, ..NewBook::new(title) }, &db).await.unwrap();
        }
        let by_year = Book::query().sort(Book::YEAR.desc()).fetch(&db).await.unwrap();
        assert_eq!(titles(&by_year.items), ["a", "100%", "c", "b"], "NULL is the largest value; ties by the key, descending");
        let by_year = Book::query().sort(Book::YEAR.asc()).fetch(&db).await.unwrap();
        assert_eq!(titles(&by_year.items), ["b", "c", "100%", "a"]);

        let filter = Book::YEAR.gte(1960).and(Book::TITLE.contains("0%"));
        assert_eq!(titles(&Book::query().filter(filter).fetch(&db).await.unwrap().items), ["100%"]);
        let filter = Book::YEAR.is_null() | Book::TITLE.is_in(["b"]);
        let found = Book::query().filter(filter).sort(Book::TITLE.asc()).fetch(&db).await.unwrap();
        assert_eq!(titles(&found.items), ["a", "b"]);
        let none = Book::query().filter(Book::TITLE.is_in(Vec::<String>::new())).fetch(&db).await.unwrap();
        assert_eq!((none.items.len(), none.meta.total), (0, Some(0)));
    }

    async fn pages_are_counted_as_asked(database: TestDatabase) {
        let db = connect(&database).await;
        let new = (0..25).map(|number| NewBook::new(format!("Book {number:02}")));
        assert_eq!(Book::create_many(new, &db).await.unwrap().len(), 25);
        let page = Book::query().sort(Book::TITLE.asc()).page(2, 10).fetch(&db).await.unwrap();
        assert_eq!(page.items.first().unwrap().title, "Book 10");
        assert_eq!((page.meta.total, page.meta.pages(), page.meta.has_more), (Some(25), Some(3), true));
        let last = Book::query().page(3, 10).fetch(&db).await.unwrap();
        assert_eq!((last.items.len(), last.meta.total, last.meta.has_more), (5, Some(25), false));
        let uncounted = Book::query().page(1, 10).skip_count().fetch(&db).await.unwrap();
        assert_eq!((uncounted.meta.total, uncounted.meta.count), (None, CountMode::None));
        let past = Book::query().page(9, 10).fetch(&db).await.unwrap();
        assert_eq!((past.items.len(), past.meta.total, past.meta.has_more), (0, Some(25), false));
        assert!(matches!(Book::query().page(0, 10).fetch(&db).await, Err(Error::Parameters(_))));
    }

    async fn every_kind_of_relation_is_loaded_with_one_statement(database: TestDatabase) {
        let db = connect(&database).await;
        let (ursula, terry, books) = shelf(&db).await;
        Profile::create(NewProfile::new(ursula.id, "Of Earthsea"), &db).await.unwrap();
        for rating in [5, 3] {
            Review::create(NewReview::new(books[0].id, rating), &db).await.unwrap();
        }
        let meter = Meter::new(100, true);
        let authors = Meter::scope(
            meter.clone(),
            Author::query()
                .include(Author::BOOKS.then(Book::REVIEWS).then(Book::AUTHORS))
                .include(Author::PROFILE)
                .fetch(&db),
        );
        let authors = authors.await.unwrap().items;
        assert_eq!(meter.statements(), 5, "the page, which knows its total, and one for each relation");

        let of_ursula = authors[0].books.loaded().unwrap();
        assert_eq!(titles(of_ursula), ["One", "Two", "Three"]);
        let ratings: Vec<i32> = of_ursula[0].reviews.loaded().unwrap().iter().map(|review| review.rating).collect();
        assert_eq!(ratings, [5, 3]);
        assert!(of_ursula[1].reviews.loaded().unwrap().is_empty());
        let both: Vec<i64> = of_ursula[1].authors.loaded().unwrap().iter().map(|author| author.id).collect();
        assert_eq!(both, [ursula.id, terry.id]);
        assert_eq!(authors[0].profile.loaded().unwrap().unwrap().text, "Of Earthsea");
        assert!(authors[1].profile.loaded().unwrap().is_none());
        assert!(matches!(of_ursula[0].tags.loaded(), Err(Error::NotLoaded { model: "Tag" })));
    }

    async fn a_series_has_a_parent_and_children(database: TestDatabase) {
        let db = connect(&database).await;
        let world = Series::create(NewSeries::new("World"), &db).await.unwrap();
        let part = NewSeries { parent_id: Some(world.id), ..NewSeries::new("Part") };
        let part = Series::create(part, &db).await.unwrap();
        let query = Series::query().include(Series::PARENT).include(Series::CHILDREN.then(Series::CHILDREN));
        let series = query.fetch(&db).await.unwrap().items;
        assert_eq!(series[0].children.loaded().unwrap()[0].id, part.id);
        assert!(series[0].children.loaded().unwrap()[0].children.loaded().unwrap().is_empty());
        assert!(series[0].parent.loaded().unwrap().is_none());
        assert_eq!(series[1].parent.loaded().unwrap().unwrap().name, "World");
    }

    async fn related_rows_narrow_without_duplicates(database: TestDatabase) {
        let db = connect(&database).await;
        shelf(&db).await;
        let with_books = Author::query().filter(Author::BOOKS.any(Book::TITLE.contains("T"))).fetch(&db).await.unwrap();
        assert_eq!((with_books.items.len(), with_books.meta.total), (2, Some(2)));
        let by_both = Book::query().filter(Book::AUTHORS.any(Author::NAME.eq("Terry"))).fetch(&db).await.unwrap();
        assert_eq!(titles(&by_both.items), ["Two"]);
    }

    async fn an_update_sets_what_it_names(database: TestDatabase) {
        let db = connect(&database).await;
        let new = NewAuthor { email: Some("a@b".to_owned()), ..NewAuthor::new("Ann") };
        let author = Author::create(new, &db).await.unwrap();
        let patch = AuthorPatch { name: "Anna".to_owned().into(), ..Default::default() };
        let renamed = Author::update(author.id, patch, &db).await.unwrap();
        assert_eq!((renamed.name.as_str(), renamed.email.as_deref(), renamed.initial.as_str()), ("Anna", Some("a@b"), "A"));
        assert!(renamed.updated_at >= author.updated_at);
        let patch = AuthorPatch { email: Patch::Set(None), ..Default::default() };
        assert_eq!(Author::update(author.id, patch, &db).await.unwrap().email, None);
        let unchanged = Author::update(author.id, AuthorPatch::default(), &db).await.unwrap();
        assert_eq!(unchanged.updated_at, Author::find(author.id, &db).await.unwrap().updated_at);
        assert!(matches!(Author::update(999, AuthorPatch::default(), &db).await, Err(Error::NotFound("Author"))));
    }

    async fn a_set_of_keys_replaces_the_links(database: TestDatabase) {
        let db = connect(&database).await;
        let (ursula, terry, books) = shelf(&db).await;
        let authors = |db: Database| {
            let id = books[1].id;
            async move {
                let query = Book::query().filter(Book::ID.eq(id)).include(Book::AUTHORS);
                let book = query.first(&db).await.unwrap().unwrap();
                book.authors.loaded().unwrap().iter().map(|author| author.id).collect::<Vec<_>>()
            }
        };
        assert_eq!(authors(db.clone()).await, [ursula.id, terry.id]);
        let patch = BookPatch { author_ids: vec![terry.id].into(), ..Default::default() };
        Book::update(books[1].id, patch, &db).await.unwrap();
        assert_eq!(authors(db.clone()).await, [terry.id]);
        let patch = BookPatch { author_ids: vec![].into(), ..Default::default() };
        Book::update(books[1].id, patch, &db).await.unwrap();
        assert!(authors(db.clone()).await.is_empty());

        let patch = BookPatch { author_ids: vec![ursula.id, 999].into(), ..Default::default() };
        let Err(Error::Conflict(errors)) = Book::update(books[1].id, patch, &db).await else { panic!("no such author") };
        assert_eq!((&errors[0].at, errors[0].code), (&Location::Pointer("/author_ids".to_owned()), "foreign_key"));
        assert!(authors(db.clone()).await.is_empty(), "the whole update was taken back");
    }

    async fn a_transaction_is_all_or_nothing(database: TestDatabase) {
        let db = connect(&database).await;
        let mut transaction = db.begin().await.unwrap();
        let author = Author::create(NewAuthor::new("Ann"), &mut transaction).await.unwrap();
        assert_eq!(Author::find(author.id, &mut transaction).await.unwrap().name, "Ann");
        assert!(matches!(Author::find(author.id, &db).await, Err(Error::NotFound(_))), "not yet visible to others");
        transaction.rollback().await.unwrap();
        assert_eq!(Author::query().fetch(&db).await.unwrap().meta.total, Some(0));

        let mut transaction = db.begin().await.unwrap();
        Author::create(NewAuthor::new("Bob"), &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(Author::query().fetch(&db).await.unwrap().meta.total, Some(1));
    }

    async fn what_the_database_refuses_is_named(database: TestDatabase) {
        let db = connect(&database).await;
        let ann = || NewAuthor { email: Some("ann@example.org".to_owned()), ..NewAuthor::new("Ann") };
        let author = Author::create(ann(), &db).await.unwrap();
        let Err(Error::Conflict(errors)) = Author::create(ann(), &db).await else { panic!("the address is taken") };
        assert_eq!((&errors[0].at, errors[0].code), (&Location::Pointer("/email".to_owned()), "unique"));
        assert!(matches!(Review::create(NewReview::new(999, 3), &db).await, Err(Error::Conflict(_))));

        let book = Book::create(NewBook::new("A"), &db).await.unwrap();
        Review::create(NewReview::new(book.id, 3), &db).await.unwrap();
        let Err(Error::Conflict(errors)) = Book::delete(book.id, &db).await else { panic!("a review refers to it") };
        assert_eq!(errors[0].code, "foreign_key");
        Author::delete(author.id, &db).await.unwrap();
        assert!(matches!(Author::delete(author.id, &db).await, Err(Error::NotFound(_))));
    }

    async fn rules_hold_for_writes_from_rust(database: TestDatabase) {
        let db = connect(&database).await;
        let new = NewAuthor { password: Some("short".to_owned()), ..NewAuthor::new("") };
        let Err(Error::Invalid(errors)) = Author::create(new, &db).await else { panic!("two rules are broken") };
        assert_eq!(errors.len(), 2, "{errors:?}");
    }

    async fn keys_of_every_kind_find_their_rows(database: TestDatabase) {
        let db = connect(&database).await;
        let (ursula, _, books) = shelf(&db).await;
        let profile = Profile::create(NewProfile::new(ursula.id, "x"), &db).await.unwrap();
        assert_eq!(profile.id.get_version_num(), 7);
        assert_eq!(Profile::find(profile.id, &db).await.unwrap().author_id, ursula.id);
        Tag::create(NewTag::new("sf & fantasy/…"), &db).await.unwrap();
        assert_eq!(Tag::find("sf & fantasy/…".to_owned(), &db).await.unwrap().name, "sf & fantasy/…");
        let link = BookAuthor::find((books[0].id, ursula.id), &db).await.unwrap();
        assert_eq!(link.role, None);
        let patch = BookAuthorPatch { role: Some("editor".to_owned()).into() };
        assert_eq!(BookAuthor::update((books[0].id, ursula.id), patch, &db).await.unwrap().role.as_deref(), Some("editor"));
    }
}
