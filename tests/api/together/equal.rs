//! A question means the same in a query string and in a body, cursors included.

use couplet_tests::on_each_database;
use serde_json::{Value, json};

use super::super::support::*;
use super::{both, fill, merged, start};

/// Questions for ships, with everything that a list takes.
fn questions() -> Vec<Value> {
    vec![
        json!({}),
        json!({"page": 2, "per_page": 3, "count": "none", "sort": ["-built", "name"]}),
        json!({"page": 1, "per_page": 2, "count": "estimated", "filter": {"built__isnull": true}}),
        json!({"q": "ship storm"}),
        json!({"q": "ship", "sort": ["-name"], "fields": ["label"], "per_page": 4}),
        json!({"filter": {"name__in": ["Ship 0001", "Ship 0007"], "built__gte": 1900, "is_listed": true}}),
        json!({"filter": {"crew.rank": 5, "crew.name__in": ["Sailor 5", "Sailor 1"], "cabins.berths.width__gte": 80}}),
        json!({"filter": {"boats.name": "Ship 0004", "mother.mother.name": "Ship 0001", "harbours.name": "Large Bay"}}),
        json!({"fields": ["name"], "sort": ["-built"], "include": ["port"], "include_count": ["crew"], "cursor": "", "per_page": 3}),
        json!({"fields": ["built"], "include": ["cabins.berths", "boats"], "include.cabins.fields": ["color"], "include.boats.fields": ["label"]}),
        json!({
            "include": ["crew", "officers", "harbours", "boats", "port"], "include.crew.limit": 3, "include.crew.sort": ["-rank", "id"],
            "include.crew.rank__gte": 2, "include.officers.name__in": ["Sailor 4"], "include.harbours.name__icontains": "bay",
            "include.boats.built__isnull": false, "include.boats.fields": ["name", "built"], "include.port.name": "Creek",
            "include.boats.sort": ["-built"], "include_count": ["boats", "officers"],
        }),
        json!({"include": ["boats.crew"], "include.boats.crew.limit": 1, "include.boats.crew.sort": ["-name"], "include.boats.limit": 1}),
    ]
}

on_each_database! {
    async fn the_body_and_the_query_string_answer_the_same_bytes(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 12).await;
        for question in questions() {
            both(&api, "/ships", &question).await;
        }
        for question in [
            json!({"sort": ["-color"], "fields": ["number"], "include": ["berths", "ship"], "cursor": "", "per_page": 3}),
            json!({"filter": {"berths.width__gte": 80, "ship.name": "Ship 0003"}, "include_count": ["berths"], "include.berths.limit": 1, "include": ["berths"]}),
            json!({"filter": {"number": 2, "ship_id__in": [1, 2, 3]}, "sort": ["-ship_id"], "include": ["ship.crew"], "include.ship.fields": ["name"]}),
        ] {
            both(&api, "/cabins", &question).await;
        }
    }

    async fn each_question_is_walked_to_its_end_both_ways_in_turn(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 12).await;
        for question in questions() {
            let mut all = merged(&[&question, &json!({"per_page": 100, "cursor": ""})]);
            all.as_object_mut().unwrap().remove("page");
            let expected = both(&api, "/ships", &all).await["/items"].clone();
            let mut seen = Vec::new();
            let mut cursor = Value::from("");
            while !cursor.is_null() {
                let page = both(&api, "/ships", &merged(&[&all, &json!({"per_page": 5, "cursor": cursor})])).await;
                seen.extend(page["/items"].as_array().unwrap().clone());
                cursor = page["/meta/next_cursor"].clone();
            }
            assert_eq!(Value::from(seen), expected, "{question}");
        }
    }

    async fn a_tree_is_walked_to_its_end_and_back(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 12).await;
        let body = json!({
            "filter": {"or": [{"boats.name__icontains": "ship"}, {"not": {"built__gte": 1904}}, {"built__isnull": true}]},
            "sort": ["-built"], "fields": ["name"], "include": ["crew"], "include.crew.limit": 1, "include.crew.sort": ["-rank"],
            "include.crew.fields": ["rank"], "include_count": ["boats"], "per_page": 3, "cursor": "",
        });
        let ask = async |change: Value| api.post("/ships/search", &merged(&[&body, &change])).await;
        let all = column(&ask(json!({"per_page": 100})).await.expect(200), "name");
        assert_eq!(all.len(), 8, "{all:?}");
        let (mut pages, mut cursor) = (Vec::new(), json!(""));
        while !cursor.is_null() {
            let page = ask(json!({"cursor": cursor})).await.expect(200);
            assert_eq!((page.statements(), &page["/items/0/crew"]), (3, &json!([{"rank": 5}])));
            assert_eq!(page["/items/0"].as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "crew", "_count"]);
            cursor = page["/meta/next_cursor"].clone();
            pages.push(page);
        }
        assert_eq!(pages.iter().flat_map(|page| column(page, "name")).collect::<Vec<_>>(), all);
        let back = ask(json!({"cursor": pages[2]["/meta/prev_cursor"].clone()})).await.expect(200);
        assert_eq!(back["/items"], pages[1]["/items"]);

        let cursor = pages[0]["/meta/next_cursor"].clone();
        let same = json!({"cursor": cursor, "filter": {"or": [
            {"built__isnull": true}, {"boats.name__icontains": "ship"}, {"and": [{"not": {"built__gte": 1904}}]},
        ]}});
        assert_eq!(ask(same).await.expect(200)["/items"], pages[1]["/items"], "a reordered tree is the same question");
        for change in [
            json!({"filter": {"or": [{"boats.name__icontains": "ship"}, {"built__isnull": true}]}}),
            json!({"filter": {"and": [{"boats.name__icontains": "ship"}, {"not": {"built__gte": 1904}}, {"built__isnull": true}]}}),
            json!({"filter": {}}),
            json!({"sort": ["built"]}),
            json!({"q": "ship"}),
        ] {
            let refused = ask(merged(&[&change, &json!({"cursor": cursor})])).await.expect(422);
            assert_mistakes(&refused, [("/cursor", "cursor_mismatch")]);
            assert_eq!(refused.statements(), 0);
        }
        let freely = json!({"cursor": cursor, "include": [], "include.crew.limit": 1});
        assert!(ask(freely).await.status() == 422, "options need their include");
        for (cursor, code) in [(json!("nonsense"), "invalid_cursor"), (json!(null), "invalid_value"), (json!(1), "invalid_value")] {
            assert_mistakes(&ask(json!({"cursor": cursor})).await.expect(422), [("/cursor", code)]);
        }
        let both = ask(json!({"cursor": "", "page": 1})).await.expect(422);
        assert_mistakes(&both, [("/cursor", "conflicting_parameters")]);
    }

    async fn only_the_size_and_what_is_shown_may_change_in_a_walk(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 12).await;
        let start = both(&api, "/ships", &json!({"sort": ["-built"], "fields": ["name"], "per_page": 2, "cursor": ""})).await;
        let cursor = start["/meta/next_cursor"].clone();
        let next = |change: Value| merged(&[&json!({"sort": ["-built"], "cursor": cursor, "per_page": 2}), &change]);
        let expected = column(&both(&api, "/ships", &next(json!({}))).await, "name");
        for change in [
            json!({"per_page": 3}),
            json!({"fields": ["label", "name"]}),
            json!({"include": ["crew"], "include.crew.rank": 1}),
            json!({"include_count": ["crew"], "count": "exact"}),
        ] {
            assert_eq!(column(&both(&api, "/ships", &next(change.clone())).await, "name")[..2], expected, "{change}");
        }
    }

    async fn mistakes_have_pointers_and_say_what_is_nearest(database: TestDatabase) {
        let api = start(&database).await;
        let body = json!({
            "filter": {"crew.rnk": 5}, "inclde": ["crew"], "include": ["crew", "prt", "port"], "include.crew.limit": 21,
            "fields": ["nam", "label"], "include_count": ["crw", "port"], "sort": ["biult"],
        });
        let refused = api.post("/ships/search", &body).await.expect(422);
        assert_mistakes(&refused, [
            ("/filter/crew.rnk", "unknown_field"),
            ("/inclde", "unknown_field"),
            ("/include/1", "unknown_relation"),
            ("/fields/0", "unknown_field"),
            ("/include_count/0", "unknown_relation"),
            ("/include_count/1", "unknown_relation"),
            ("/sort/0", "unknown_field"),
        ]);
        let details = refused["/errors"].to_string();
        for likely in ["crew.rank", "include", "port", "name", "crew", "built"] {
            assert!(details.contains(&format!("did you mean \\\"{likely}\\\"?")), "{likely}: {details}");
        }
        let body = json!({
            "include": ["crew", "port"], "include.crew.limit": "3", "include.crew.sort": ["rank", "rnak", 1], "include.crew.rank__gte": "4",
            "include.crew.rank__in": [1, "x"], "include.crew.fields": ["name", "name"], "include.port.limit": 1, "include.crew.limt": 1,
            "include.boats.limit": 1, "include.prt.name": "x", "include.crew.ship.mother.name": "x", "include.crew.rank__ne": 1,
        });
        let refused = api.post("/ships/search", &body).await.expect(422);
        assert_mistakes(&refused, [
            ("/include.crew.limit", "invalid_value"),
            ("/include.crew.sort/1", "unknown_field"),
            ("/include.crew.sort/2", "invalid_value"),
            ("/include.crew.rank__gte", "invalid_value"),
            ("/include.crew.rank__in/1", "invalid_value"),
            ("/include.crew.fields/1", "invalid_value"),
            ("/include.port.limit", "unknown_field"),
            ("/include.crew.limt", "unknown_field"),
            ("/include.boats.limit", "not_included"),
            ("/include.prt.name", "unknown_relation"),
            ("/include.crew.ship.mother.name", "too_deep"),
            ("/include.crew.rank__ne", "unknown_operator"),
        ]);
        let details = refused["/errors"].to_string();
        for likely in ["rank", "limit", "port"] {
            assert!(details.contains(&format!("did you mean \\\"{likely}\\\"?")), "{likely}: {details}");
        }
    }

    async fn the_specification_names_exactly_the_members_of_a_search(database: TestDatabase) {
        let api = start(&database).await;
        let specification = api.get("/openapi.json").await.expect(200);
        let members = &specification["/components/schemas/ShipSearch/properties"];
        let parameters = specification["/paths/~1ships/get/parameters"].as_array().unwrap();
        let filters = specification["/components/schemas/ShipFilter/properties"].as_object().unwrap();
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            let place = if filters.contains_key(name) { &specification["/components/schemas/ShipFilter/properties"] } else { members };
            assert_eq!(place[name]["type"], parameter["schema"]["type"], "{name}");
            assert!(!place[name]["description"].as_str().unwrap().contains("commas"), "{name}");
        }
        assert_eq!(parameters.len() + 1, members.as_object().unwrap().len() + filters.len() - 3, "and `filter`, `and`, `or`, `not`");
        let limit = &members["include.crew.limit"];
        assert_eq!((&limit["type"], &limit["maximum"], &limit["minimum"]), (&json!("integer"), &json!(20), &json!(1)));
        assert_eq!(members["include.crew.sort"]["items"]["enum"], json!(["id", "-id", "name", "-name", "rank", "-rank"]));
        assert_eq!(members["include.crew.rank__in"]["items"]["format"], "int32");
        assert!(members["include.boats.crew.limit"].is_object() && members["include.boats.crew.ship.name"].is_null());
    }
}
