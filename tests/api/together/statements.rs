//! 1 statement for the page, 1 for a count, 1 for each relation that is loaded or counted: whatever is combined, and however
//! many rows there are.

use couplet_tests::on_each_database;
use serde_json::{Value, json};

use super::super::support::*;
use super::{both, fill, merged, start};

/// The relations with a column of the target that its model sorts and filters by, and a filter by it that leaves a row.
const RELATIONS: [(&str, bool, &str, &str); 9] = [
    ("port", false, "name", "Creek"),
    ("papers", false, "number", "1"),
    ("crew", true, "rank", "5"),
    ("officers", true, "rank", "5"),
    ("harbours", true, "name", "Large Bay"),
    ("large_harbours", true, "name", "Large Bay"),
    ("mother", false, "name", "Ship 0001"),
    ("boats", true, "name", "Ship 0001"),
    ("cabins", true, "number", "2"),
];

/// The options of a relation, alone and together.
fn options((relation, to_many, column, value): (&str, bool, &str, &str)) -> Vec<Value> {
    let name = |option: &str| format!("include.{relation}.{option}");
    let value = value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number));
    let filter = json!({name(column): value});
    let fields = json!({name("fields"): [column]});
    let mut all = vec![json!({}), filter.clone(), fields.clone(), merged(&[&filter, &fields])];
    if to_many {
        let (limit, sort) = (json!({name("limit"): 2}), json!({name("sort"): [format!("-{column}")]}));
        all.extend([limit.clone(), sort.clone(), merged(&[&limit, &sort]), merged(&[&limit, &sort, &filter, &fields])]);
    }
    all
}

/// What else a list takes, and how many statements that costs.
fn extras() -> Vec<(Value, u32)> {
    vec![
        (json!({}), 0),
        (json!({"include_count": ["crew", "officers", "harbours", "large_harbours", "boats", "cabins"]}), 6),
        (json!({"filter": {"crew.rank": 5, "mother.name__icontains": "ship", "large_harbours.name": "Large Bay"}}), 0),
        (json!({"cursor": "", "sort": ["-built"], "fields": ["name"]}), 0),
        (json!({"q": "ship", "fields": ["id", "label"], "include_count": ["crew"]}), 1),
    ]
}

/// Includes of several relations or levels, and how many edges they have.
fn wider() -> Vec<(Value, u32)> {
    vec![
        (
            json!({"include": ["port", "papers", "crew", "officers", "harbours", "large_harbours", "mother", "boats", "cabins"]}),
            9,
        ),
        (
            json!({"include": ["cabins.berths.cabin"], "include.cabins.limit": 1, "include.cabins.berths.sort": ["-width"]}),
            3,
        ),
        (json!({"include": ["mother.mother.port"], "include.mother.mother.fields": ["id"]}), 3),
        (
            json!({
                "include": ["boats.crew", "boats.cabins"], "include.boats.limit": 2, "include.boats.crew.limit": 1,
                "include.boats.crew.rank__in": [1, 5], "include.boats.fields": ["name"], "include.boats.cabins.fields": ["color"],
            }),
            3,
        ),
        (json!({"include": ["crew.ship.papers"], "include.crew.rank": 3, "include.crew.ship.fields": ["label"]}), 3),
    ]
}

on_each_database! {
    async fn every_combination_takes_its_statements_for_1_10_and_1000_rows(database: TestDatabase) {
        let api = start(&database).await;
        for (first, last) in [(1, 1), (2, 10), (11, 1_000)] {
            fill(&api, first, last).await;
            let mut questions = wider();
            for relation in RELATIONS {
                let include = json!({"include": [relation.0]});
                let mut options = options(relation);
                if last == 1_000 {
                    // Each for itself makes no other statement than all together.
                    options = vec![json!({}), options.pop().unwrap()];
                }
                questions.extend(options.into_iter().map(|options| (merged(&[&include, &options]), 1)));
            }
            for (extra, more) in extras() {
                for (question, edges) in &questions {
                    let whole = merged(&[&json!({"per_page": 1_000}), &extra, question]);
                    let list = if last == 1_000 {
                        api.post("/ships/search", &whole).await.expect(200)
                    } else {
                        both(&api, "/ships", &whole).await
                    };
                    assert_eq!(column(&list, "name").len(), usize::try_from(last).unwrap(), "{whole}");
                    assert_eq!((list.statements(), &list["/meta/truncated"]), (1 + edges + more, &json!([])), "{whole} of {last}");
                }
                if last > 1 {
                    let (question, edges) = &questions[0];
                    let counted = merged(&[&extra, question, &json!({"per_page": 1, "count": "exact"})]);
                    let list = both(&api, "/ships", &counted).await;
                    assert_eq!((list.statements(), &list["/meta/total"]), (2 + edges + more, &json!(last)), "{counted}");
                }
            }
        }
    }

    async fn a_row_and_a_list_below_one_take_theirs(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 1, 10).await;
        let path = "include=crew,boats.cabins,port&include.crew.limit=1&include.boats.fields=name&include_count=crew,cabins&fields=name";
        let row = api.get(&format!("/ships/2?{path}")).await.expect(200);
        assert_eq!((row.statements(), &row["/_count"]), (7, &json!({"crew": 5, "cabins": 2})));
        assert_eq!(row["/boats/0"], json!({"name": "Ship 0004", "cabins": row["/boats/0/cabins"].clone()}));
        let below = api.get(&format!("/ships/2/boats?{path}&cursor=&sort=-built&crew.rank=5")).await.expect(200);
        assert_eq!((below.statements(), column(&below, "name")), (7, vec!["Ship 0005".to_owned(), "Ship 0004".to_owned()]));
        let officers = api.get("/ships/3/officers?include=ship.mother&cursor=&per_page=1&sort=-rank").await.expect(200);
        assert_eq!((officers.statements(), column(&officers, "rank")), (3, vec!["5".to_owned()]));
    }
}
