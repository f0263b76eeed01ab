//! A search by words, in pages by the best match and in walks by key, with all that shows rows.

use couplet::prelude::*;
use couplet_tests::on_each_database;
use serde_json::{Value, json};

use super::super::support::*;
use super::{NewShip, Ship, both, fill, start};

on_each_database! {
    async fn a_ranked_page_has_no_cursors_and_a_walk_goes_by_key(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 6).await;
        for (name, story) in [("Storm", Some("a storm in a storm")), ("Calm", Some("after a long voyage through one storm"))] {
            let new = NewShip { story: story.map(str::to_owned), ..NewShip::new(name, 1) };
            Ship::create(new, api.database()).await.unwrap();
        }
        let page = both(&api, "/ships", &json!({"q": "storm", "per_page": 2})).await;
        assert_eq!(column(&page, "name")[0], "Storm", "the best match first");
        for page in [page, both(&api, "/ships", &json!({"q": "storm", "per_page": 2, "page": 2})).await] {
            assert_eq!((&page["/meta/next_cursor"], &page["/meta/prev_cursor"]), (&Value::Null, &Value::Null));
        }
        let sorted = both(&api, "/ships", &json!({"q": "storm", "per_page": 2, "sort": ["id"]})).await;
        assert!(sorted["/meta/next_cursor"].is_string(), "an order that is asked for can be walked");

        let (mut names, mut cursor) = (Vec::new(), json!(""));
        while !cursor.is_null() {
            let body = json!({"q": "storm", "filter": {"name__icontains": "s"}, "fields": ["name"], "per_page": 2, "cursor": cursor});
            let page = both(&api, "/ships", &body).await;
            names.extend(column(&page, "name"));
            assert_eq!(page.statements(), 1);
            cursor = page["/meta/next_cursor"].clone();
        }
        assert_eq!(names, ["Ship 0002", "Ship 0004", "Ship 0006", "Storm"]);
        let all = both(&api, "/ships", &json!({"q": "", "per_page": 2})).await;
        assert!(all["/meta/next_cursor"].is_string(), "an empty search ranks nothing");
    }

    async fn a_ranked_page_shows_fields_and_related_rows(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 6).await;
        let best = NewShip { story: Some("storm storm storm".to_owned()), ..NewShip::new("Storm", 2) };
        Ship::create(best, api.database()).await.unwrap();
        for fields in [json!(["name"]), json!(["label"]), json!(["built", "id"])] {
            let body = json!({
                "q": "storm", "fields": fields, "include": ["port", "crew", "cabins.berths"], "include.crew.limit": 1,
                "include.crew.sort": ["-rank"], "include.crew.fields": ["name"], "include_count": ["crew", "harbours"], "per_page": 2,
            });
            let page = both(&api, "/ships", &body).await;
            assert_eq!((page.statements(), &page["/meta/total"]), (1 + 1 + 4 + 2, &json!(4)), "{fields}");
            assert_eq!((&page["/items/0/crew"], &page["/items/0/port/id"]), (&json!([]), &json!(2)), "{page}");
            assert_eq!(page["/items/1/crew"], json!([{"name": "Sailor 5"}]));
            assert_eq!(page["/items/1/_count"], json!({"crew": 5, "harbours": 2}));
            let names: Vec<&String> = page["/items/0"].as_object().unwrap().keys().collect();
            let chosen = fields.as_array().unwrap().len();
            assert_eq!(names.len(), chosen + 4, "{names:?}");
        }
        let body = json!({"q": "storm", "filter": {"crew.rank": 5, "mother.name": "Ship 0001"}, "include": ["mother"], "include.mother.fields": ["label"]});
        let found = both(&api, "/ships", &body).await;
        assert_eq!((column(&found, "name"), &found["/items/0/mother"]), (vec!["Ship 0002".to_owned()], &json!({"label": "Ship 0001 ()"})));
    }

    async fn what_is_sorted_and_joined_by_need_not_be_shown(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 7).await;
        let names = ["Ship 0003", "Ship 0006", "Ship 0007", "Ship 0005", "Ship 0004", "Ship 0002", "Ship 0001"];
        for per_page in [2, 3] {
            let (mut seen, mut cursor) = (Vec::new(), json!(""));
            while !cursor.is_null() {
                let body = json!({
                    "sort": ["-built", "id"], "fields": ["name"], "include": ["port", "boats"], "include_count": ["cabins"],
                    "include.boats.sort": ["-built"], "include.boats.fields": ["name"], "cursor": cursor, "per_page": per_page,
                });
                let page = both(&api, "/ships", &body).await;
                for item in page["/items"].as_array().unwrap() {
                    assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "port", "boats", "_count"]);
                }
                seen.extend(page["/items"].as_array().unwrap().clone());
                cursor = page["/meta/next_cursor"].clone();
            }
            assert_eq!(seen.iter().map(|ship| ship["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
            assert_eq!(seen[6]["boats"], json!([{"name": "Ship 0003"}, {"name": "Ship 0002"}, {"name": "Ship 0001"}]));
            assert_eq!((&seen[0]["port"]["name"], &seen[0]["_count"]), (&json!("Large Bay"), &json!({"cabins": 2})));
        }
        let body = json!({"sort": ["-color", "number"], "fields": ["color"], "include": ["berths"], "include.berths.sort": ["-width"], "per_page": 3, "cursor": ""});
        let first = both(&api, "/cabins", &body).await;
        assert_eq!(first["/items/0"].as_object().unwrap().keys().collect::<Vec<_>>(), ["color", "berths"]);
        assert_eq!((&first["/items/0/berths/0/cabin_ship_id"], &first["/items/2/berths/0/cabin_ship_id"]), (&json!(1), &json!(3)));
    }
}
