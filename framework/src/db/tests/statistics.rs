use super::*;

/// Reviews of many books, of which each has few, and of few ratings.
const FILL: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
     INSERT INTO reviews SELECT i, i % 1000, i % 5 FROM n";

async fn fill(fixture: &Fixture) {
    fixture.run("CREATE TABLE reviews (id INTEGER PRIMARY KEY, book_id INTEGER, rating INTEGER)").await.expect("made");
    for column in ["book_id", "rating"] {
        fixture.run(&format!("CREATE INDEX by_{column} ON reviews ({column})")).await.expect("made");
    }
    fixture.run(FILL).await.expect("filled");
}

/// A prepared EXPLAIN never sees that the schema has changed, so each has a text of its own.
async fn plan(database: &Database, number: u8) -> String {
    let plan = format!("EXPLAIN QUERY PLAN SELECT {number} FROM reviews WHERE rating = 5 AND book_id = 7");
    // A statement that runs does.
    database.session().fetch(&select("SELECT 1 FROM reviews LIMIT 1")).await.expect("read");
    let rows = database.session().fetch(&select(&plan)).await.expect("a plan");
    rows.row(0).text(3).expect("a text").unwrap_or_default().to_owned()
}

#[tokio::test]
async fn sqlite_takes_the_index_that_finds_few_rows() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Postgres {
            return;
        }
        fill(fixture).await;
        assert!(plan(&fixture.database, 1).await.contains("by_rating"), "the newer index, where nothing is known");
        fixture.database.optimize().await;
        assert!(plan(&fixture.database, 2).await.contains("by_book_id"));
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_closed_knows_its_tables_when_it_is_opened() {
    on_each(async |fixture| {
        if !matches!(fixture.made, Made::Folder(_)) {
            return;
        }
        fill(fixture).await;
        fixture.database.close().await;
        let again = Database::connect(fixture.options.clone(), metrics()).await.expect("connected");
        assert!(plan(&again, 1).await.contains("by_book_id"));
        again.close().await;
    })
    .await;
}
