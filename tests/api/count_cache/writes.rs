//! Every write is in the next total, whoever makes it.

use couplet_tests::on_each_database;
use serde_json::json;

use super::*;
use crate::support::{execute, is_sqlite};

const JARS: &str = "/jars?per_page=1";

on_each_database! {
    async fn a_fence_that_cannot_be_asked_keeps_nobody_from_the_total(database: TestDatabase) {
        if is_sqlite(&database) {
            return;
        }
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        execute(&database, "ALTER FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) RENAME TO no_lock_of_couplet").await;
        for _ in 0..2 {
            assert_eq!(total(&api, JARS).await, (Some(2), 2), "counted, and not kept");
        }
    }

    async fn a_write_over_http_is_in_the_next_total(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        assert_counted(&api, JARS, 2).await;
        api.create("/jars", json!({"name": "y"})).await;
        assert_counted(&api, JARS, 3).await;
        api.post("/jars/bulk", &json!({"items": [{"name": "z"}, {"name": "z"}]})).await.expect(201);
        assert_counted(&api, JARS, 5).await;
        api.delete("/jars/1").await.expect(204);
        assert_counted(&api, JARS, 4).await;
        assert_counted(&api, "/jars?per_page=1&name=z", 2).await;
        api.patch("/jars/2", &json!({"name": "z"})).await.expect(200);
        assert_counted(&api, "/jars?per_page=1&name=z", 3).await;
        assert_kept(&api, JARS, 4).await;
    }

    async fn a_write_from_rust_is_in_the_next_total(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        assert_counted(&api, JARS, 2).await;
        let db = api.database();
        let mut transaction = db.begin().await.unwrap();
        Jar::create(NewJar::new("y"), &mut transaction).await.unwrap();
        Jar::create(NewJar::new("y"), &mut transaction).await.unwrap();
        // On PostgreSQL its token is there before its rows are.
        assert_eq!(total(&api, JARS).await.0, Some(2));
        transaction.commit().await.unwrap();
        assert_counted(&api, JARS, 4).await;
        Jar::delete(1, db).await.unwrap();
        assert_counted(&api, JARS, 3).await;
    }

    async fn a_write_by_others_is_in_the_next_total(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        assert_counted(&api, JARS, 2).await;
        execute(&database, "INSERT INTO jars (name) SELECT name FROM jars").await;
        assert_counted(&api, JARS, 4).await;
        execute(&database, "DELETE FROM jars WHERE id > 2").await;
        assert_counted(&api, JARS, 2).await;
        assert_counted(&api, "/jars?per_page=1&name=x", 2).await;
        execute(&database, "UPDATE jars SET name = 'y' WHERE id = 1; INSERT INTO jars (name) VALUES ('x'), ('x')").await;
        assert_counted(&api, "/jars?per_page=1&name=x", 3).await;
        if !is_sqlite(&database) {
            execute(&database, "TRUNCATE jars CASCADE").await;
            execute(&database, "INSERT INTO jars (name) VALUES ('x'), ('x')").await;
            assert_counted(&api, JARS, 2).await;
        }
    }

    async fn a_cascade_is_in_the_next_total(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/racks", 1).await;
        for rack in [json!(1), json!(null), json!(null)] {
            api.create("/jars", json!({"name": "x", "rack_id": rack})).await;
        }
        assert_counted(&api, JARS, 3).await;
        api.delete("/racks/1").await.expect(204);
        assert_counted(&api, JARS, 2).await;
    }

    async fn what_a_filter_on_relations_reads_is_in_the_next_total(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/racks", 2).await;
        fill(&api, "/spices", 1).await;
        for rack in [1, 1, 2] {
            api.create("/jars", json!({"name": "x", "rack_id": rack, "spice_ids": [1]})).await;
        }
        let by_rack = "/jars?per_page=1&rack.name=x";
        assert_counted(&api, by_rack, 3).await;
        api.patch("/racks/2", &json!({"name": "y"})).await.expect(200);
        assert_counted(&api, by_rack, 2).await;
        let by_spice = "/jars?per_page=1&spices.name=x";
        assert_counted(&api, by_spice, 3).await;
        api.patch("/jars/1", &json!({"spice_ids": []})).await.expect(200);
        assert_counted(&api, by_spice, 2).await;
        execute(&database, "INSERT INTO jar_spices (jar_id, spice_id) VALUES (1, 1)").await;
        assert_counted(&api, by_spice, 3).await;
        assert_kept(&api, by_rack, 2).await;
    }

    async fn a_row_that_is_hidden_or_shown_again_is_in_the_next_total(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/stickers", 3).await;
        let (shown, all) = ("/stickers?per_page=1", "/stickers?per_page=1&deleted=include");
        assert_counted(&api, shown, 3).await;
        assert_counted(&api, all, 3).await;
        api.delete("/stickers/1").await.expect(204);
        assert_counted(&api, shown, 2).await;
        assert_kept(&api, all, 3).await;
        api.post("/stickers/1/restore", &json!({})).await.expect(200);
        assert_counted(&api, shown, 3).await;
    }

    async fn what_a_total_does_not_depend_on_keeps_it(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        fill(&api, "/racks", 1).await;
        let named = "/jars?per_page=1&name=x";
        assert_counted(&api, JARS, 2).await;
        assert_counted(&api, named, 2).await;
        api.patch("/jars/1", &json!({"color": "red"})).await.expect(200);
        api.patch("/racks/1", &json!({"name": "other"})).await.expect(200);
        assert_kept(&api, JARS, 2).await;
        assert_kept(&api, named, 2).await;
        api.patch("/jars/1", &json!({"rack_id": 1})).await.expect(200);
        assert_kept(&api, JARS, 2).await;
    }

    async fn a_write_that_was_taken_back_costs_a_count_at_most(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        assert_counted(&api, JARS, 2).await;
        let mut transaction = api.database().begin().await.unwrap();
        Jar::delete(1, &mut transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(total(&api, JARS).await.0, Some(2));
        assert_kept(&api, JARS, 2).await;
    }
}
