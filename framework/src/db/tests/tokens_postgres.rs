//! What only PostgreSQL has.

use super::tokens::{INSERT, ITEMS, changes, known, prepare, sync, vector};
use super::*;
use crate::db::{Session, tokens};
use crate::model::{Operator, Value};
use crate::query::{Filter, ListQuery};
use crate::sql::select::page_with;
use crate::sql::token::{Footprint, Known};

async fn on_postgres(test: impl AsyncFn(&Fixture)) {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Postgres {
            test(fixture).await;
        }
    })
    .await;
}

async fn script(fixture: &Fixture, sql: &str) {
    let mut transaction = fixture.database.begin().await.expect("begun");
    transaction.batch(sql).await.expect("executed");
    transaction.commit().await.expect("committed");
}

async fn reason(fixture: &Fixture) -> String {
    let status = tokens::status(&fixture.database, &[&ITEMS]).await.expect("looked at");
    status.into_iter().next().and_then(|status| status.reason).expect("not cached")
}

#[tokio::test]
async fn truncate_copy_and_upserts_change_tokens() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        assert_eq!(changes(fixture, "TRUNCATE items").await, [true, true, true]);
        let upsert = "INSERT INTO items VALUES (1, 2, 3, 4) ON CONFLICT (id) DO UPDATE SET size = 9";
        assert_eq!(changes(fixture, upsert).await, [true, true, true]);
        script(fixture, "ALTER TABLE items ADD COLUMN doubled bigint GENERATED ALWAYS AS (size * 2) STORED").await;
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None, "the table has another shape");
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(changes(fixture, "UPDATE items SET size = 1").await, [false, true, true]);
    })
    .await;
}

#[tokio::test]
async fn rows_that_replication_applies_change_tokens() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        let before = vector(&fixture.database, &ITEMS, &[1]).await.expect("tokens");
        // Without the triggers of statements, as the worker that applies changes runs none.
        script(
            fixture,
            "CREATE ROLE replicator_of_couplet_test; DROP ROLE replicator_of_couplet_test; \
             SET LOCAL session_replication_role = replica; INSERT INTO items (size, weight, note) VALUES (1, 1, 1)",
        )
        .await;
        let after = vector(&fixture.database, &ITEMS, &[1]).await.expect("tokens");
        assert_ne!(before, after);
        let values = "SELECT last_value FROM _couplet.\"items column size\"";
        let rows = fixture.database.session().fetch(&select(values)).await.expect("read");
        let one = rows.row(0).i64(0).expect("a number");
        script(fixture, "SET LOCAL session_replication_role = replica; UPDATE items SET note = 4").await;
        let rows = fixture.database.session().fetch(&select(values)).await.expect("read");
        assert_ne!(one, rows.row(0).i64(0).expect("a number"), "the trigger of rows changes all classes");
    })
    .await;
}

#[tokio::test]
async fn a_trigger_that_changes_other_columns_makes_every_update_one_of_all() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run(INSERT).await.expect("inserted");
        script(
            fixture,
            "CREATE FUNCTION resize() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.size = NEW.weight; RETURN NEW; END'; \
             CREATE TRIGGER resize BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION resize()",
        )
        .await;
        assert_eq!(vector(&fixture.database, &ITEMS, &[1]).await, None, "a trigger that nobody has looked at");
        tokens::look_now(&fixture.database).await;
        assert_eq!(changes(fixture, "UPDATE items SET weight = 5").await[1..], [true, true]);
        script(fixture, "DROP TRIGGER resize ON items").await;
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(changes(fixture, "UPDATE items SET weight = 5").await, [false, false, true]);
    })
    .await;
}

#[tokio::test]
async fn partitions_have_triggers_each() {
    on_postgres(async |fixture| {
        script(
            fixture,
            "CREATE TABLE items (id bigserial, size bigint NOT NULL, weight bigint NOT NULL, note bigint NOT NULL, \
             PRIMARY KEY (id, size)) PARTITION BY RANGE (size); \
             CREATE TABLE small PARTITION OF items FOR VALUES FROM (0) TO (10)",
        )
        .await;
        sync(&fixture.database, &[&ITEMS]).await;
        assert!(known(&fixture.database).tables["Item"].partitioned);
        assert_eq!(changes(fixture, INSERT).await, [true, true, true]);
        assert_eq!(changes(fixture, "INSERT INTO small VALUES (7, 7, 7, 7)").await, [true, true, true]);
        assert_eq!(changes(fixture, "UPDATE small SET weight = 5").await, [false, false, true]);
        assert_eq!(changes(fixture, "TRUNCATE small").await, [true, true, true]);
        script(fixture, "CREATE TABLE large PARTITION OF items FOR VALUES FROM (10) TO (20)").await;
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None, "a partition without triggers");
        tokens::look_now(&fixture.database).await;
        assert_eq!(changes(fixture, "INSERT INTO large VALUES (8, 12, 7, 7)").await, [true, true, true]);
        let before = vector(&fixture.database, &ITEMS, &[]).await;
        script(fixture, "ALTER TABLE items DETACH PARTITION large").await;
        assert_ne!(vector(&fixture.database, &ITEMS, &[]).await, before);
    })
    .await;
}

#[tokio::test]
async fn tables_whose_rows_depend_on_more_than_writes_have_none() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        script(fixture, "ALTER TABLE items ENABLE ROW LEVEL SECURITY").await;
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None);
        assert_eq!(reason(fixture).await, "row level security decides which rows a query sees");
        script(fixture, "ALTER TABLE items DISABLE ROW LEVEL SECURITY; CREATE TABLE more () INHERITS (items)").await;
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None);
        assert!(reason(fixture).await.contains("inheritance"));
        script(fixture, "DROP TABLE more; DROP TABLE items; CREATE VIEW items AS SELECT 1::bigint AS id").await;
        assert_eq!(reason(fixture).await, "it is a view");
    })
    .await;
}

#[tokio::test]
async fn a_renamed_or_converted_column_is_another_one() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run("ALTER TABLE items ALTER COLUMN note TYPE bigint USING note * 2").await.expect("altered");
        assert_eq!(vector(&fixture.database, &ITEMS, &[3]).await, None);
        sync(&fixture.database, &[&ITEMS]).await;
        script(
            fixture,
            "ALTER TABLE items RENAME size TO s; ALTER TABLE items RENAME weight TO size; ALTER TABLE items RENAME s TO weight",
        )
        .await;
        assert_eq!(vector(&fixture.database, &ITEMS, &[1]).await, None);
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(changes(fixture, "UPDATE items SET size = 5").await, [false, true, true]);
        assert_eq!(changes(fixture, "UPDATE items SET weight = 5").await, [false, false, true]);
    })
    .await;
}

#[tokio::test]
async fn triggers_that_are_switched_off_stay_off_until_they_are_on() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        script(fixture, "ALTER TABLE items DISABLE TRIGGER ALL").await;
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None);
        tokens::look_now(&fixture.database).await;
        assert_eq!(reason(fixture).await, "its triggers are switched off");
        script(fixture, "ALTER TABLE items ENABLE TRIGGER ALL").await;
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(changes(fixture, INSERT).await, [true, true, true]);
    })
    .await;
}

#[tokio::test]
async fn a_table_in_use_does_not_hold_up_the_start() {
    on_postgres(async |fixture| {
        crate::db::migrate::create_missing(&fixture.database, &[&ITEMS]).await.expect("created");
        let mut writer = fixture.database.begin().await.expect("begun");
        writer.batch(INSERT).await.expect("inserted");
        sync(&fixture.database, &[&ITEMS]).await;
        assert!(known(&fixture.database).tables.is_empty());
        fixture.run("SELECT count(*) FROM items").await.expect("nobody waits for the table");
        writer.commit().await.expect("committed");
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(changes(fixture, INSERT).await, [true, true, true]);
    })
    .await;
}

#[tokio::test]
async fn a_start_that_finds_everything_waits_for_no_table() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        let first = known(&fixture.database);
        let mut writer = fixture.database.begin().await.expect("begun");
        writer.batch("LOCK TABLE items IN ACCESS EXCLUSIVE MODE").await.expect("locked");
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(first, known(&fixture.database));
        writer.rollback().await.expect("rolled back");
    })
    .await;
}

/// The statement of a page, and what can be said of the tokens that it carries.
struct Carrying {
    statement: Statement,
    footprint: Footprint,
    known: Arc<Known>,
}

impl Carrying {
    /// Without values PostgreSQL keeps the plan, and with some it plans each time.
    fn new(fixture: &Fixture, filter: Filter) -> Self {
        let (query, known) = (ListQuery { filter, ..ListQuery::new(&ITEMS) }, known(&fixture.database));
        let footprint = Footprint::of_count(&query, &known, Dialect::Postgres).expect("known");
        Self { statement: page_with(&query, Some(&footprint), Dialect::Postgres), footprint, known }
    }

    async fn is_reliable(&self, session: &mut Session<'_>) -> bool {
        let rows = session.fetch(&self.statement).await.expect("read");
        let text = rows.row(0).text(ITEMS.columns.len()).expect("a text");
        self.known.vector(&self.footprint, text).is_some()
    }
}

#[tokio::test]
async fn a_page_that_waits_for_a_change_of_its_table_sees_it() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run(INSERT).await.expect("inserted");
        let compared = Filter::compare(&ITEMS.columns[1], Operator::Eq, vec![Value::I64(1)]);
        for filter in [Filter::everything(), compared] {
            let (page, mut session) = (Carrying::new(fixture, filter), fixture.database.session());
            for _ in 0..7 {
                assert!(page.is_reliable(&mut session).await);
            }
            let mut change = fixture.database.begin().await.expect("begun");
            change.batch("LOCK TABLE items; ALTER TABLE items DISABLE TRIGGER ALL").await.expect("changed");
            let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'items'::regclass AND NOT granted";
            let commit = async {
                while change.session().fetch(&select(waits)).await.expect("read").row(0).i64(0).expect("a number")
                    == Some(0)
                {}
                change.commit().await.expect("committed");
            };
            // Whatever the page itself has seen: the next one knows.
            let _ = tokio::join!(page.is_reliable(&mut session), commit);
            assert!(!page.is_reliable(&mut session).await, "{}", page.statement.sql);
            script(fixture, "ALTER TABLE items ENABLE TRIGGER ALL").await;
            sync(&fixture.database, &[&ITEMS]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_notices_whatever_makes_its_table_another_one() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run(INSERT).await.expect("inserted");
        let compared = Filter::compare(&ITEMS.columns[1], Operator::Eq, vec![Value::I64(1)]);
        let mut session = fixture.database.session();
        for change in [
            "ALTER TABLE items DISABLE TRIGGER \"_couplet_items any\"",
            "ALTER TABLE items ADD COLUMN more bigint",
            "ALTER TABLE items RENAME more TO still_more",
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE TRIGGER nothing BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION nothing()",
            "ALTER TABLE items RENAME TO old_items; CREATE TABLE items (LIKE old_items INCLUDING ALL); INSERT INTO items SELECT * FROM old_items",
        ] {
            script(fixture, "ALTER TABLE items ENABLE TRIGGER ALL").await;
            sync(&fixture.database, &[&ITEMS]).await;
            let pages = [Filter::everything(), compared.clone()].map(|filter| Carrying::new(fixture, filter));
            for page in &pages {
                for _ in 0..7 {
                    assert!(page.is_reliable(&mut session).await, "before {change}");
                }
            }
            script(fixture, change).await;
            for page in &pages {
                assert!(!page.is_reliable(&mut session).await, "{change}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_epoch_that_a_crash_took_is_another_one() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        let before = vector(&fixture.database, &ITEMS, &[]).await.expect("tokens");
        fixture.run("DELETE FROM _couplet.epoch").await.expect("deleted");
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None);
        sync(&fixture.database, &[&ITEMS]).await;
        let after = vector(&fixture.database, &ITEMS, &[]).await.expect("tokens");
        assert_ne!(before, after);
    })
    .await;
}

/// The URL of the same database for a role that owns nothing.
async fn reader(fixture: &Fixture) -> (String, String) {
    let role = format!("reader_{}", Uuid::now_v7().simple());
    script(
        fixture,
        &format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}; \
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}; GRANT USAGE ON SCHEMA _couplet TO {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA _couplet TO {role}; \
             GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA _couplet TO {role}"
        ),
    )
    .await;
    let (_, rest) = fixture.options.url.split_once('@').expect("a user in the URL");
    (format!("postgres://{role}:secret@{rest}"), role)
}

#[tokio::test]
async fn who_owns_no_table_relies_on_what_its_owner_made_and_makes_nothing() {
    on_postgres(async |fixture| {
        crate::db::migrate::create_missing(&fixture.database, &[&ITEMS]).await.expect("created");
        fixture.database.own_tables().await.expect("made");
        let (url, role) = reader(fixture).await;
        let options = DatabaseOptions { url, ..fixture.options.clone() };
        let other = Database::connect(options, metrics()).await.expect("connected");
        sync(&other, &[&ITEMS]).await;
        assert!(known(&other).tables.is_empty());
        let status = tokens::status(&other, &[&ITEMS]).await.expect("looked at");
        let reason = status[0].reason.as_deref().expect("not cached");
        assert!(reason.contains(&format!("\"{role}\" does not own")), "{reason}");

        sync(&fixture.database, &[&ITEMS]).await;
        script(fixture, &format!("GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA _couplet TO {role}")).await;
        sync(&other, &[&ITEMS]).await;
        let before = vector(&other, &ITEMS, &[1]).await.expect("tokens");
        other
            .session()
            .execute(&statement(INSERT, Verb::Other, []))
            .await
            .expect("its triggers may do what it may not");
        assert_ne!(vector(&other, &ITEMS, &[1]).await.expect("tokens"), before);
        other.close().await;
        script(fixture, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_new_class_of_loosened_tables_waits_for_those_who_write() {
    on_postgres(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        script(
            fixture,
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE TRIGGER nothing BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION nothing()",
        )
        .await;
        sync(&fixture.database, &[&ITEMS]).await;
        let mut writer = fixture.database.begin().await.expect("begun");
        writer.batch(INSERT).await.expect("inserted");
        sync(&fixture.database, &[&super::tokens::OTHER_ITEMS]).await;
        assert_ne!(known(&fixture.database).tables.get("Item").map(|table| table.columns.len()), Some(2));
        writer.commit().await.expect("committed");
        sync(&fixture.database, &[&super::tokens::OTHER_ITEMS]).await;
        assert_eq!(known(&fixture.database).tables["Item"].columns, ["id", "note"]);
    })
    .await;
}
