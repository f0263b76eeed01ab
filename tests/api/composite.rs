//! Relations by keys of several columns.

use couplet::prelude::*;
use couplet_tests::{TestDatabase, on_each_database};
use serde_json::json;

use super::support::*;

#[derive(Debug, Clone, Model, Resource)]
pub struct Order {
    pub id: i64,
    pub customer: String,
    #[relation(include, sub_resource)]
    pub lines: HasMany<Line>,
}

/// A line of an order: it is found by the order and its number in it.
#[derive(Debug, Clone, Model, Resource)]
pub struct Line {
    #[field(key, filter, sort)]
    pub order_id: i64,
    #[field(key, filter, sort)]
    pub number: i32,
    pub article: String,
    #[relation(include, on_delete = cascade)]
    pub order: BelongsTo<Order>,
    #[relation(include, sub_resource)]
    pub shipments: HasMany<Shipment>,
    #[relation(include)]
    pub note: HasOne<Note>,
    #[relation(include, sub_resource, through = LineLot, through(target(lot_site, lot_code)))]
    pub lots: ManyToMany<Lot>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Shipment {
    pub id: i64,
    #[field(filter)]
    pub line_order_id: Option<i64>,
    pub line_number: Option<i32>,
    #[field(filter, sort)]
    pub pieces: i32,
    #[relation(include, foreign_key(line_order_id, line_number), on_delete = set_null)]
    pub line: BelongsTo<Line>,
}

/// Its key is the line's.
#[derive(Debug, Clone, Model, Resource)]
pub struct Note {
    #[field(key)]
    pub line_order_id: i64,
    #[field(key)]
    pub line_number: i32,
    pub text: String,
    #[relation(include, foreign_key(line_order_id, line_number), on_delete = cascade)]
    pub line: BelongsTo<Line>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Lot {
    #[field(key)]
    pub site: Uuid,
    #[field(key, filter, sort)]
    pub code: String,
    #[relation(include, through = LineLot, through(own(lot_site, lot_code), target(line_order_id, line_number)))]
    pub lines: ManyToMany<Line>,
}

#[derive(Debug, Clone, Model)]
pub struct LineLot {
    #[field(key)]
    pub line_order_id: i64,
    #[field(key)]
    pub line_number: i32,
    #[field(key)]
    pub lot_site: Uuid,
    #[field(key)]
    pub lot_code: String,
    #[relation(foreign_key(line_order_id, line_number), on_delete = cascade)]
    pub line: BelongsTo<Line>,
    #[relation(foreign_key(lot_site, lot_code), on_delete = cascade)]
    pub lot: BelongsTo<Lot>,
}

/// Rows of tenants, who never see each other's: the join model has one column for both sides.
#[derive(Debug, Clone, Model, Resource)]
pub struct Page {
    #[field(key)]
    pub tenant: i32,
    #[field(key)]
    pub slug: String,
    #[relation(include, through = PageTopic, through(own(tenant, page), target(tenant, topic)))]
    pub topics: ManyToMany<Topic>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Topic {
    #[field(key)]
    pub tenant: i32,
    #[field(key)]
    pub name: String,
}

#[derive(Debug, Clone, Model)]
pub struct PageTopic {
    pub id: i64,
    pub tenant: i32,
    pub page: String,
    pub topic: String,
    #[relation(foreign_key(tenant, page), on_delete = cascade)]
    pub of_page: BelongsTo<Page>,
    #[relation(foreign_key(tenant, topic), on_delete = cascade)]
    pub of_topic: BelongsTo<Topic>,
}

const SITE: &str = "018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f";

async fn start(database: &TestDatabase) -> Api {
    let app = couplet::App::new(config(database));
    Api::of(app.resource::<Order>().resource::<Line>().resource::<Shipment>().resource::<Note>().resource::<Lot>())
        .await
}

/// Two orders with lines 1 and 2 each; the second line of the first has two shipments, a note and two lots.
async fn orders(database: &TestDatabase) -> Api {
    let api = start(database).await;
    for customer in ["Ann", "Bob"] {
        let order = api.create("/orders", json!({"customer": customer})).await["/id"].clone();
        for number in [1, 2] {
            api.create("/lines", json!({"order_id": order, "number": number, "article": "pen"})).await;
        }
    }
    for code in ["a", "b"] {
        api.create("/lots", json!({"site": SITE, "code": code})).await;
    }
    for pieces in [3, 5] {
        api.create("/shipments", json!({"line_order_id": 1, "line_number": 2, "pieces": pieces})).await;
    }
    api.create("/shipments", json!({"line_order_id": 1, "pieces": 9})).await;
    api.create("/notes", json!({"line_order_id": 1, "line_number": 2, "text": "fragile"})).await;
    let lots = json!({"lot_ids": [{"site": SITE, "code": "a"}, {"code": "b", "site": SITE}]});
    api.patch("/lines/1/2", &lots).await.expect(200);
    api
}

on_each_database! {
    async fn related_rows_are_joined_by_all_columns(database: TestDatabase) {
        let api = orders(&database).await;
        let lines = api.get("/lines?include=order,shipments,note,lots.lines").await.expect(200);
        let of = |pointer: &str| lines[pointer].clone();
        assert_eq!((of("/items/1/shipments/0/pieces"), of("/items/1/shipments/1/pieces")), (json!(3), json!(5)));
        assert_eq!((of("/items/1/note/text"), of("/items/1/lots/1/code")), (json!("fragile"), json!("b")));
        assert_eq!(of("/items/1/lots/0/lines/0/number"), json!(2));
        for other in [0, 2, 3] {
            let row = &of(&format!("/items/{other}"));
            assert_eq!((&row["shipments"], &row["note"], &row["lots"]), (&json!([]), &json!(null), &json!([])), "{row}");
        }
        assert_eq!((of("/items/3/order/customer"), lines.statements()), (json!("Bob"), 6));
        assert_eq!(api.get("/orders?include=lines.shipments.line").await.expect(200).statements(), 4);
    }

    async fn a_null_in_any_column_refers_to_nothing(database: TestDatabase) {
        let api = orders(&database).await;
        let shipment = api.get("/shipments/3?include=line").await.expect(200);
        assert_eq!((&shipment["/line"], shipment.statements()), (&json!(null), 1));
        let shipments = api.get("/shipments?include=line").await.expect(200);
        assert_eq!(shipments["/items/0/line/number"], 2);
    }

    async fn lists_below_a_row_are_found_by_the_whole_key(database: TestDatabase) {
        let api = orders(&database).await;
        let shipments = api.get("/lines/1/2/shipments").await.expect(200);
        assert_eq!((column(&shipments, "pieces"), shipments.statements()), (vec!["3".to_owned(), "5".to_owned()], 1));
        assert_eq!(column(&api.get("/lines/1/1/shipments").await.expect(200), "id").len(), 0);
        assert_eq!(column(&api.get("/lines/1/2/lots?sort=-code").await.expect(200), "code"), ["b", "a"]);
        api.get("/lines/1/3/lots").await.expect(404);
    }

    async fn a_composite_key_set_is_written_as_objects(database: TestDatabase) {
        let api = orders(&database).await;
        let set = api.patch("/lines/1/2", &json!({"lot_ids": [{"site": SITE, "code": "b"}]})).await.expect(200);
        assert_eq!(set.statements(), 3);
        assert_eq!(column(&api.get("/lines/1/2/lots").await, "code"), ["b"]);
        let wrong = json!({"lot_ids": ["b", {"site": SITE}, {"site": 1, "code": "b"}, {"cod": 1}]});
        let problem = api.patch("/lines/1/2", &wrong).await.expect(422);
        assert_mistakes(&problem, [0, 1, 2, 3].map(|place| {
            (["/lot_ids/0", "/lot_ids/1", "/lot_ids/2", "/lot_ids/3"][place], "invalid_value")
        }));
        assert!(problem.text().contains("expected an object with site, code"), "{problem}");
        let missing = api.patch("/lines/1/2", &json!({"lot_ids": [{"site": SITE, "code": "z"}]})).await.expect(409);
        assert_mistakes(&missing, [("/lot_ids", "foreign_key")]);
        api.patch("/lines/1/2", &json!({"lot_ids": []})).await.expect(200);
        assert_eq!(column(&api.get("/lines/1/2/lots").await, "code"), [""; 0]);
    }

    async fn a_reference_to_no_row_names_all_its_columns(database: TestDatabase) {
        let api = orders(&database).await;
        let both = [("/line_number", "foreign_key"), ("/line_order_id", "foreign_key")];
        let create = api.post("/shipments", &json!({"line_order_id": 1, "line_number": 7, "pieces": 1})).await.expect(409);
        assert_mistakes(&create, both);
        let part = api.patch("/shipments/1", &json!({"line_number": 7})).await.expect(409);
        assert_mistakes(&part, both);
        api.patch("/shipments/1", &json!({"line_number": 1})).await.expect(200);
        assert_eq!(column(&api.get("/lines/1/1/shipments").await, "id"), ["1"]);
    }

    async fn a_delete_cascades_by_all_columns(database: TestDatabase) {
        let api = orders(&database).await;
        api.delete("/lines/1/2").await.expect(204);
        let shipment = api.get("/shipments/1").await.expect(200);
        assert_eq!((&shipment["/line_order_id"], &shipment["/line_number"]), (&json!(null), &json!(null)));
        api.get("/notes/1/2").await.expect(404);
        assert_eq!(column(&api.get("/lines").await, "number"), ["1", "1", "2"]);
    }

    async fn conditions_options_and_counts_go_by_all_columns(database: TestDatabase) {
        let api = orders(&database).await;
        let many = Line::query().filter(Line::SHIPMENTS.any(Shipment::PIECES.gte(5))).fetch(api.database()).await.unwrap();
        assert_eq!(many.items.iter().map(|line| (line.order_id, line.number)).collect::<Vec<_>>(), [(1, 2)]);
        let lots = Line::query().filter(Line::LOTS.any(Lot::CODE.eq("b"))).fetch(api.database()).await.unwrap();
        assert_eq!(lots.items.len(), 1);

        let path = "/lines?include=shipments,lots&include.shipments.limit=1&include.shipments.sort=-pieces\
                    &include.lots.limit=1&include.lots.sort=-code&include_count=shipments,lots";
        let lines = api.get(path).await.expect(200);
        assert_eq!(lines["/items/1/shipments"], json!([{"id": 2, "line_order_id": 1, "line_number": 2, "pieces": 5}]));
        assert_eq!(lines["/items/1/lots"], json!([{"site": SITE, "code": "b"}]));
        assert_eq!(lines["/items/1/_count"], json!({"shipments": 2, "lots": 2}));
        assert_eq!((&lines["/items/0/_count"], lines.statements()), (&json!({"shipments": 0, "lots": 0}), 5));
    }

    async fn two_keys_may_share_a_column_and_link_only_what_agrees_in_it(database: TestDatabase) {
        let api = Api::of(couplet::App::new(config(&database)).resource::<Page>().resource::<Topic>()).await;
        for tenant in [1, 2] {
            api.create("/topics", json!({"tenant": tenant, "name": "sea"})).await;
        }
        let page = |tenant: i32| json!({"tenant": 1, "slug": "home", "topic_ids": [{"tenant": tenant, "name": "sea"}]});
        assert_mistakes(&api.post("/pages", &page(2)).await.expect(409), [("/topic_ids", "foreign_key")]);
        api.create("/pages", page(1)).await;
        let list = api.get("/pages?include=topics&include_count=topics").await.expect(200);
        assert_eq!(list["/items"], json!([
            {"tenant": 1, "slug": "home", "topics": [{"tenant": 1, "name": "sea"}], "_count": {"topics": 1}}
        ]));
        let again = json!({"topic_ids": [{"tenant": 1, "name": "sea"}, {"tenant": 1, "name": "sea"}]});
        api.patch("/pages/1/home", &again).await.expect(200);
        assert_eq!(api.get("/pages/1/home?include_count=topics").await["/_count/topics"], 1);
    }
}
