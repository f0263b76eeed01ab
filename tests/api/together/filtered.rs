//! Rows that a resource does not show, and relations to a part of the rows, wherever they could be asked for.

use couplet_tests::{TestDatabase, on_each_database};
use serde_json::{Value, json};

use super::super::support::*;
use super::*;

/// Ships 4 and 5, sailors of rank 5 and cabins numbered 2 are not shown.
async fn narrowed(database: &TestDatabase) -> Api {
    let app = App::new(config(database)).resource::<Port>().resource::<Papers>().resource::<Berth>();
    let app = app
        .resource_with::<Ship>(|ships| ships.filter(Ship::IS_LISTED.eq(true)))
        .resource_with::<Sailor>(|sailors| sailors.filter(Sailor::RANK.lt(5)))
        .resource_with::<Cabin>(|cabins| cabins.filter(Cabin::NUMBER.eq(1)));
    let api = Api::of(app).await;
    fill(&api, 1, 8).await;
    couplet::sql("UPDATE ships SET is_listed = $1 WHERE id IN (4, 5)")
        .bind(false)
        .execute(api.database())
        .await
        .unwrap();
    api
}

async fn names(api: &Api, body: Value) -> Vec<String> {
    column(&both(api, "/ships", &body).await, "name")
}

on_each_database! {
    async fn what_is_hidden_is_in_no_list_walk_or_search(database: TestDatabase) {
        let api = narrowed(&database).await;
        let shown = [1, 2, 3, 6, 7, 8].map(|number| format!("Ship 000{number}"));
        assert_eq!(names(&api, json!({})).await, shown);
        assert_eq!(names(&api, json!({"filter": {"name__in": ["Ship 0004", "Ship 0006"]}})).await, ["Ship 0006"]);
        let everything = api.post("/ships/search", &json!({"filter": {"or": [{}, {"is_listed": false}]}})).await.expect(200);
        assert_eq!((column(&everything, "name"), &everything["/meta/total"]), (shown.to_vec(), &json!(6)));
        let not = api.post("/ships/search", &json!({"filter": {"not": {"name": "Ship 0001"}}})).await.expect(200);
        assert_eq!(not["/meta/total"], 5);
        assert_eq!(names(&api, json!({"q": "storm"})).await.len(), 3, "2, 6 and 8");
        let (mut seen, mut cursor) = (Vec::new(), json!(""));
        while !cursor.is_null() {
            let page = both(&api, "/ships", &json!({"cursor": cursor, "per_page": 2, "fields": ["name"]})).await;
            seen.extend(column(&page, "name"));
            cursor = page["/meta/next_cursor"].clone();
        }
        assert_eq!(seen, shown);
    }

    async fn what_is_hidden_is_not_found_by_nor_loaded_nor_counted(database: TestDatabase) {
        let api = narrowed(&database).await;
        assert_eq!(names(&api, json!({"filter": {"crew.rank": 5}})).await, [""; 0]);
        assert_eq!(names(&api, json!({"filter": {"officers.name": "Sailor 5"}})).await, [""; 0], "nor by a part of the rows");
        assert_eq!(names(&api, json!({"filter": {"boats.name": "Ship 0004"}})).await, [""; 0], "its own kind");
        assert_eq!(names(&api, json!({"filter": {"mother.name": "Ship 0004"}})).await, [""; 0]);
        assert_eq!(names(&api, json!({"filter": {"mother.mother.name": "Ship 0002"}})).await, [""; 0], "at no step of a path");
        assert_eq!(names(&api, json!({"filter": {"cabins.berths.width__gte": 80}})).await, [""; 0]);
        let all = json!({
            "include": ["crew", "officers", "boats.crew", "mother.boats", "cabins.berths", "large_harbours.ships"],
            "include_count": ["crew", "officers", "boats", "cabins", "large_harbours"],
        });
        let list = both(&api, "/ships", &all).await;
        let of = |ship: usize, relation: &str| list[&format!("/items/{ship}/{relation}")].as_array().unwrap().len();
        assert_eq!((of(1, "crew"), of(1, "officers"), of(1, "boats"), of(1, "cabins")), (4, 1, 0, 1));
        assert_eq!(list["/items/1/_count"], json!({"crew": 4, "officers": 1, "boats": 0, "cabins": 1, "large_harbours": 1}));
        assert_eq!((of(0, "mother/boats"), of(0, "boats/0/crew")), (3, 4), "at any depth");
        assert_eq!((of(0, "large_harbours"), of(0, "large_harbours/0/ships")), (2, 2), "of 3 and 6 in that bay, and 1, 4 and 7 elsewhere");
        assert_eq!(list["/items/5/mother"], json!(null), "ship 4 is not shown");
    }

    async fn options_do_not_bring_back_what_is_hidden(database: TestDatabase) {
        let api = narrowed(&database).await;
        let body = json!({
            "include": ["crew", "officers", "boats", "mother"], "include.crew.rank__gte": 4, "include.crew.sort": ["-rank"],
            "include.officers.limit": 1, "include.officers.sort": ["-rank"], "include.boats.is_listed": false, "include.mother.name": "Ship 0004",
        });
        let list = both(&api, "/ships", &body).await;
        for ship in list["/items"].as_array().unwrap() {
            assert_eq!((&ship["crew"].as_array().unwrap().len(), &ship["crew"][0]["rank"]), (&1, &json!(4)));
            assert_eq!((&ship["officers"][0]["rank"], &ship["boats"], &ship["mother"]), (&json!(4), &json!([]), &json!(null)));
        }
    }

    async fn lists_below_a_row_hide_on_both_sides(database: TestDatabase) {
        let api = narrowed(&database).await;
        assert_eq!(api.column("/ships/1/crew?sort=-rank", "rank").await, ["4", "3", "2", "1"]);
        assert_eq!(api.column("/ships/1/officers", "rank").await, ["4"]);
        assert_eq!(api.column("/ships/2/boats", "name").await, [""; 0]);
        assert_eq!(api.column("/ships/3/boats?mother.name=Ship%200003&fields=name", "name").await, ["Ship 0006", "Ship 0007"]);
        assert_eq!(api.column("/ships/1/cabins?include=berths&ship.name=Ship%200001", "number").await, ["1"]);
        for hidden in ["/ships/4/crew", "/ships/4/officers", "/ships/5/boats", "/ships/4/harbours?cursor="] {
            api.get(hidden).await.expect(404);
        }
        let walked = api.get("/ships/1/officers?cursor=&per_page=1&count=exact&include=ship").await.expect(200);
        assert_eq!((&walked["/meta/total"], &walked["/meta/next_cursor"]), (&json!(1), &Value::Null));
    }

    async fn a_part_of_the_rows_is_the_same_part_wherever_it_is_named(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 4).await;
        assert_eq!(names(&api, json!({"filter": {"officers.name": "Sailor 3"}})).await, [""; 0]);
        assert_eq!(names(&api, json!({"filter": {"officers.name": "Sailor 4"}})).await.len(), 4);
        assert_eq!(names(&api, json!({"filter": {"large_harbours.name": "Larger Bay"}})).await, ["Ship 0001", "Ship 0003"]);
        assert_eq!(names(&api, json!({"filter": {"large_harbours.name": "Creek"}})).await, [""; 0]);
        let without = api.post("/ships/search", &json!({"filter": {"not": {"large_harbours.name": "Larger Bay"}}})).await.expect(200);
        assert_eq!(column(&without, "id"), ["2", "4"]);
        let body = json!({
            "include": ["officers.ship", "large_harbours"], "include.officers.limit": 1, "include.officers.sort": ["rank"],
            "include.officers.ship.fields": ["name"], "include_count": ["officers", "large_harbours", "crew"],
        });
        let list = both(&api, "/ships", &body).await;
        assert_eq!(list["/items/0/_count"], json!({"officers": 2, "large_harbours": 2, "crew": 5}));
        assert_eq!((&list["/items/0/officers/0/rank"], &list["/items/0/officers/0/ship"]), (&json!(4), &json!({"name": "Ship 0001"})));
        assert_eq!((list.statements(), api.column("/ships/1/officers", "rank").await), (7, vec!["4".to_owned(), "5".to_owned()]));
    }
}
