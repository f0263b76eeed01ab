//! Endpoints written by hand take all of it, and so do the budgets.

use couplet::config::Profile;
use couplet::crud::Page;
use couplet::http::{ListQuery, Problem, Search};
use couplet_tests::on_each_database;
use poem::web::Data;
use poem_openapi::OpenApi;
use serde_json::json;

use super::super::support::*;
use super::*;

struct Desk;

#[OpenApi]
impl Desk {
    /// Ships of a year that is known.
    #[oai(path = "/dated", method = "get")]
    async fn list(&self, list: ListQuery<Ship>, db: Data<&Database>) -> Result<Page<Ship>, Problem> {
        Ok(list.filter(Ship::BUILT.is_not_null()).fetch(*db).await?)
    }

    /// Searches the ships of a year that is known.
    #[oai(path = "/dated/search", method = "post")]
    async fn search(&self, search: Search<Ship>, db: Data<&Database>) -> Result<Page<Ship>, Problem> {
        Ok(search.filter(Ship::BUILT.is_not_null()).fetch(*db).await?)
    }
}

async fn desk(database: &TestDatabase, budget: u32) -> Api {
    let mut config = config(database);
    (config.profile, config.database.query_budget) = (Profile::Development, budget);
    let app = App::new(config).resource::<Port>().resource::<Papers>().resource::<Cabin>().resource::<Berth>();
    Api::of(app.resource::<Ship>().resource::<Sailor>().api(Desk)).await
}

on_each_database! {
    async fn an_own_list_and_an_own_search_take_what_the_derived_ones_do(database: TestDatabase) {
        let api = desk(&database, 1).await;
        fill(&api, 1, 9).await;
        for question in [
            json!({"sort": ["-built"], "per_page": 2, "filter": {"crew.rank": 5, "mother.name__icontains": "ship"}}),
            json!({"include": ["crew", "cabins.berths"], "include.crew.limit": 1, "include.crew.sort": ["-rank"], "include_count": ["boats", "officers"]}),
            json!({"include": ["officers", "mother"], "include.officers.rank__in": [4], "include.mother.name": "Ship 0002", "sort": ["-name"]}),
            json!({"q": "ship", "include": ["boats"], "include.boats.limit": 1, "page": 2, "per_page": 3}),
        ] {
            let own = both(&api, "/dated", &question).await;
            let filter = merged(&[question.get("filter").unwrap_or(&json!({})), &json!({"built__isnull": false})]);
            let derived = both(&api, "/ships", &merged(&[&question, &json!({"filter": filter})])).await;
            assert_eq!(own["/items"], derived["/items"], "{question}");
            assert_eq!((&own["/meta/total"], own.statements()), (&derived["/meta/total"], derived.statements()), "{question}");
        }
    }

    async fn they_are_walked_and_name_mistakes_where_they_stand(database: TestDatabase) {
        let api = desk(&database, 1).await;
        fill(&api, 1, 9).await;
        let (mut seen, mut cursor) = (Vec::new(), json!(""));
        while !cursor.is_null() {
            let page = both(&api, "/dated", &json!({"cursor": cursor, "per_page": 4, "sort": ["-built"], "include": ["port"]})).await;
            seen.extend(column(&page, "id"));
            cursor = page["/meta/next_cursor"].clone();
        }
        assert_eq!(seen, ["8", "7", "5", "4", "2", "1"]);
        let derived = both(&api, "/ships", &json!({"cursor": "", "per_page": 1})).await["/meta/next_cursor"].clone();
        let refused = api.post("/dated/search", &json!({"cursor": derived})).await.expect(422);
        assert_mistakes(&refused, [("/cursor", "cursor_mismatch")]);
        let body = json!({"fields": ["id"], "include": ["crew"], "include.crew.fields": ["id"]});
        assert_mistakes(&api.post("/dated/search", &body).await.expect(422), [
            ("/fields", "unknown_field"),
            ("/include.crew.fields", "unknown_field"),
        ]);
        let list = api.get("/dated?fields=id&include=crew&include.crew.fields=id").await.expect(400);
        assert_mistakes(&list, [("fields", "unknown_parameter"), ("include.crew.fields", "unknown_parameter")]);
        let body = json!({"filter": {"crew.rank": "5"}, "include.crew.limit": 1, "pgae": 1});
        let refused = api.post("/dated/search", &body).await.expect(422);
        assert_mistakes(&refused, [("/filter/crew.rank", "invalid_value"), ("/include.crew.limit", "not_included"), ("/pgae", "unknown_field")]);
        assert_eq!(refused["/instance"], "/dated/search");
        for (body, media_type, status) in [("{", "application/json", 400), ("[]", "application/json", 422), ("{}", "text/plain", 415)] {
            api.send_text("POST".parse().unwrap(), "/dated/search", media_type, body).await.expect(status);
        }
    }

    async fn the_specification_has_the_body_of_an_own_search(database: TestDatabase) {
        let api = desk(&database, 1).await;
        let specification = api.get("/openapi.json").await.expect(200);
        let operation = &specification["/paths/~1dated~1search/post"];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!((schema, &operation["requestBody"]["required"]), (&json!({"$ref": "#/components/schemas/WholeShipSearch"}), &json!(true)));
        for status in ["200", "400", "413", "415", "422"] {
            assert!(operation["responses"][status].is_object(), "{status}");
        }
        let (whole, chosen) = ("/components/schemas/WholeShipSearch/properties", "/components/schemas/ShipSearch/properties");
        let chooses = |name: &String| name == "fields" || name.ends_with(".fields");
        assert!(!specification[whole].as_object().unwrap().keys().any(chooses));
        assert!(specification[chosen].as_object().unwrap().keys().any(chooses));
        assert_eq!(specification[&format!("{whole}/filter")], json!({"$ref": "#/components/schemas/ShipFilter"}));
    }

    async fn rust_asks_the_same_and_names_a_relation_twice_for_one_statement(database: TestDatabase) {
        let api = desk(&database, 1).await;
        fill(&api, 1, 9).await;
        let query = || Ship::query()
            .filter(Ship::CREW.any(Sailor::RANK.eq(5)) & Ship::LARGE_HARBOURS.any(Port::NAME.eq("Larger Bay")))
            .search("ship")
            .sort(Ship::BUILT.desc())
            .include(Ship::CREW.limit(4).then(Sailor::SHIP))
            .include(Ship::CREW.filter(Sailor::RANK.gte(2)).sort(Sailor::RANK.desc()).limit(2).then(Sailor::SHIP.then(Ship::PORT)))
            .include_count(Ship::OFFICERS)
            .cursor(None, 3);
        let first = query().fetch(api.database()).await.unwrap();
        let mut json = Vec::new();
        first.write_json(&mut json);
        let body = json!({
            "filter": {"crew.rank": 5, "large_harbours.name": "Larger Bay"}, "q": "ship", "sort": ["-built"], "cursor": "", "per_page": 3,
            "include": ["crew.ship.port"], "include.crew.rank__gte": 2, "include.crew.sort": ["-rank"], "include.crew.limit": 2,
            "include_count": ["officers"],
        });
        assert_eq!(String::from_utf8(json).unwrap(), both(&api, "/ships", &body).await.text());
        let ship = &first.items[0];
        let crew = ship.crew.loaded().unwrap();
        assert_eq!((crew.iter().map(|sailor| sailor.rank).collect::<Vec<_>>(), ship.officers.count().unwrap()), (vec![5, 4], 2));
        let again = crew[0].ship.loaded().unwrap().unwrap();
        assert_eq!(again.port.loaded().unwrap().unwrap().id, ship.port_id);
        let next = query().cursor(first.meta.next_cursor.as_deref(), 3).fetch(api.database()).await.unwrap();
        assert_eq!(next.items.len(), 2, "five ships in all");
    }

    async fn the_row_budget_holds_with_options_and_says_what_it_cut(database: TestDatabase) {
        let api = desk(&database, 1).await;
        fill(&api, 1, 1_000).await;
        let more = (1..=1_000).flat_map(|ship| (0..7).map(move |number| NewSailor::new(ship, format!("Hand {number}"), 0)));
        Sailor::create_many(more, api.database()).await.unwrap();
        let size = |list: &Answer| -> usize {
            list["/items"].as_array().unwrap().iter().map(|ship| ship["crew"].as_array().unwrap().len()).sum()
        };
        let base = json!({"per_page": 1_000, "include": ["crew"], "include.crew.fields": ["rank"], "fields": ["id"]});
        for (options, shown, cut, statements) in [
            (json!({}), 10_000, true, 3),
            (json!({"include.crew.limit": 11}), 10_000, true, 2),
            (json!({"include.crew.limit": 10}), 10_000, false, 2),
            (json!({"include.crew.limit": 3, "include.crew.sort": ["-rank"]}), 3_000, false, 2),
            (json!({"include.crew.rank__gte": 1}), 5_000, false, 2),
            (json!({"include.crew.sort": ["-rank"], "include_count": ["crew"]}), 10_000, true, 4),
            (json!({"cursor": "", "filter": {"crew.rank": 5}, "include.crew.limit": 20}), 10_000, true, 2),
        ] {
            let list = api.post("/ships/search", &merged(&[&base, &options])).await.expect(200);
            let truncated = if cut { json!(["crew"]) } else { json!([]) };
            assert_eq!((size(&list), &list["/meta/truncated"], list.statements()), (shown, &truncated, statements), "{options}");
        }
        let own = api.get("/dated?per_page=1000&include=crew.ship&include.crew.sort=-rank&include_count=crew").await.expect(200);
        assert_eq!((own.statements(), &own["/meta/truncated"]), (4, &json!([])), "within the budget of a single statement of its own");
    }
}
