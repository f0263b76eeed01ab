//! `POST /books/search`: a list by a tree of conditions.

use couplet::App;
use couplet::model::Operation;
use couplet_tests::{Answer, on_each_database};
use serde_json::{Value, json};

use super::models::*;
use super::support::*;

async fn fill(api: &Api) {
    for (name, status) in [("Ann", "active"), ("Bob", "on_leave")] {
        api.create("/authors", json!({"name": name, "status": status})).await;
    }
    for (title, year, rating, authors) in [
        ("Dune", json!(1965), 4.5, json!([1])),
        ("Emma", json!(1815), 4.0, json!([2])),
        ("Ubik", json!(1969), 3.0, json!([1, 2])),
        ("Beowulf", Value::Null, 3.5, json!([])),
    ] {
        api.create("/books", json!({"title": title, "year": year, "rating": rating, "author_ids": authors})).await;
    }
}

impl Api {
    async fn search(&self, path: &str, body: &Value) -> Answer {
        self.post(&format!("{path}/search"), body).await
    }

    /// The titles that a filter finds, in the order of their keys.
    #[track_caller]
    fn found(&self, filter: Value) -> impl Future<Output = Vec<String>> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.search("/books", &json!({"filter": filter})).await;
            assert!(answer.status() == 200, "at {caller}: {answer}");
            assert_eq!(answer["/meta/total"], answer["/items"].as_array().unwrap().len(), "at {caller}: {answer}");
            column(&answer, "title")
        }
    }
}

on_each_database! {
    async fn conditions_are_combined_by_and_or_and_not(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        assert_eq!(api.found(json!({"or": [{"title": "Dune"}, {"year__lt": 1900}]})).await, ["Dune", "Emma"]);
        assert_eq!(api.found(json!({"rating__gte": 3.5, "or": [{"title": "Dune"}, {"title": "Ubik"}]})).await, ["Dune"]);
        assert_eq!(api.found(json!({"and": [{"rating__gte": 3.5}, {"not": {"title__icontains": "u"}}]})).await, ["Emma"]);
        assert_eq!(
            api.found(json!({"or": [{"title": "Emma"}, {"and": [{"year__gte": 1965}, {"not": {"or": [{"title": "Ubik"}]}}]}]})).await,
            ["Dune", "Emma"]
        );
        assert_eq!(api.found(json!({"year__in": [1965, 1969], "title__in": ["Ubik", "Emma"]})).await, ["Ubik"]);
    }

    async fn what_is_empty_means_what_logic_says(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        for everything in [json!({}), json!({"and": []}), json!({"and": [{}]}), json!({"or": [{}]}), json!({"title__in": []})] {
            let expected = if everything.get("title__in").is_some() { 0 } else { 4 };
            assert_eq!(api.found(everything.clone()).await.len(), expected, "{everything}");
        }
        assert_eq!(api.found(json!({"or": []})).await, [""; 0]);
        assert_eq!(api.found(json!({"not": {}})).await, [""; 0]);
        assert_eq!(api.found(json!({"not": {"or": []}})).await.len(), 4);
    }

    async fn a_negation_is_that_of_sql(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        assert_eq!(api.found(json!({"not": {"year__gte": 1900}})).await, ["Emma"], "a year that is not known is not before 1900");
        assert_eq!(api.found(json!({"or": [{"not": {"year__gte": 1900}}, {"year__isnull": true}]})).await, ["Emma", "Beowulf"]);
        assert_eq!(api.found(json!({"not": {"year__isnull": true}})).await, ["Dune", "Emma", "Ubik"]);
        assert_eq!(api.found(json!({"not": {"authors.name": "Ann"}})).await, ["Emma", "Beowulf"], "no author is called so");
        assert_eq!(api.found(json!({"authors.name__ne": "Ann"})).await, ["Emma", "Ubik"], "some author is called otherwise");
    }

    async fn conditions_of_one_object_are_about_one_related_row(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        assert_eq!(api.found(json!({"authors.name": "Ann", "authors.status": "on_leave"})).await, [""; 0]);
        assert_eq!(api.found(json!({"and": [{"authors.name": "Ann"}, {"authors.status": "on_leave"}]})).await, ["Ubik"]);
        assert_eq!(api.found(json!({"or": [{"authors.name": "Bob"}, {"reviews.rating__gte": 5}]})).await, ["Emma", "Ubik"]);
    }

    async fn the_answer_is_that_of_the_list(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        for (query, body) in [
            ("", json!({})),
            ("page=2&per_page=1&count=none", json!({"page": 2, "per_page": 1, "count": "none"})),
            (
                "year__gte=1900&sort=-rating,title&include=authors,series.parent&per_page=1",
                json!({"filter": {"year__gte": 1900}, "sort": ["-rating", "title"], "include": ["authors", "series.parent"], "per_page": 1}),
            ),
            ("authors.status=active&title__in=Dune&title__in=Emma", json!({"filter": {"authors.status": "active", "title__in": ["Dune", "Emma"]}})),
            ("q=B&year__isnull=true", json!({"q": "B", "filter": {"year__isnull": true}})),
            ("sort=title&page=9", json!({"sort": ["title"], "page": 9, "include": []})),
        ] {
            let list = api.get(&format!("/books?{query}")).await.expect(200);
            let search = api.search("/books", &body).await.expect(200);
            assert_eq!((search.json(), search.statements()), (list.json(), list.statements()), "{query}");
            assert_eq!((search.header("link"), search.header("content-type")), (None, Some("application/json")));
        }
    }

    async fn values_have_the_types_of_their_columns(database: TestDatabase) {
        let api = Api::start(&database).await;
        let row = json!({
            "aBool": false, "small": -3, "medium": 4, "large": 9_007_199_254_740_993_i64, "float": 0.5, "text": "x", "uuid": "018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f",
            "time": "2024-05-06T07:08:09.123456Z", "date": "2024-02-29", "decimal": "9.50", "state": "on_leave",
        });
        api.create("/every-types", row.clone()).await;
        api.create("/every-types", json!({})).await;
        for (name, value) in row.as_object().unwrap() {
            let found = api.search("/every-types", &json!({"filter": {name: value}})).await.expect(200);
            assert_eq!(column(&found, "id"), ["1"], "{name}");
            let found = api.search("/every-types", &json!({"filter": {format!("{name}__in"): [value]}})).await.expect(200);
            assert_eq!(column(&found, "id"), ["1"], "{name}__in");
            let wrong = if value.is_string() { json!(1.25e20) } else { json!("x") };
            let refused = api.search("/every-types", &json!({"filter": {"or": [{name: wrong}]}})).await.expect(422);
            assert_mistakes(&refused, [(format!("/filter/or/0/{name}").as_str(), "invalid_value")]);
        }
    }

    async fn every_mistake_is_named_with_its_place(database: TestDatabase) {
        let api = Api::start(&database).await;
        let body = json!({
            "filter": {"or": [{"title": "x"}, {"rating__gte": "4", "not": {"titel": "x"}}], "year__in": [1, "x"], "authors.note": "x"},
            "sort": ["title", "titel"], "include": ["auhtors"], "page": 0, "per_page": 1_000, "count": "all", "filtre": {}, "q": 1,
        });
        let problem = api.search("/books", &body).await.expect(422);
        assert_mistakes(&problem, [
            ("/filter/or/1/rating__gte", "invalid_value"),
            ("/filter/or/1/not/titel", "unknown_field"),
            ("/filter/year__in/1", "invalid_value"),
            ("/filter/authors.note", "unknown_field"),
            ("/sort/1", "unknown_field"),
            ("/include/0", "unknown_relation"),
            ("/page", "invalid_value"),
            ("/per_page", "invalid_value"),
            ("/count", "invalid_value"),
            ("/filtre", "unknown_field"),
            ("/q", "invalid_value"),
        ]);
        assert_eq!((&problem["/instance"], problem.statements()), (&json!("/books/search"), 0));
        let details = problem["/errors"].to_string();
        for likely in ["title", "filter", "authors"] {
            assert!(details.contains(&format!("did you mean \\\"{likely}\\\"?")), "{details}");
        }
    }

    async fn hidden_columns_answer_as_unknown_ones(database: TestDatabase) {
        let api = Api::start(&database).await;
        let errors = async |path: &str, name: &str| {
            let refused = api.search(path, &json!({"filter": {name: "x"}})).await.expect(422);
            refused["/errors"].to_string().replace(name, "{}")
        };
        assert_eq!(errors("/authors", "note").await, errors("/authors", "nota").await);
        assert_eq!(errors("/authors", "password__eq").await, errors("/authors", "nopeword__eq").await);
        assert_eq!(errors("/books", "authors.note").await, errors("/books", "authors.nope").await);
    }

    async fn a_tree_is_bounded(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        let deep = |levels: usize| (1..levels).fold(json!({"title": "Dune"}), |tree, _| json!({"and": [tree]}));
        assert_eq!(api.found(deep(5)).await, ["Dune"]);
        let refused = api.search("/books", &json!({"filter": deep(6)})).await.expect(422);
        assert_mistakes(&refused, [("/filter/and/0/and/0/and/0/and/0/and/0", "too_deep")]);
        let wide = |terms: usize| json!({"or": (0..terms).map(|number| json!({"rating__gte": number})).collect::<Vec<_>>()});
        assert_eq!(api.found(wide(50)).await.len(), 4);
        let refused = api.search("/books", &json!({"filter": wide(51)})).await.expect(422);
        assert_mistakes(&refused, [("/filter", "too_many")]);
    }

    async fn bodies_that_are_no_search_are_told_apart(database: TestDatabase) {
        let api = Api::start(&database).await;
        let send = async |body: &str, status| api.send_text("POST".parse().unwrap(), "/books/search", "application/json", body).await.expect(status);
        assert_mistakes(&send("{", 400).await, [("", "invalid_json")]);
        assert_mistakes(&send("", 400).await, [("", "invalid_json")]);
        assert_mistakes(&send(r#"{"filter": {"year": 1, "year": 2}}"#, 400).await, [("", "invalid_json")]);
        assert_mistakes(&send("[]", 422).await, [("", "invalid_value")]);
        assert_mistakes(&send(r#"{"filter": []}"#, 422).await, [("/filter", "invalid_value")]);
        assert_mistakes(&api.post("/books/search?page=1", &json!({})).await.expect(400), [("page", "unknown_parameter")]);
        api.send_text("POST".parse().unwrap(), "/books/search", "text/plain", "{}").await.expect(415);
        let page = api.search("/books", &json!({"page": 100_000})).await.expect(422);
        assert_mistakes(&page, [("/page", "out_of_range")]);
    }

    async fn a_search_is_offered_where_a_list_is(database: TestDatabase) {
        let app = App::new(config(&database))
            .resource_with::<Book>(|books| books.without([Operation::List]))
            .resource_with::<Author>(|authors| authors.without([Operation::Search]).filter(Author::STATUS.eq(Status::Active)))
            .resource::<Tag>()
            .resource_with::<Review>(|reviews| reviews.filter(Review::RATING.gte(3)));
        let api = Api::of(app).await;
        api.create("/tags", json!({"name": "search"})).await;
        assert_eq!(api.search("/tags", &json!({"filter": {"name": "search"}})).await.expect(200)["/meta/total"], 1);
        let refused = api.get("/tags/search").await.expect(405);
        assert_eq!(refused.header("allow"), Some("OPTIONS, POST"), "the path wins over a key of the same text");
        api.search("/authors", &json!({})).await.expect(405);
        api.search("/books", &json!({})).await.expect(405);
        api.create("/books", json!({"title": "One"})).await;
        for rating in [2, 3] {
            api.create("/reviews", json!({"book_id": 1, "rating": rating})).await;
        }
        let shown = api.search("/reviews", &json!({"filter": {"not": {"rating": 3}}})).await.expect(200);
        assert_eq!(shown["/meta/total"], 0, "what is hidden stays so");
        let specification = api.get("/openapi.json").await.expect(200);
        let paths = specification["/paths"].as_object().unwrap();
        assert!(paths.contains_key("/tags/search") && !paths.contains_key("/authors/search") && !paths.contains_key("/books/search"));
        assert_eq!(specification["/paths/~1tags~1search/post/operationId"], "tags.search");
    }

    async fn the_specification_describes_the_tree(database: TestDatabase) {
        let api = Api::start(&database).await;
        let specification = api.get("/openapi.json").await.expect(200);
        let schemas = &specification.json()["components"]["schemas"];
        let search = &schemas["BookSearch"];
        let members = search["properties"].as_object().unwrap().keys();
        let members: Vec<&String> = members.filter(|name| !name.contains('.')).collect();
        assert_eq!(members, ["filter", "page", "per_page", "cursor", "count", "sort", "include", "include_count", "q"]);
        assert_eq!(search["additionalProperties"], false);
        let filter = &schemas["BookFilter"];
        let tree = json!({"$ref": "#/components/schemas/BookFilter"});
        assert_eq!((&filter["additionalProperties"], &filter["properties"]["not"]), (&json!(false), &tree));
        assert_eq!((&filter["properties"]["or"]["items"], &filter["properties"]["and"]["maxItems"]), (&tree, &json!(50)));
        assert_eq!(filter["properties"]["authors.status__in"]["items"]["enum"], json!(["active", "on_leave"]));
        assert_eq!(filter["properties"]["year__isnull"]["type"], "boolean");
        let operation = &specification.json()["paths"]["/books/search"]["post"];
        let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
        assert_eq!(statuses, ["200", "400", "408", "413", "414", "415", "422", "431", "500", "503", "504"]);
        assert_eq!(operation["responses"]["200"]["headers"].get("Link"), None);
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        api.search("/books", example).await.expect(200);
    }
}
