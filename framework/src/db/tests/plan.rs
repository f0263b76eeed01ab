//! An index that is there is used: a page far on costs what the first one does.

use super::*;
use crate::db::migrate;
use crate::fixtures::{column, model};
use crate::model::{ColumnMeta, ColumnType, ModelMeta};
use crate::query::{ListQuery, Place, Sort};
use crate::sql::schema::sort_index;
use crate::sql::select;

static ITEMS: ModelMeta = model(
    "Item",
    "items",
    &[
        column("id", ColumnType::I64),
        column("kind", ColumnType::I32),
        column("name", ColumnType::Text),
        column("price", ColumnType::Decimal),
        ColumnMeta { nullable: true, ..column("year", ColumnType::I32) },
    ],
);

const ROWS: i64 = 20_000;

/// Rows of few kinds and years, one year of ten missing, and an index for each column.
async fn fill(fixture: &Fixture) {
    migrate::create_missing(&fixture.database, &[&ITEMS]).await.expect("created");
    for column in &ITEMS.columns[1..] {
        fixture.run(&sort_index(&ITEMS, column, fixture.dialect())).await.expect("made");
    }
    fixture.run("CREATE INDEX mixed ON items (kind DESC, name, id)").await.expect("made");
    let (numbers, decimal) = match fixture.dialect() {
        Dialect::Sqlite => (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO items",
            "(i % 977) || '.5'",
        ),
        Dialect::Postgres => ("WITH n AS (SELECT generate_series(1, {}) AS i) INSERT INTO items", "i % 977 + 0.5"),
    };
    let numbers = numbers.replace("{}", &ROWS.to_string());
    let values = format!(
        "i, i / 7 % 5, 'name ' || ((i * 7919) % 10007), {decimal}, CASE WHEN i % 10 = 0 THEN NULL ELSE i % 100 END"
    );
    fixture.run(&format!("{numbers} SELECT {values} FROM n")).await.expect("filled");
    fixture.run("ANALYZE items").await.expect("analyzed");
}

/// How the database finds the rows beside the row in the middle of the list, or of its NULLs.
async fn plan(fixture: &Fixture, sort: &[(usize, bool)], null: bool, backward: bool) -> String {
    let term = |(column, descending): &(usize, bool)| Sort { column: &ITEMS.columns[*column], descending: *descending };
    let query = ListQuery { sort: sort.iter().map(term).collect(), ..ListQuery::new(&ITEMS) };
    let nulls = "SELECT id, kind, name, price, year FROM items WHERE kind = 2 AND (year IS NULL) = ";
    let boundary = match fixture.dialect() {
        Dialect::Sqlite => format!("{nulls}{} ORDER BY id LIMIT 1 OFFSET 300", u8::from(null)),
        Dialect::Postgres => format!("{nulls}{null} ORDER BY id LIMIT 1 OFFSET 300"),
    };
    let mut session = fixture.database.session();
    let rows = session.fetch(&super::select(&boundary)).await.expect("a row");
    let place = Place::beside(&query, rows.row(0), backward).expect("its values");
    let mut statement = select::walk(&query, &place, fixture.dialect());
    let (explain, text) = match fixture.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", 3),
        Dialect::Postgres => ("EXPLAIN ", 0),
    };
    statement.sql.insert_str(0, explain);
    let rows = session.fetch(&statement).await.expect("a plan");
    let line = |index| rows.row(index).text(text).expect("a text").unwrap_or_default().to_owned();
    (0..rows.len()).map(line).collect::<Vec<_>>().join("\n")
}

/// Whether each table is entered at the place, and no more than one page of each part is sorted.
fn is_served(dialect: Dialect, plan: &str) -> bool {
    let lines: Vec<&str> = plan.lines().map(|line| line.trim().trim_start_matches("->  ")).collect();
    match dialect {
        Dialect::Sqlite => {
            let is_entered = |line: &&str| line.starts_with("SEARCH items USING ");
            let sorts_a_part = |line: &&str| line.contains("FOR LAST") || line.contains("FOR RIGHT");
            lines.iter().filter(|line| line.contains("items")).all(is_entered) && !lines.iter().any(sorts_a_part)
        }
        Dialect::Postgres => {
            let scans: Vec<&[&str]> = lines.windows(2).filter(|pair| pair[0].contains(" Scan")).collect();
            let is_entered = |pair: &&[&str]| pair[0].starts_with("Index Scan ") && pair[1].starts_with("Index Cond: ");
            let filters = |line: &&str| line.starts_with("Filter: ") || line.starts_with("Incremental Sort");
            scans.iter().all(is_entered) && !scans.is_empty() && !lines.iter().any(filters)
        }
    }
}

#[tokio::test]
async fn an_index_leads_to_the_place_in_both_directions() {
    on_each(async |fixture| {
        fill(fixture).await;
        let orders: [&[(usize, bool)]; 11] = [
            &[],
            &[(0, true)],
            &[(1, false)],
            &[(1, true)],
            &[(2, false)],
            &[(2, true)],
            &[(3, false)],
            &[(3, true)],
            &[(4, false)],
            &[(4, true)],
            &[(1, true), (2, false)],
        ];
        for order in orders {
            for (null, backward) in [(false, false), (false, true), (true, false), (true, true)] {
                let plan = plan(fixture, order, null, backward).await;
                let what = format!("{order:?}, beside a NULL: {null}, backward: {backward}");
                assert!(is_served(fixture.dialect(), &plan), "{:?} {what}\n{plan}", fixture.dialect());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn without_an_index_the_plan_says_so() {
    on_each(async |fixture| {
        fill(fixture).await;
        for index in ["items_name_idx", "items_name_id_idx"] {
            fixture.run(&format!("DROP INDEX IF EXISTS {index}")).await.expect("dropped");
        }
        let plan = plan(fixture, &[(2, false)], false, false).await;
        assert!(!is_served(fixture.dialect(), &plan), "{plan}");
    })
    .await;
}
