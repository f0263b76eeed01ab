//! If the number of rows that meet a condition has changed, then so have the tokens of what the condition reads: whatever wrote.

use couplet::App;
use couplet::db::Database;
use couplet::model::{ColumnMeta, ModelMeta};
use couplet::prelude::*;
use couplet::query::{Condition, Deleted, Filter, ListQuery};
use couplet::sql::token::{Footprint, read};
use couplet::sql::{Dialect, count};
use couplet_tests::{TestDatabase, on_each_database};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use super::support::{Api, config};

/// Where volumes stand; a row stays when it is deleted.
#[derive(Debug, Clone, Model, Resource)]
pub struct Shelf {
    pub id: i64,
    #[field(filter)]
    pub room: i32,
    #[field(deleted_at)]
    pub gone_at: Option<DateTime<Utc>>,
    #[relation]
    pub volumes: HasMany<Volume>,
    #[relation(foreign_key = shelf_id, filter = Volume::RATING.gte(3))]
    pub best: HasMany<Volume>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Volume {
    pub id: i64,
    #[field(search)]
    pub title: String,
    #[field(filter)]
    pub rating: i32,
    #[field(generated = "rating * 2", filter)]
    pub twice: i32,
    #[field(unique)]
    pub code: Option<i32>,
    pub note: i32,
    #[field(filter)]
    pub shelf_id: Option<i64>,
    #[relation(on_delete = set_null)]
    pub shelf: BelongsTo<Shelf>,
    #[relation]
    pub remarks: HasMany<Remark>,
    #[relation(through = VolumeStamp)]
    pub stamps: ManyToMany<Stamp>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Remark {
    pub id: i64,
    pub volume_id: i64,
    #[field(filter)]
    pub stars: i32,
    #[relation(on_delete = cascade)]
    pub volume: BelongsTo<Volume>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Stamp {
    pub id: i64,
    #[field(filter)]
    pub ink: i32,
}

#[derive(Debug, Clone, Model)]
pub struct VolumeStamp {
    #[field(key)]
    pub volume_id: i64,
    #[field(key)]
    pub stamp_id: i64,
    #[relation(on_delete = cascade)]
    pub volume: BelongsTo<Volume>,
    #[relation(on_delete = cascade)]
    pub stamp: BelongsTo<Stamp>,
}

async fn start(database: &TestDatabase) -> Api {
    let app = App::new(config(database)).resource::<Shelf>().resource::<Volume>().resource::<Remark>();
    Api::of(app.resource::<Stamp>()).await
}

/// As random as its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }

    /// A statement with its `#` replaced by numbers below 12.
    fn statement(&mut self, dialect: Dialect) -> String {
        let own = if dialect == Dialect::Sqlite { SQLITE } else { POSTGRES };
        let text = if self.below(4) == 0 { self.of(own) } else { self.of(BOTH) };
        let mut parts = text.split('#');
        let mut statement = parts.next().unwrap().to_owned();
        for part in parts {
            statement.push_str(&self.below(12).to_string());
            statement.push_str(part);
        }
        statement
    }
}

const BOTH: &[&str] = &[
    "INSERT INTO shelves (id, room) VALUES (#, #)",
    "INSERT INTO volumes (id, title, rating, note, shelf_id) VALUES (#, 'a #', #, #, #)",
    "INSERT INTO volumes (title, rating, code, note) VALUES ('b #', #, #, #), ('c', #, #, #), ('a #', #, NULL, #)",
    "INSERT INTO volumes (id, title, rating, note) VALUES (#, 'b', #, #) ON CONFLICT (id) DO UPDATE SET rating = #",
    "INSERT INTO volumes (id, title, rating, note) VALUES (#, 'b', #, #) ON CONFLICT DO NOTHING",
    "INSERT INTO volumes (title, rating, note) SELECT title, stars, # FROM volumes JOIN remarks ON volume_id = volumes.id WHERE stars < 3",
    "INSERT INTO remarks (volume_id, stars) VALUES (#, #)",
    "INSERT INTO remarks (volume_id, stars) SELECT id, rating FROM volumes WHERE rating > #",
    "INSERT INTO stamps (id, ink) VALUES (#, #)",
    "INSERT INTO volume_stamps (volume_id, stamp_id) VALUES (#, #)",
    "INSERT INTO volume_stamps SELECT volumes.id, stamps.id FROM volumes, stamps WHERE rating > # ON CONFLICT DO NOTHING",
    "UPDATE shelves SET room = # WHERE id > #",
    "UPDATE shelves SET gone_at = CURRENT_TIMESTAMP WHERE id = #",
    "UPDATE shelves SET gone_at = NULL WHERE id < #",
    "UPDATE volumes SET rating = # WHERE id < #",
    "UPDATE volumes SET rating = rating + 1, note = #",
    "UPDATE volumes SET title = 'a #' WHERE rating = #",
    "UPDATE volumes SET shelf_id = # WHERE id = #",
    "UPDATE volumes SET id = # WHERE id = #",
    "UPDATE volumes SET note = #",
    "UPDATE volumes SET code = # WHERE id = #",
    "UPDATE remarks SET stars = # WHERE stars < #",
    "UPDATE remarks SET volume_id = # WHERE id < #",
    "UPDATE stamps SET ink = # WHERE id < #",
    "UPDATE volume_stamps SET stamp_id = # WHERE volume_id = #",
    "DELETE FROM shelves WHERE id = #",
    "DELETE FROM volumes WHERE id = #",
    "DELETE FROM volumes WHERE rating > # AND id > #",
    "DELETE FROM remarks WHERE stars = #",
    "DELETE FROM stamps WHERE id = #",
    "DELETE FROM volume_stamps WHERE volume_id = #",
];

const SQLITE: &[&str] = &[
    "INSERT OR REPLACE INTO volumes (id, title, rating, code, note) VALUES (#, 'a', #, #, #)",
    "REPLACE INTO remarks (id, volume_id, stars) VALUES (#, #, #)",
    "UPDATE OR REPLACE volumes SET code = # WHERE id = #",
    "UPDATE OR REPLACE volumes SET id = # WHERE id = #",
    "UPDATE OR REPLACE volumes SET rowid = # WHERE id = #",
    "UPDATE OR REPLACE volume_stamps SET volume_id = # WHERE volume_id = #",
    "UPDATE OR IGNORE volumes SET code = #, rating = #",
    "INSERT OR IGNORE INTO volumes (id, title, rating, code, note) VALUES (#, 'a', #, #, #)",
    "DELETE FROM volumes",
];

const POSTGRES: &[&str] = &[
    "TRUNCATE remarks",
    "TRUNCATE volumes CASCADE",
    "TRUNCATE shelves CASCADE",
    "COPY volumes (title, rating, note) FROM PROGRAM 'printf ''a #\\t#\\t#\\nb\\t#\\t#\\n'''",
    "WITH gone AS (DELETE FROM remarks WHERE stars < # RETURNING volume_id) UPDATE volumes SET rating = # FROM gone WHERE id = volume_id",
    "DO $$ BEGIN UPDATE volumes SET rating = #; BEGIN DELETE FROM remarks; RAISE 'back'; EXCEPTION WHEN OTHERS THEN END; END $$",
    "UPDATE volumes SET rating = DEFAULT + # WHERE id = #",
    "MERGE INTO volumes USING stamps ON volumes.id = stamps.id WHEN MATCHED AND ink < # THEN DELETE WHEN MATCHED THEN UPDATE SET \
     rating = # WHEN NOT MATCHED THEN INSERT (title, rating, note) VALUES ('a', ink, #)",
    "DELETE FROM volumes",
];

fn lists() -> Vec<ListQuery> {
    fn of<M: Model>(condition: Condition<M>) -> ListQuery {
        ListQuery { filter: condition.into_filter(), ..ListQuery::new(M::META) }
    }
    let search: Vec<&'static ColumnMeta> = Volume::META.search_columns().collect();
    let found = Filter::Search(search, "a".to_owned());
    let all = |model: &'static ModelMeta| ListQuery::new(model);
    vec![
        all(Volume::META),
        all(Shelf::META),
        ListQuery { deleted: Deleted::Include, ..all(Shelf::META) },
        ListQuery { deleted: Deleted::Only, ..all(Shelf::META) },
        ListQuery { filter: found, ..all(Volume::META) },
        of(Volume::RATING.gte(4)),
        of(Volume::TWICE.eq(8)),
        of(Volume::RATING.lt(4) | Volume::SHELF_ID.is_null()),
        of(!Volume::RATING.eq(5) & Volume::SHELF_ID.is_not_null()),
        of(Volume::SHELF.any(Shelf::ROOM.lt(6))),
        of(!Volume::SHELF.any(Shelf::ROOM.lt(6))),
        of(Volume::REMARKS.any(Remark::STARS.gte(5))),
        of(Volume::STAMPS.any(Stamp::INK.lt(6))),
        of(Volume::NOTE.eq(3)),
        of(Shelf::VOLUMES.any(Volume::RATING.lt(5))),
        of(Shelf::BEST.any(Volume::REMARKS.any(Remark::STARS.lt(6)))),
        of(Remark::VOLUME.any(Volume::SHELF.any(Shelf::ROOM.gte(3)))),
        of(Stamp::INK.eq(4)),
    ]
}

/// The true count of each list, and the tokens of what it reads.
async fn observe(database: &Database, lists: &[ListQuery]) -> Vec<(i64, String)> {
    let known = database.tokens().unwrap();
    let mut session = database.session();
    let mut seen = Vec::new();
    for list in lists {
        let rows = session.fetch(&count::exact(list, database.dialect())).await.unwrap();
        let total = rows.row(0).i64(0).unwrap().unwrap();
        let footprint = Footprint::of_count(list, &known, database.dialect()).expect("each table has tokens");
        let rows = session.fetch(&read(&footprint, database.dialect())).await.unwrap();
        let text = rows.row(0).text(0).unwrap().map(str::to_owned);
        assert!(known.vector(&footprint, text.as_deref()).is_some(), "{text:?}");
        seen.push((total, text.unwrap()));
    }
    seen
}

/// Whoever writes beside the app.
enum Writer {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Writer {
    async fn connect(database: &TestDatabase) -> Self {
        match database.url() {
            url if url.starts_with("sqlite:") => Self::Sqlite(SqliteConnection::connect(url).await.unwrap()),
            url => Self::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    /// Whether the database has done it; a refusal is as good a case as any.
    async fn run(&mut self, sql: &str) -> bool {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.is_ok(),
            Self::Postgres(connection) => connection.execute(sql).await.is_ok(),
        }
    }

    /// Some statements, alone or together, kept or taken back.
    async fn play(&mut self, dice: &mut Dice, dialect: Dialect) -> Vec<String> {
        let count = dice.below(4) + 1;
        let mut script: Vec<String> = (0..count).map(|_| dice.statement(dialect)).collect();
        match dice.below(4) {
            0 => {
                script.insert(0, "BEGIN".to_owned());
                script.push(dice.of(&["COMMIT", "COMMIT", "ROLLBACK"]).to_owned());
            }
            1 => {
                let sub = ["SAVEPOINT s".to_owned(), dice.statement(dialect)];
                let end = dice.of(&["ROLLBACK TO s", "RELEASE s"]).to_owned();
                script = [vec!["BEGIN".to_owned()], script, sub.to_vec(), vec![end, dice.statement(dialect)]].concat();
                script.push("COMMIT".to_owned());
            }
            _ => {}
        }
        for sql in &script {
            self.run(sql).await;
        }
        script
    }
}

on_each_database! {
    async fn a_count_that_has_changed_has_other_tokens(database: TestDatabase) {
        let seed = std::env::var("COUPLET_TEST_SEED").map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
        println!("COUPLET_TEST_SEED={seed}");
        let api = start(&database).await;
        let (lists, dialect) = (lists(), api.database().dialect());
        let (mut dice, mut writer) = (Dice(seed), Writer::connect(&database).await);
        let (mut changed, mut kept) = (0, 0);
        let mut before = observe(api.database(), &lists).await;
        for _ in 0..250 {
            let script = writer.play(&mut dice, dialect).await;
            let after = observe(api.database(), &lists).await;
            for (index, (old, new)) in before.iter().zip(&after).enumerate() {
                let same_tokens = old.1 == new.1;
                assert!(old.0 == new.0 || !same_tokens, "list {index} went from {} to {} by {script:#?}", old.0, new.0);
                changed += usize::from(old.0 != new.0);
                kept += usize::from(same_tokens);
            }
            before = after;
        }
        assert!(changed > 100 && kept > 100, "{changed} counts changed, {kept} vectors were kept: too few to say anything");
    }

    async fn writes_over_http_change_tokens(database: TestDatabase) {
        let api = start(&database).await;
        let lists = lists();
        let before = observe(api.database(), &lists[..1]).await;
        let body = serde_json::json!({"title": "a", "rating": 1, "note": 1});
        api.create("/volumes", body).await;
        let created = observe(api.database(), &lists[..1]).await;
        assert!(before[0].0 + 1 == created[0].0 && before[0].1 != created[0].1);
        api.patch("/volumes/1", &serde_json::json!({"note": 2})).await.expect(200);
        assert_eq!(observe(api.database(), &lists[..1]).await, created, "which rows there are has not changed");
    }

    async fn tokens_are_advanced_by_hand(database: TestDatabase) {
        let api = start(&database).await;
        let lists = lists();
        let before = observe(api.database(), &lists).await;
        couplet::invalidate_count_cache::<Volume>(api.database()).await.unwrap();
        let after = observe(api.database(), &lists).await;
        assert!(before[0].1 != after[0].1 && before[13].1 != after[13].1, "the rows, and the whole of the table");
        assert_eq!(before[1], after[1], "another table");
        let mut transaction = api.database().begin().await.unwrap();
        couplet::invalidate_count_cache::<Shelf>(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_ne!(observe(api.database(), &lists).await[1].1, after[1].1);
    }
}
