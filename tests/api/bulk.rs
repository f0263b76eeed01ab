//! Many rows in one request, all or none.

use couplet::App;
use couplet::model::Operation;
use couplet::prelude::*;
use couplet_tests::{Answer, TestDatabase, on_each_database};
use reqwest::Method;
use serde_json::json;

use super::models::EveryType;
use super::support::*;

/// A key that the database makes, a unique column, a foreign key, links, a time of the last change.
#[derive(Debug, Clone, Model, Resource)]
#[resource(bulk, fields)]
pub struct Album {
    pub id: i64,
    #[field(sort, length(1..=100))]
    pub title: String,
    #[field(unique)]
    pub code: Option<String>,
    pub year: Option<i32>,
    #[field(default = 1)]
    pub discs: i32,
    pub label_id: Option<i64>,
    #[field(updated_at)]
    pub updated_at: DateTime<Utc>,
    #[field(version)]
    pub version: i32,
    #[relation(include, through = AlbumGenre, through(own = album_id, target = genre_name))]
    pub genres: ManyToMany<Genre>,
    #[relation(include)]
    pub label: BelongsTo<Label>,
    #[relation]
    pub tracks: HasMany<Track>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(bulk)]
pub struct Genre {
    #[field(key, filter)]
    pub name: String,
    pub color: Option<String>,
}

#[derive(Debug, Clone, Model)]
pub struct AlbumGenre {
    #[field(key)]
    pub album_id: i64,
    #[field(key)]
    pub genre_name: String,
    #[relation(on_delete = cascade)]
    pub album: BelongsTo<Album>,
    #[relation(on_delete = cascade, foreign_key = genre_name)]
    pub genre: BelongsTo<Genre>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(bulk, max_items = 3)]
pub struct Label {
    pub id: i64,
    pub name: Option<String>,
    pub parent_id: Option<i64>,
    #[relation]
    pub parent: BelongsTo<Label>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(operations(list, bulk_create))]
pub struct Track {
    pub id: Uuid,
    pub album_id: i64,
    #[field(sort)]
    pub title: String,
    #[relation]
    pub album: BelongsTo<Album>,
}

/// A key of two columns, both of which the client gives.
#[derive(Debug, Clone, Model, Resource)]
#[resource(bulk, require_if_match)]
pub struct Seat {
    #[field(key)]
    pub row: String,
    #[field(key)]
    pub number: i32,
    #[field(rename = "guest")]
    pub taken_by: Option<String>,
    #[field(version)]
    pub version: i64,
}

pub fn app(database: &TestDatabase) -> App {
    App::new(config(database))
        .resource::<Album>()
        .resource::<Genre>()
        .resource::<Label>()
        .resource::<Track>()
        .resource::<Seat>()
        .resource::<EveryType>()
}

pub async fn start(database: &TestDatabase) -> Api {
    Api::of(app(database)).await
}

/// The values of one member of all items of an answer.
fn of_items(answer: &Answer, member: &str) -> Vec<serde_json::Value> {
    answer["/items"].as_array().unwrap().iter().map(|item| item[member].clone()).collect()
}

on_each_database! {
    async fn rows_are_created_in_the_order_of_the_request(database: TestDatabase) {
        let api = start(&database).await;
        let items: Vec<_> = (0..1_200).map(|number| json!({"title": format!("Album {}", 7919 * number % 1_200)})).collect();
        let created = api.post("/albums/bulk", &json!({"items": items})).await.expect(201);
        assert_eq!(created.statements(), 2, "an insert for each thousand");
        let titles: Vec<_> = items.iter().map(|item| item["title"].clone()).collect();
        assert_eq!(of_items(&created, "title"), titles);
        assert_eq!(of_items(&created, "id"), (1..=1_200).map(|id| json!(id)).collect::<Vec<_>>());
        assert_eq!((&created["/items/0/version"], &created["/items/0/discs"]), (&json!(1), &json!(1)));
        assert_eq!(created.header("location"), None);

        let genres = json!({"items": [{"name": "jazz", "color": "blue"}, {"name": "blues"}, {"name": "air"}]});
        let created = api.post("/genres/bulk", &genres).await.expect(201);
        let expected = json!([
            {"name": "jazz", "color": "blue"}, {"name": "blues", "color": null}, {"name": "air", "color": null},
        ]);
        assert_eq!(created["/items"], expected);
        let tracks = ["c", "a", "b"].map(|title| json!({"title": title, "album_id": 1}));
        let created = api.post("/tracks/bulk", &json!({"items": tracks})).await.expect(201);
        assert_eq!(of_items(&created, "title"), ["c", "a", "b"]);
        let labels = api.post("/labels/bulk", &json!({"items": [{}, {}]})).await.expect(201);
        assert_eq!((of_items(&labels, "id"), labels.statements()), (vec![json!(1), json!(2)], 1), "rows that set nothing");
    }

    async fn every_type_is_written_and_null_is_null(database: TestDatabase) {
        let api = start(&database).await;
        let full = json!({
            "aBool": false, "small": -32768, "medium": 7, "large": 9_007_199_254_740_993_i64, "float": 0.1,
            "text": "ünï 漢字 ' \" \\", "bytes": "AAH/", "uuid": "0190a5d4-5c1e-7cc2-8f3a-2f1c6e9b7d10",
            "time": "2024-05-06T07:08:09.123456Z", "date": "2024-02-29", "decimal": "-1234567890.000100",
            "json": {"a": [1, null, "x"]}, "state": "on_leave",
        });
        let nullable = ["uuid", "time", "date", "decimal", "json", "state"];
        let mut empty = full.clone();
        for name in nullable {
            empty[name] = json!(null);
        }
        let created = api.post("/every-types/bulk", &json!({"items": [full, empty, {}]})).await.expect(201);
        let without_id = |row: &serde_json::Value| {
            let mut row = row.clone();
            row.as_object_mut().unwrap().remove("id");
            row
        };
        assert_eq!(without_id(&created["/items/0"]), full);
        assert_eq!(without_id(&created["/items/1"]), empty);
        assert_eq!(created["/items/2/bytes"], "AQL/");

        let change = |id: i64, row: &serde_json::Value| {
            let mut row = row.clone();
            row["id"] = json!(id);
            row
        };
        let items = json!({"items": [change(3, &full), change(1, &empty), {"id": 2, "text": "only"}]});
        let updated = api.patch("/every-types/bulk", &items).await.expect(200);
        assert_eq!(updated.statements(), 1);
        assert_eq!(without_id(&updated["/items/0"]), full);
        assert_eq!(without_id(&updated["/items/1"]), empty);
        assert_eq!(without_id(&updated["/items/2"]), { let mut row = empty.clone(); row["text"] = json!("only"); row });
        assert_eq!(api.get("/every-types/3").await["/json"], full["json"]);
    }

    async fn rows_are_changed_each_in_its_own_columns_by_one_statement(database: TestDatabase) {
        let api = start(&database).await;
        let items: Vec<_> = (0..3).map(|number| json!({"title": format!("{number}"), "year": 1, "code": format!("{number}")})).collect();
        let created = api.post("/albums/bulk", &json!({"items": items})).await.expect(201);
        let changes = json!({"items": [
            {"id": 3, "title": "three"}, {"id": 1, "year": null, "discs": 2}, {"id": 2},
        ]});
        for media_type in ["application/json", "application/merge-patch+json"] {
            let updated = api.send_text(Method::PATCH, "/albums/bulk", media_type, changes.to_string()).await.expect(200);
            assert_eq!(updated.statements(), 1);
            assert_eq!(of_items(&updated, "id"), [3, 1, 2]);
            assert_eq!(of_items(&updated, "title"), ["three", "0", "1"]);
            assert_eq!(of_items(&updated, "year"), [json!(1), json!(null), json!(1)]);
            assert_eq!(of_items(&updated, "discs"), [1, 2, 1]);
        }
        let rows = ["/albums/1", "/albums/2", "/albums/3"].map(|path| api.get(path));
        let [first, second, third] = rows;
        let (first, second, third) = (first.await, second.await, third.await);
        assert_eq!((&first["/version"], &second["/version"], &third["/version"]), (&json!(3), &json!(1), &json!(3)));
        assert!(first["/updated_at"].as_str() > created["/items/0/updated_at"].as_str());
        assert_eq!(second["/updated_at"], created["/items/1/updated_at"], "nothing was changed in it");
        let nothing = api.patch("/genres/bulk", &json!({"items": []})).await.expect(200);
        assert_eq!((nothing.json(), nothing.statements()), (&json!({"items": []}), 0));
        assert_eq!(api.post("/genres/bulk", &json!({"items": []})).await.expect(201).json(), &json!({"items": []}));
        api.post("/genres/bulk/delete", &json!({"items": []})).await.expect(204);
    }

    async fn one_tag_is_not_that_of_many_rows(database: TestDatabase) {
        let api = start(&database).await;
        for (method, path) in [(Method::PATCH, "/albums/bulk"), (Method::POST, "/albums/bulk/delete"), (Method::POST, "/genres/bulk")] {
            let request = api.request(method, path).header("if-match", "\"1\"").json(&json!({"items": []}));
            let problem = api.send(request).await.expect(400);
            assert_mistakes(&problem, [("If-Match", "not_supported")]);
            let names_member = problem.text().contains("in its item, as \\\"version\\\"");
            assert_eq!(names_member, path.starts_with("/albums"), "{problem}");
        }
    }

    async fn rows_are_deleted_by_their_keys(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/genres/bulk", &json!({"items": [{"name": "a"}, {"name": "b"}, {"name": "c"}]})).await.expect(201);
        let deleted = api.post("/genres/bulk/delete", &json!({"items": [{"name": "c"}, {"name": "a"}]})).await.expect(204);
        assert_eq!((deleted.bytes(), deleted.statements()), (&b""[..], 1));
        assert_eq!(api.column("/genres", "name").await, ["b"]);
        api.post("/genres/bulk/delete", &json!({"items": [{"name": "b"}]})).await.expect(204);
        assert_eq!(api.get("/genres").await["/meta/total"], 0);

        let seat = |row: &str, number: i32| json!({"row": row, "number": number});
        api.post("/seats/bulk", &json!({"items": [seat("a", 1), seat("a", 2), seat("b", 1)]})).await.expect(201);
        let key = |row: &str, number: i32| json!({"row": row, "number": number, "version": 1});
        let deleted = api.post("/seats/bulk/delete", &json!({"items": [key("b", 1), key("a", 1)]})).await.expect(204);
        assert_eq!(deleted.statements(), 1);
        assert_eq!(api.column("/seats", "number").await, ["2"]);
    }

    async fn sets_of_keys_take_one_statement_for_all_rows(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/genres/bulk", &json!({"items": [{"name": "a"}, {"name": "b"}, {"name": "c"}]})).await.expect(201);
        let items = json!({"items": [
            {"title": "1", "genre_ids": ["a", "b"]}, {"title": "2"}, {"title": "3", "genre_ids": ["c", "a"]},
        ]});
        let created = api.post("/albums/bulk", &items).await.expect(201);
        assert_eq!(created.statements(), 2, "the rows and their links");
        let names = async || {
            let albums = api.get("/albums?include=genres&sort=title").await.expect(200);
            let genres = of_items(&albums, "genres");
            genres.iter().map(|of| of.as_array().unwrap().iter().map(|genre| genre["name"].as_str().unwrap()).collect::<String>()).collect::<Vec<_>>()
        };
        assert_eq!(names().await, ["ab", "", "ac"]);
        let changes = json!({"items": [
            {"id": 3, "genre_ids": ["b", "a"]}, {"id": 2, "title": "2"}, {"id": 1, "genre_ids": []},
        ]});
        let updated = api.patch("/albums/bulk", &changes).await.expect(200);
        assert_eq!(updated.statements(), 3, "the rows, the links that go and those that come");
        assert_eq!(of_items(&updated, "version"), [2, 2, 2], "links are a part of the row");
        assert_eq!(names().await, ["", "", "ab"]);
    }

    async fn one_bad_item_takes_all_back(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/albums/bulk", &json!({"items": [{"title": "1"}, {"title": "2"}]})).await.expect(201);
        let problem = api.patch("/albums/bulk", &json!({"items": [
            {"id": 1, "title": "changed"}, {"id": 9, "title": "x"}, {"id": 2}, {"id": 7},
        ]})).await.expect(404);
        assert_mistakes(&problem, [("/items/1/id", "not_found"), ("/items/3/id", "not_found")]);
        let problem = api.post("/albums/bulk/delete", &json!({"items": [{"id": 1}, {"id": 9}]})).await.expect(404);
        assert_mistakes(&problem, [("/items/1/id", "not_found")]);
        let problem = api.patch("/albums/bulk", &json!({"items": [{"id": 9}]})).await.expect(404);
        assert_mistakes(&problem, [("/items/0/id", "not_found")]);
        assert_eq!(api.column("/albums?sort=title", "title").await, ["1", "2"]);
        assert_eq!(api.column("/albums", "version").await, ["1", "1"]);
    }

    async fn every_mistake_of_every_item_is_named(database: TestDatabase) {
        let api = start(&database).await;
        let problem = api.post("/albums/bulk", &json!({"items": [
            {"title": ""}, {"title": "fine"}, {"titel": "x"}, {"title": "x", "year": "y", "genre_ids": ["a", 1]}, {"title": "x", "version": 3},
        ]})).await.expect(422);
        assert_mistakes(&problem, [
            ("/items/0/title", "length"),
            ("/items/2/titel", "unknown_field"),
            ("/items/2/title", "required"),
            ("/items/3/year", "invalid_value"),
            ("/items/3/genre_ids/1", "invalid_value"),
            ("/items/4/version", "read_only"),
        ]);
        let problem = api.patch("/albums/bulk", &json!({"items": [
            {"title": "x"}, {"id": "1"}, {"id": 1, "version": "2"}, {"id": 1, "title": null, "version": null}, {"id": 2}, {"id": 2},
        ]})).await.expect(422);
        assert_mistakes(&problem, [
            ("/items/0/id", "required"),
            ("/items/1/id", "invalid_value"),
            ("/items/2/version", "invalid_value"),
            ("/items/3/title", "not_null"),
            ("/items/3/version", "invalid_value"),
        ]);
        let problem = api.patch("/albums/bulk", &json!({"items": [{"id": 1}, {"id": 2}, {"id": 1}, {"id": 1}]})).await.expect(422);
        assert_mistakes(&problem, [("/items/2/id", "duplicate"), ("/items/3/id", "duplicate")]);
        let problem = api.post("/albums/bulk/delete", &json!({"items": [{"id": 1, "title": "x"}, {}]})).await.expect(422);
        assert_mistakes(&problem, [("/items/0/title", "unknown_field"), ("/items/1/id", "required")]);
        let problem = api.post("/albums/bulk", &json!({"items": vec![json!({}); 500]})).await.expect(422);
        let found = mistakes(&problem);
        assert_eq!((found.len(), found[0].1.as_str()), (101, "too_many"));
        assert!(problem.text().contains("400 more mistakes than the first 100"), "{problem}");
        assert_eq!(problem.statements(), 0);
    }

    async fn a_body_is_a_bounded_list_of_items(database: TestDatabase) {
        let api = start(&database).await;
        let four = json!({"items": [{}, {}, {}, {}]});
        assert_mistakes(&api.post("/labels/bulk", &four).await.expect(422), [("/items", "too_many")]);
        assert_mistakes(&api.post("/labels/bulk", &json!([{}])).await.expect(422), [("", "invalid_value")]);
        assert_mistakes(&api.post("/labels/bulk", &json!({})).await.expect(422), [("/items", "required")]);
        assert_mistakes(&api.post("/labels/bulk", &json!({"items": [1]})).await.expect(422), [("/items/0", "invalid_value")]);
        assert_mistakes(&api.post("/labels/bulk?x=1", &four).await.expect(400), [("x", "unknown_parameter")]);
        let twice = r#"{"items": [{"name": "a", "name": "b"}]}"#;
        api.send_text(Method::POST, "/labels/bulk", "application/json", twice).await.expect(400);
        api.send_text(Method::POST, "/labels/bulk", "text/plain", "{}").await.expect(415);
        let deep = format!("{{\"items\": [{}{}]}}", "[".repeat(100), "]".repeat(100));
        api.send_text(Method::POST, "/labels/bulk", "application/json", deep).await.expect(400);
    }

    async fn only_what_is_opted_in_is_there_and_it_wins_over_a_key(database: TestDatabase) {
        let api = start(&database).await;
        let allow = api.get("/tracks/bulk").await.expect(405);
        assert_eq!(allow.header("allow"), Some("OPTIONS, POST"));
        api.post("/tracks/bulk/delete", &json!({"items": []})).await.expect(404);
        api.create("/genres", json!({"name": "bulk"})).await;
        let patched = api.patch("/genres/bulk", &json!({"items": [{"name": "bulk", "color": "red"}]})).await.expect(200);
        assert_eq!(patched["/items/0/color"], "red");
        api.post("/seats/bulk", &json!({"items": [{"row": "bulk", "number": 1}]})).await.expect(201);
        assert_eq!(api.get("/seats/bulk/1").await.expect(200)["/row"], "bulk");
        let part = App::new(config(&database)).resource_with::<Genre>(|exposed| exposed.without([Operation::Delete]));
        let api = Api::of(part).await;
        api.post("/genres/bulk/delete", &json!({"items": [{"name": "bulk"}]})).await.expect(404);
        api.patch("/genres/bulk", &json!({"items": [{"name": "bulk"}]})).await.expect(200);
    }

    async fn ten_thousand_rows_go_through_one_request(database: TestDatabase) {
        let mut config = config(&database);
        config.server.request_deadline = std::time::Duration::from_secs(120);
        let api = Api::of(App::new(config).resource::<Album>().resource::<Genre>().resource::<Label>()).await;
        let long = "x".repeat(90);
        let items: Vec<_> = (0..10_000).map(|number| json!({"title": format!("{long}{number}"), "code": format!("{long}-{number}")})).collect();
        let created = api.post("/albums/bulk", &json!({"items": items})).await.expect(201);
        assert_eq!((of_items(&created, "id").len(), created.statements()), (10_000, 10));
        let items: Vec<_> = (1..=10_000).map(|id| if id % 2 == 0 { json!({"id": id, "year": id}) } else { json!({"id": id, "title": "odd", "version": 1}) }).collect();
        let updated = api.patch("/albums/bulk", &json!({"items": items})).await.expect(200);
        assert_eq!((&updated["/items/9999/year"], &updated["/items/0/title"]), (&json!(10_000), &json!("odd")));
        assert_eq!(updated.statements(), 10);
        let items: Vec<_> = (1..=10_000).map(|id| json!({"id": id})).collect();
        let deleted = api.post("/albums/bulk/delete", &json!({"items": items})).await.expect(204);
        assert_eq!(deleted.statements(), 1);
        assert_eq!(api.get("/albums").await["/meta/total"], 0);
    }

    async fn the_same_calls_can_be_made_from_rust(database: TestDatabase) {
        let api = start(&database).await;
        let db = api.database();
        let new = ["b", "a"].map(|title| NewAlbum { code: Some(title.to_owned()), ..NewAlbum::new(title) });
        let albums = Album::create_many(new, db).await.unwrap();
        assert_eq!(albums.iter().map(|album| album.title.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        let changes = [(albums[1].id, AlbumPatch { year: Some(7).into(), ..Default::default() }), (albums[0].id, AlbumPatch { title: "c".to_owned().into(), ..Default::default() })];
        let updated = Album::update_many(changes.clone(), db).await.unwrap();
        assert_eq!((updated[0].year, updated[0].id, updated[1].title.as_str(), updated[1].version), (Some(7), albums[1].id, "c", 2));
        let missing = Album::update_many(changes.into_iter().chain([(77, AlbumPatch::default())]), db).await;
        assert!(matches!(missing, Err(Error::Missing(errors)) if errors.len() == 1));
        let long = AlbumPatch { title: String::new().into(), ..Default::default() };
        assert!(matches!(Album::update_many([(albums[0].id, long)], db).await, Err(Error::Invalid(_))));
        assert!(matches!(Album::delete_many([1, 1], db).await, Err(Error::Invalid(_))));
        assert_eq!(Album::update_many(Vec::<(i64, AlbumPatch)>::new(), db).await.unwrap().len(), 0);
        let mut transaction = db.begin().await.unwrap();
        Album::delete_many(albums.iter().map(|album| album.id), &mut transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        Album::delete_many(albums.iter().map(|album| album.id), db).await.unwrap();
        assert_eq!(Album::query().fetch(db).await.unwrap().meta.total, Some(0));
        let new = (0..3).map(|_| NewSeat::new("a", 1));
        assert!(matches!(Seat::create_many(new, db).await, Err(Error::Conflict(errors)) if errors.len() == 4));
    }
}
