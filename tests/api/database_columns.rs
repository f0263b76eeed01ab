//! What the database computes, sets by itself, and guards over several columns.

use couplet::App;
use couplet::db::Meter;
use couplet::prelude::*;
use couplet_tests::{TestDatabase, on_each_database};
use serde_json::json;

use super::support::*;

/// A line of an order.
#[derive(Debug, Clone, Model, Resource)]
#[model(unique(order_number, position), rename_all = "camelCase")]
pub struct Line {
    pub id: i64,
    #[field(filter)]
    pub order_number: i64,
    pub position: i32,
    #[field(unique)]
    pub code: Option<String>,
    pub quantity: i64,
    pub unit_price: f64,
    #[field(generated = "quantity * unit_price", filter(eq, gte), sort, index)]
    pub total: f64,
    #[field(
        generated(
            sqlite = "'#' || order_number || '/' || position",
            postgres = "'#' || order_number::text || '/' || position::text"
        ),
        filter,
        search
    )]
    pub label: String,
    #[field(generated(sqlite = "printf('%.2f', quantity)", postgres = "round(quantity::numeric, 2)"))]
    pub amount: Decimal,
    #[field(database_default = "'new'", length(..=10), filter)]
    pub state: String,
    #[field(database_default = "20 + 2")]
    pub weight: Option<i32>,
    #[field(database_default(sqlite = "lower('SQLITE')", postgres = "lower('POSTGRES')"), read_only)]
    pub made_by: String,
    #[field(
        database_default(sqlite = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')", postgres = "CURRENT_TIMESTAMP"),
        filter(lt)
    )]
    pub noted_at: DateTime<Utc>,
}

async fn start(database: &TestDatabase) -> Api {
    Api::of(App::new(config(database)).resource::<Line>()).await
}

fn line(order: i64, position: i32) -> serde_json::Value {
    json!({"orderNumber": order, "position": position, "quantity": 3, "unitPrice": 1.5})
}

fn new(position: i32) -> NewLine {
    NewLine::new(1, position, 2, 2.0)
}

on_each_database! {
    async fn the_database_computes_a_column_and_clients_read_it(database: TestDatabase) {
        let api = start(&database).await;
        let created = api.create("/lines", line(7, 1)).await;
        assert_eq!(created.statements(), 1, "RETURNING brings the values back");
        assert_eq!((&created["/total"], &created["/label"], &created["/amount"]), (&json!(4.5), &json!("#7/1"), &json!("3.00")));
        let changed = api.patch("/lines/1", &json!({"quantity": 4, "position": 2})).await.expect(200);
        assert_eq!((&changed["/total"], &changed["/label"]), (&json!(6.0), &json!("#7/2")));
        api.create("/lines", line(7, 1)).await;
        assert_eq!(api.column("/lines?sort=-total", "label").await, ["#7/2", "#7/1"]);
        assert_eq!(api.column("/lines?total__gte=5&q=/2", "label").await, ["#7/2"]);

        let mut body = line(8, 1);
        body["total"] = json!(1);
        body["label"] = json!(null);
        for problem in [api.post("/lines", &body).await, api.put("/lines/1", &body).await, api.patch("/lines/1", &body).await] {
            assert_mistakes(&problem.expect(422), [("/total", "read_only"), ("/label", "read_only")]);
        }
    }

    async fn what_is_left_out_gets_the_databases_default(database: TestDatabase) {
        let api = start(&database).await;
        let created = api.create("/lines", line(1, 1)).await;
        assert_eq!((&created["/state"], &created["/weight"]), (&json!("new"), &json!(22)));
        assert_eq!(created["/madeBy"], if is_sqlite(&database) { "sqlite" } else { "postgres" });
        assert_eq!(api.column("/lines?notedAt__lt=2100-01-01T00:00:00Z", "id").await, ["1"]);
        assert!(api.column("/lines?notedAt__lt=2024-01-01T00:00:00Z", "id").await.is_empty(), "it is the time of now");

        let mut given = line(1, 2);
        given["state"] = json!("old");
        given["weight"] = json!(null);
        let created = api.create("/lines", given.clone()).await;
        assert_eq!((&created["/state"], &created["/weight"]), (&json!("old"), &json!(null)), "NULL is a value");
        assert_eq!(api.patch("/lines/2", &json!({"quantity": 1})).await.expect(200)["/state"], "old");
        let replaced = api.put("/lines/2", &line(1, 2)).await.expect(200);
        assert_eq!((&replaced["/state"], &replaced["/weight"], replaced.statements()), (&json!("new"), &json!(22), 1));

        given["madeBy"] = json!("me");
        given["state"] = json!(null);
        let problem = api.post("/lines", &given).await.expect(422);
        assert_mistakes(&problem, [("/madeBy", "read_only"), ("/state", "not_null")]);
    }

    async fn rows_that_name_other_columns_are_one_insert(database: TestDatabase) {
        let api = start(&database).await;
        let old = |position| NewLine { state: Some("old".to_owned()), ..new(position) };
        let heavy = |position| NewLine { weight: Some(40), made_by: Some("me".to_owned()), ..new(position) };
        let meter = Meter::new(1, true);
        let lines = [new(1), old(2), heavy(3), new(4), old(5)];
        let lines = Meter::scope(meter.clone(), Line::create_many(lines, api.database())).await.unwrap();
        assert_eq!(meter.statements(), 1);
        let states: Vec<_> = lines.iter().map(|line| (line.state.as_str(), line.weight, line.total)).collect();
        assert_eq!(states, [("new", Some(22), 4.0), ("old", Some(22), 4.0), ("new", Some(40), 4.0), ("new", Some(22), 4.0), ("old", Some(22), 4.0)]);
        assert_eq!(lines[2].made_by, "me", "Rust code may set what clients may not");
        assert_ne!(lines[3].made_by, "me");
        assert!((Utc::now() - lines[1].noted_at).num_seconds().abs() < 60);
    }

    async fn the_specification_says_who_sets_what(database: TestDatabase) {
        let api = start(&database).await;
        let document = api.get("/openapi.json").await.expect(200);
        let schemas = &document["/components/schemas"];
        for name in ["total", "label", "amount", "madeBy"] {
            assert_eq!(schemas["Line"]["properties"][name]["readOnly"], true, "{name}");
            assert_eq!(schemas["NewLine"]["properties"].get(name), None, "{name}");
        }
        for body in ["NewLine", "LineReplacement"] {
            assert_eq!(schemas[body]["required"], json!(["orderNumber", "position", "quantity", "unitPrice"]), "{body}");
            assert_eq!(schemas[body]["properties"]["state"]["nullable"], json!(null), "{body}");
        }
    }

    async fn no_two_rows_have_the_values_of_a_unique_key(database: TestDatabase) {
        let api = start(&database).await;
        let mut coded = line(1, 1);
        coded["code"] = json!("a");
        api.create("/lines", coded.clone()).await;
        api.create("/lines", line(1, 2)).await;
        api.create("/lines", line(2, 1)).await;
        let both = [("/orderNumber", "unique"), ("/position", "unique")];
        let problem = api.post("/lines", &line(1, 1)).await.expect(409);
        assert_mistakes(&problem, both);
        assert!(problem.text().contains("another row has these values together"), "{problem}");
        assert_mistakes(&api.patch("/lines/2", &json!({"position": 1})).await.expect(409), both);
        assert_mistakes(&api.put("/lines/3", &line(1, 2)).await.expect(409), both);
        coded["position"] = json!(3);
        assert_mistakes(&api.post("/lines", &coded).await.expect(409), [("/code", "unique")]);
        assert_eq!(api.column("/lines", "label").await, ["#1/1", "#1/2", "#2/1"]);
    }
}
