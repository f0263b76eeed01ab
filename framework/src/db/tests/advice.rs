use super::*;
use crate::db::{advice, migrate, sqlite_build};
use crate::fixtures::{BOOKS, SERIES, column, model};
use crate::model::{ColumnMeta, ColumnType, ModelMeta};

/// Sorted by columns of several kinds, one of which has an index by its attribute.
static SHELVES: ModelMeta = model(
    "Shelf",
    "shelves",
    &[
        ColumnMeta { sort: true, ..column("id", ColumnType::I64) },
        ColumnMeta { sort: true, ..column("room", ColumnType::Text) },
        ColumnMeta { sort: true, nullable: true, ..column("width", ColumnType::Decimal) },
        ColumnMeta { sort: true, index: true, ..column("floor", ColumnType::I32) },
        ColumnMeta { sort: true, unique: true, ..column("label", ColumnType::Text) },
        column("unsorted", ColumnType::Text),
    ],
);

static PLACES: ModelMeta = ModelMeta {
    key: &[0, 1],
    ..model(
        "Place",
        "places",
        &[
            ColumnMeta { sort: true, ..column("shelf", ColumnType::I64) },
            ColumnMeta { sort: true, ..column("number", ColumnType::I64) },
        ],
    )
};

static VIEW: ModelMeta = ModelMeta {
    view: true,
    ..model("Label", "labels", &[ColumnMeta { sort: true, ..column("label", ColumnType::Text) }])
};

async fn sorts(fixture: &Fixture, models: &[&'static ModelMeta]) -> Vec<&'static str> {
    let unserved = advice::unserved_sorts(&fixture.database, models).await.expect("asked");
    unserved.into_iter().map(|unserved| unserved.sort).collect()
}

#[tokio::test]
async fn sorts_without_an_index_are_named_and_their_statements_mend_it() {
    on_each(async |fixture| {
        let models = [&SHELVES, &PLACES];
        migrate::create_missing(&fixture.database, &models).await.expect("created");
        let unserved = advice::unserved_sorts(&fixture.database, &models).await.expect("asked");
        let named: Vec<_> = unserved.iter().map(|unserved| (unserved.model, unserved.sort)).collect();
        assert_eq!(named, [("Shelf", "room"), ("Shelf", "width"), ("Place", "number")]);
        for unserved in &unserved {
            fixture.run(&unserved.statement).await.expect(&unserved.statement);
        }
        assert_eq!(sorts(fixture, &[&SHELVES, &PLACES, &VIEW]).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn an_index_over_some_rows_or_over_an_expression_serves_no_sort() {
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&SHELVES]).await.expect("created");
        fixture.run("CREATE INDEX a ON shelves (room) WHERE floor > 1").await.expect("made");
        fixture.run("CREATE INDEX b ON shelves (lower(room))").await.expect("made");
        fixture.run("CREATE INDEX c ON shelves (floor, room)").await.expect("made");
        assert_eq!(sorts(fixture, &[&SHELVES]).await, ["room", "width"]);
        match fixture.dialect() {
            Dialect::Sqlite => fixture.run("CREATE INDEX d ON shelves (width COLLATE BINARY)").await,
            Dialect::Postgres => fixture.run("CREATE INDEX d ON shelves (width NULLS FIRST)").await,
        }
        .expect("made");
        if fixture.dialect() == Dialect::Postgres {
            fixture.run("CREATE INDEX e ON shelves (room text_pattern_ops)").await.expect("made");
        }
        assert_eq!(sorts(fixture, &[&SHELVES]).await, ["room", "width"]);
        fixture.run("CREATE INDEX f ON shelves (room DESC, floor)").await.expect("made");
        assert_eq!(sorts(fixture, &[&SHELVES]).await, ["width"]);
    })
    .await;
}

#[tokio::test]
async fn tables_in_schemas_are_found() {
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&SERIES, &BOOKS]).await.expect("created");
        assert_eq!(sorts(fixture, &[&SERIES]).await, [""; 0]);
        assert_eq!(sorts(fixture, &[&BOOKS]).await, ["title", "rating", "price", "year"]);
    })
    .await;
}

#[tokio::test]
async fn readers_share_no_lock_of_sqlite_as_it_is_built_here() {
    on_each(async |fixture| {
        let missing = sqlite_build::missing_flags(&fixture.database).await.expect("asked");
        assert_eq!(missing, [""; 0], "cargo reads .cargo/config.toml, which has them, from the folder that it runs in");
    })
    .await;
}
