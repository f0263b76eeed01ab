//! Lists that are asked for again and again with the same values, which PostgreSQL plans once.

use couplet_tests::{TestDatabase, on_each_database};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::support::*;

/// More often than a statement is executed before it is frequent, on each of a few connections.
const OFTEN: usize = 60;

async fn asked_often(api: &Api, path: &str) -> Value {
    let first = api.get(path).await.expect(200).json().clone();
    for _ in 1..OFTEN {
        assert_eq!(*api.get(path).await.expect(200).json(), first, "{path}");
    }
    first
}

/// How many connections to PostgreSQL have executed last what contains this.
async fn executed(database: &TestDatabase, text: &str) -> i64 {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND position($1 IN query) > 0";
    sqlx::query_scalar(sql).bind(text).fetch_one(&mut connection).await.unwrap()
}

on_each_database! {
    async fn a_frequent_list_is_the_list_it_was_and_changes_with_its_rows(database: TestDatabase) {
        let api = Api::start(&database).await;
        let uuid = "00000000-0000-0000-0000-00000000000a";
        for number in 0..3 {
            api.create("/every-types", json!({"aBool": number == 1, "small": number, "medium": -number, "large": number,
                "text": format!("t-{number}"), "uuid": uuid, "state": "active"})).await;
        }
        let filters = [
            ("aBool=true", 1),
            ("small__gte=1", 2),
            ("medium=-2", 1),
            ("medium__in=-2&medium__in=0", 2),
            ("large__lt=2&page=1&per_page=1", 2),
            ("text=t-1", 1),
            ("text__in=t-1&text__in=t-2", 2),
            ("text=it's", 0),
            ("text=t-1'%20OR%20'1'='1", 0),
            ("uuid=00000000-0000-0000-0000-00000000000A", 3),
            ("state=active&sort=-large", 3),
            ("sort=-large&cursor=&state=active&count=exact", 3),
        ];
        for (filter, expected) in filters {
            let list = asked_often(&api, &format!("/every-types?{filter}")).await;
            assert_eq!(list["meta"]["total"], json!(expected), "{filter}");
        }
        api.create("/every-types", json!({"aBool": true, "small": 9, "medium": -2, "large": -9, "text": "t-1",
            "uuid": uuid, "state": "active"})).await;
        for (filter, before) in filters {
            let list = api.get(&format!("/every-types?{filter}")).await.expect(200);
            let expected = if filter.contains('\'') { 0 } else { before + 1 };
            assert_eq!(list["/meta/total"], json!(expected), "{filter}");
        }
    }

    async fn only_a_frequent_list_has_its_values_in_its_text(database: TestDatabase) {
        if is_sqlite(&database) {
            return; // nothing is planned anew there
        }
        let api = Api::start(&database).await;
        api.create("/every-types", json!({"text": "rare"})).await;
        api.get("/every-types?text=rare").await.expect(200);
        assert_eq!(executed(&database, "'rare'").await, 0);
        asked_often(&api, "/every-types?text=often").await;
        assert!(executed(&database, "= 'often'::text").await > 0);
        // Quoting is not relied on.
        asked_often(&api, "/every-types?text=of%20ten").await;
        assert_eq!(executed(&database, "of ten").await, 0);
    }

    async fn a_frequent_list_survives_a_change_of_its_table(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/every-types", json!({"medium": 5})).await;
        let list = asked_often(&api, "/every-types?medium=5").await;
        let table = "\"every type\"";
        execute(&database, &format!("ALTER TABLE {table} ADD COLUMN more TEXT")).await;
        execute(&database, &format!("CREATE INDEX by_medium ON {table} (medium)")).await;
        assert_eq!(*api.get("/every-types?medium=5").await.expect(200).json(), list);
        execute(&database, &format!("UPDATE {table} SET medium = 6")).await;
        assert_eq!(api.get("/every-types?medium=5").await.expect(200)["/meta/total"], json!(0));
    }
}
