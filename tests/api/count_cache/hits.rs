//! What is kept, and what is not.

use couplet::query::CountMode;
use couplet_tests::on_each_database;
use serde_json::json;

use super::*;
use crate::support::execute;

const HITS: &str = "pagination_count_cache_hits_total{model=\"Jar\"}";
const MISSES: &str = "pagination_count_cache_misses_total{model=\"Jar\"}";

fn bypassed(model: &str, reason: &str) -> String {
    format!("pagination_count_cache_bypassed_total{{model=\"{model}\",reason=\"{reason}\"}}")
}

on_each_database! {
    async fn a_total_is_counted_once_however_it_is_asked_for(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 3).await;
        assert_counted(&api, "/jars?per_page=1", 3).await;
        assert_kept(&api, "/jars?per_page=2&sort=-name", 3).await;
        assert_kept(&api, "/jars?per_page=1&page=2", 3).await;
        assert_kept(&api, "/jars?per_page=1&page=99", 3).await;
        assert_kept(&api, "/jars?per_page=1&cursor=&count=exact", 3).await;
        assert_eq!((api.metric(HITS).await, api.metric(MISSES).await), (5.0, 1.0));
        assert_counted(&api, "/jars?per_page=1&name__in=x&name__in=y", 3).await;
        assert_kept(&api, "/jars?per_page=1&name__in=y&name__in=x&name__in=y", 3).await;
        assert_eq!(total(&api, "/jars").await, (Some(3), 1), "a page without a next one needs no count");
        assert_eq!(total(&api, "/jars?per_page=1&count=none").await, (None, 1));
        assert_eq!((api.metric(HITS).await, api.metric(MISSES).await), (7.0, 2.0));
    }

    async fn rust_reads_the_same_totals(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 3).await;
        assert_counted(&api, "/jars?per_page=1", 3).await;
        let page = Jar::query().page(2, 1).fetch(api.database()).await.unwrap();
        assert_eq!((page.meta.total, page.meta.count), (Some(3), CountMode::Exact));
        assert_eq!(api.metric(HITS).await, 2.0);
    }

    async fn a_transaction_neither_reads_nor_fills(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 3).await;
        assert_counted(&api, "/jars?per_page=1", 3).await;
        let mut transaction = api.database().begin().await.unwrap();
        Jar::delete(1, &mut transaction).await.unwrap();
        let inside = Jar::query().page(1, 1).fetch(&mut transaction).await.unwrap();
        assert_eq!(inside.meta.total, Some(2));
        transaction.rollback().await.unwrap();
        assert_eq!(total(&api, "/jars?per_page=1").await.0, Some(3));
        assert_eq!(api.metric(&bypassed("Jar", "transaction")).await, 1.0);
    }

    async fn totals_of_searches_are_kept_where_the_resource_says_so(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        fill(&api, "/recipes", 2).await;
        for _ in 0..2 {
            assert_eq!(total(&api, "/jars?per_page=1&q=x").await, (Some(2), 2));
        }
        assert_eq!(api.metric(&bypassed("Jar", "search")).await, 2.0);
        assert_counted(&api, "/recipes?per_page=1&q=x", 2).await;
    }

    async fn totals_that_may_be_old_say_so(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/memos", 2).await;
        let first = api.get("/memos?per_page=1").await.expect(200);
        assert_eq!((&first["/meta/total"], &first["/meta/count"]), (&json!(2), &json!("exact")));
        fill(&api, "/memos", 1).await;
        let second = api.get("/memos?per_page=1").await.expect(200);
        assert_eq!((&second["/meta/total"], &second["/meta/count"]), (&json!(2), &json!("cached")));
        assert_eq!(second.statements(), 1);
        assert_eq!(api.get("/memos").await["/meta/total"], 3, "what the page knows is not looked for");
        let document = api.get("/openapi.json").await.expect(200);
        assert_eq!(document["/components/schemas/MemoPage/properties/meta/$ref"], "#/components/schemas/CachedPageMeta");
        assert_eq!(document["/components/schemas/JarPage/properties/meta/$ref"], "#/components/schemas/PageMeta");
    }

    async fn nothing_is_kept_where_the_resource_says_so(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/scraps", 2).await;
        for _ in 0..2 {
            assert_eq!(total(&api, "/scraps?per_page=1").await, (Some(2), 2));
        }
        assert_eq!(api.metric(&bypassed("Scrap", "off")).await, 2.0);
    }

    async fn without_tokens_rows_are_counted_each_time(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, "/jars", 2).await;
        assert_counted(&api, "/jars?per_page=1", 2).await;
        let drop = if crate::support::is_sqlite(&database) { "DROP TABLE _couplet_tokens" } else { "DROP SCHEMA _couplet CASCADE" };
        execute(&database, drop).await;
        if !crate::support::is_sqlite(&database) {
            assert_eq!(total(&api, "/jars?per_page=1").await.0, Some(2), "without what tokens are read from");
            execute(&database, "INSERT INTO jars (name) VALUES ('y')").await;
            assert_eq!(total(&api, "/jars?per_page=1").await.0, Some(3));
        }
    }

    async fn a_total_that_was_found_wrong_is_forgotten(database: TestDatabase) {
        let mut settings = settings(&database);
        settings.cache.verify_one_in = 1;
        let api = Api::of(app(settings)).await;
        fill(&api, "/jars", 2).await;
        assert_eq!(total(&api, "/jars?per_page=1").await, (Some(2), 2));
        // Somebody who tampers with the tokens.
        let tampered = if crate::support::is_sqlite(&database) {
            "CREATE TABLE before AS SELECT * FROM _couplet_tokens; INSERT INTO jars (name) VALUES ('y'); \
             UPDATE _couplet_tokens SET nonce = (SELECT nonce FROM before WHERE before.class = _couplet_tokens.class); \
             DROP TABLE before"
        } else {
            "DO $$ DECLARE was bigint; BEGIN SELECT last_value INTO was FROM _couplet.\"jars rows\"; \
             INSERT INTO jars (name) VALUES ('y'); PERFORM setval('_couplet.\"jars rows\"', was); END $$"
        };
        if crate::support::is_sqlite(&database) {
            // The table that comes and goes changes the schema's version, so the old total is not met again.
            execute(&database, tampered).await;
            assert_eq!(total(&api, "/jars?per_page=1").await.0, Some(3));
            return;
        }
        execute(&database, tampered).await;
        assert_eq!(total(&api, "/jars?per_page=1").await, (Some(2), 1), "tampered with");
        api.until_metric("pagination_count_cache_mismatch_total{model=\"Jar\"}", 1.0).await;
        let recounted = async { while total(&api, "/jars?per_page=1").await.0 != Some(3) {} };
        tokio::time::timeout(std::time::Duration::from_secs(10), recounted).await.unwrap();
    }
}
