//! Rows with versions that stay when they are deleted, found by words, of which a client chooses fields, order and relations.

use couplet::App;
use couplet::prelude::*;
use couplet_tests::{TestDatabase, on_each_database};
use serde_json::{Value, json};

use super::super::support::*;
use super::both;

#[derive(Debug, Clone, Model, Resource)]
#[model(full_text)]
#[resource(fields, deleted, filter = ["remarks.stars", "marks.name", "praise.stars", "extremes.stars"])]
pub struct Post {
    pub id: i64,
    #[field(filter, sort, search)]
    pub title: String,
    #[field(filter, sort)]
    pub score: Option<f64>,
    #[field(version)]
    pub version: i32,
    #[field(deleted_at, filter, sort)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[relation(include, sub_resource)]
    pub remarks: HasMany<Remark>,
    #[relation(include, sub_resource, foreign_key = post_id, filter = Remark::STARS.gte(4))]
    pub praise: HasMany<Remark>,
    #[relation(include, sub_resource, foreign_key = post_id, filter = Remark::STARS.lt(4) | Remark::STARS.gt(4))]
    pub extremes: HasMany<Remark>,
    #[relation(include, sub_resource, through = PostMark)]
    pub marks: ManyToMany<Mark>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(deleted, fields)]
pub struct Remark {
    pub id: i64,
    pub post_id: i64,
    #[field(filter, sort)]
    pub stars: i32,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[relation(include)]
    pub post: BelongsTo<Post>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(deleted)]
pub struct Mark {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Model)]
pub struct PostMark {
    #[field(key)]
    pub post_id: i64,
    #[field(key)]
    pub mark_id: i64,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

async fn start(database: &TestDatabase) -> Api {
    let app = App::new(config(database)).resource::<Post>().resource::<Remark>().resource::<Mark>();
    let api = Api::of(app.model::<PostMark>()).await;
    let database = api.database();
    for (number, score) in [(1, Some(1.5)), (2, None), (3, Some(-0.0)), (4, Some(0.0)), (5, None), (6, Some(1.5))] {
        let post = Post::create(NewPost { score, ..NewPost::new(format!("storm {number}")) }, database).await.unwrap();
        for stars in 3..=5 {
            Remark::create(NewRemark::new(post.id, stars), database).await.unwrap();
        }
    }
    for name in ["a", "b"] {
        Mark::create(NewMark::new(name), database).await.unwrap();
    }
    PostMark::create_many((1..=6).flat_map(|post| [1, 2].map(|mark| NewPostMark::new(post, mark))), database)
        .await
        .unwrap();
    api
}

async fn walked(api: &Api, path: &str, body: &Value) -> Vec<Value> {
    let (mut ids, mut cursor) = (Vec::new(), json!(""));
    while !cursor.is_null() {
        let mut body = body.clone();
        body["cursor"] = cursor;
        let page = both(api, path, &body).await;
        ids.extend(page["/items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        cursor = page["/meta/next_cursor"].clone();
        assert!(ids.len() < 100, "a walk ends");
    }
    ids
}

async fn walked_by_body(api: &Api, path: &str, body: &Value) -> Vec<i64> {
    let (mut ids, mut cursor) = (Vec::new(), json!(""));
    while !cursor.is_null() {
        let mut body = body.clone();
        body["cursor"] = cursor;
        let page = api.post(&format!("{path}/search"), &body).await.expect(200);
        ids.extend(page["/items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()));
        cursor = page["/meta/next_cursor"].clone();
    }
    ids
}

on_each_database! {
    async fn fields_without_the_version_keep_its_tag(database: TestDatabase) {
        let api = start(&database).await;
        let chosen = api.get("/posts/1?fields=title").await.expect(200);
        assert_eq!(chosen.text(), r#"{"title":"storm 1"}"#);
        assert!(chosen.header("etag").unwrap().starts_with("\"1-"));
        both(&api, "/posts", &json!({"fields": ["title"]})).await;
    }

    async fn what_is_deleted_is_in_nothing_that_is_read(database: TestDatabase) {
        let api = start(&database).await;
        for path in ["/remarks/3", "/marks/2", "/posts/2", "/posts/6"] {
            api.delete(path).await.expect(204);
        }
        couplet::sql("UPDATE post_marks SET deleted_at = '2024-01-01T00:00:00.000000Z' WHERE post_id = 3").execute(api.database()).await.unwrap();
        let body = json!({"fields": ["id"], "include": ["remarks", "praise", "marks"], "include_count": ["remarks", "praise", "marks"], "include.remarks.limit": 1, "include.remarks.sort": ["-stars"], "sort": ["id"]});
        let page = both(&api, "/posts", &body).await;
        assert_eq!(page["/meta/total"], 4);
        assert_eq!(page["/items/0/_count"], json!({"remarks": 2, "praise": 1, "marks": 1}));
        assert_eq!(page["/items/1/_count"], json!({"remarks": 3, "praise": 2, "marks": 0}));
        assert_eq!((&page["/items/0/remarks/0/stars"], &page["/items/0/praise/0/stars"]), (&json!(4), &json!(4)), "{page}");
        assert_eq!((page["/items/0/marks"].as_array().unwrap().len(), &page["/items/1/marks"]), (1, &json!([])));
        let ids = |body: Value| { let api = &api; async move { both(api, "/posts", &body).await["/items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect::<Vec<_>>() } };
        assert_eq!(ids(json!({"filter": {"remarks.stars": 5}})).await, [3, 4, 5]);
        assert_eq!(ids(json!({"filter": {"praise.stars": 5}, "q": "storm", "sort": ["id"]})).await, [3, 4, 5]);
        assert_eq!(ids(json!({"filter": {"marks.name": "a"}})).await, [1, 4, 5]);
        assert_eq!(ids(json!({"filter": {"marks.name": "b"}})).await, [0_i64; 0]);
        let mut found = ids(json!({"q": "storm"})).await;
        found.sort_unstable();
        assert_eq!(found, [1, 3, 4, 5]);
        let mut found = ids(json!({"q": "storm", "deleted": "only"})).await;
        found.sort_unstable();
        assert_eq!(found, [2, 6]);
        assert_eq!(api.get("/posts/1/marks").await.expect(200)["/meta/total"], 1);
        assert_eq!(api.get("/posts/3/marks").await.expect(200)["/meta/total"], 0);
        assert_eq!(api.get("/posts/1/praise?deleted=only").await.expect(200)["/meta/total"], 1);
        assert_eq!(api.get("/posts/1/praise?deleted=include&cursor=&count=exact").await.expect(200)["/meta/total"], 2);
        api.get("/posts/2/praise").await.expect(404);
        api.get("/posts/2/praise?deleted=include").await.expect(404);
        assert_eq!(api.get("/remarks/4?include=post&include.post.fields=title").await.expect(200)["/post"], Value::Null);
        assert_eq!(api.get("/remarks/4?include=post.marks").await.expect(200)["/post"], Value::Null);
        assert_eq!(api.get("/posts/2?deleted=include&include=praise&include_count=marks&fields=id").await.expect(200).text(), r#"{"id":2,"praise":[{"id":5,"post_id":2,"stars":4,"deleted_at":null},{"id":6,"post_id":2,"stars":5,"deleted_at":null}],"_count":{"marks":1}}"#);
    }

    async fn walks_over_nulls_and_deleted_rows_are_whole(database: TestDatabase) {
        let api = start(&database).await;
        api.delete("/posts/2").await.expect(204);
        api.delete("/posts/6").await.expect(204);
        for sort in [json!(["score"]), json!(["-score"]), json!(["score", "-title"]), json!(["-score", "title"]), json!(["deleted_at", "-score"]), json!(["-deleted_at", "score", "-id"]), json!(["title", "id"])] {
            for deleted in ["exclude", "include", "only"] {
                let whole = both(&api, "/posts", &json!({"sort": sort, "deleted": deleted, "fields": ["id"], "per_page": 100})).await;
                let whole: Vec<Value> = whole["/items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
                for per_page in [1, 2, 3] {
                    let body = json!({"sort": sort, "deleted": deleted, "fields": ["title", "id"], "per_page": per_page});
                    assert_eq!(walked(&api, "/posts", &body).await, whole, "{body}");
                    let body = json!({"sort": sort, "deleted": deleted, "q": "storm", "filter": {"remarks.stars": 4}, "per_page": per_page});
                    assert_eq!(walked(&api, "/posts", &body).await, whole, "{body}");
                }
            }
        }
        let cursor = api.get("/posts?cursor=&per_page=1").await["/meta/next_cursor"].as_str().unwrap().to_owned();
        for other in ["deleted=include", "q=storm", "sort=-id", "score__isnull=true", "remarks.stars=4"] {
            assert_mistakes(&api.get(&format!("/posts?cursor={cursor}&{other}")).await.expect(400), [("cursor", "cursor_mismatch")]);
        }
        assert_mistakes(&api.get(&format!("/remarks?cursor={cursor}")).await.expect(400), [("cursor", "cursor_mismatch")]);
        assert_mistakes(&api.post("/posts/search", &json!({"cursor": cursor, "deleted": "only"})).await.expect(422), [("/cursor", "cursor_mismatch")]);
    }

    async fn alternatives_keep_together(database: TestDatabase) {
        let api = start(&database).await;
        for path in ["/posts/2", "/remarks/1", "/remarks/12"] {
            api.delete(path).await.expect(204);
        }
        let either = json!({"or": [{"title": "storm 1"}, {"title": "storm 2"}, {"not": {"or": [{"score__isnull": true}, {"score__lt": 1}]}}]});
        for q in ["", "storm"] {
            let body = json!({"filter": either, "q": q, "sort": ["id"], "include": ["extremes"], "include_count": ["extremes"], "per_page": 1});
            assert_eq!(walked_by_body(&api, "/posts", &body).await, [1, 6], "{body}");
            let page = api.post("/posts/search", &json!({"filter": either, "q": q, "per_page": 1, "include": ["extremes"], "include_count": ["extremes"], "sort": ["id"]})).await.expect(200);
            assert_eq!((&page["/meta/total"], &page["/items/0/_count/extremes"]), (&json!(2), &json!(1)));
            assert_eq!(column(&page, "id"), ["1"]);
            assert_eq!(page["/items/0/extremes"].as_array().unwrap().len(), 1);
        }
        assert_eq!(api.get("/posts/1/extremes").await.expect(200)["/meta/total"], 1);
        assert_eq!(api.get("/posts/1/extremes?stars=4").await.expect(200)["/meta/total"], 0);
        assert_eq!(api.get("/posts/1/extremes?stars=4&cursor=&count=exact&deleted=include").await.expect(200)["/meta/total"], 0);
        assert_eq!(api.get("/posts?extremes.stars=4").await.expect(200)["/meta/total"], 0);
        assert_eq!(api.get("/posts?extremes.stars=3&sort=id").await.expect(200)["/items/0/id"], 3);
        assert_eq!(api.get("/posts?extremes.stars=5&include=extremes&include.extremes.limit=1&include.extremes.stars__gte=4&sort=-id&deleted=include").await.expect(200)["/meta/total"], 5);
    }
}
