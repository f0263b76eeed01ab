use super::*;
use crate::db::{check, migrate};
use crate::fixtures::{ENGLISH_PAPERS, PAPERS, PLAIN_PAPERS, TEXT_PAPERS};
use crate::model::{Catalog, ModelMeta};
use crate::query::{Filter, ListQuery};
use crate::sql::{schema, select};

fn searched(model: &'static ModelMeta, text: &str) -> ListQuery {
    let filter = Filter::Search(model.search_columns().collect(), text.to_owned());
    ListQuery { filter, ..ListQuery::new(model) }
}

/// The keys of the rows that are found, in their order.
async fn found(fixture: &Fixture, model: &'static ModelMeta, text: &str) -> Vec<i64> {
    let statement = select::page(&searched(model, text), fixture.dialect());
    let rows = fixture.database.session().fetch(&statement).await.unwrap_or_else(|error| panic!("{text:?}: {error}"));
    (0..rows.len()).map(|row| rows.row(row).i64(0).expect("an integer").expect("not NULL")).collect()
}

fn table(fixture: &Fixture) -> String {
    schema::table_name(&PAPERS, fixture.dialect())
}

async fn insert_papers(fixture: &Fixture, titles: &[&str]) {
    for title in titles {
        let sql = format!("INSERT INTO {} (title) VALUES ('{}')", table(fixture), title.replace('\'', "''"));
        fixture.run(&sql).await.expect("inserted");
    }
}

async fn create(fixture: &Fixture, model: &'static ModelMeta) -> Vec<String> {
    migrate::create_missing(&fixture.database, &[model]).await.expect("created")
}

async fn check(fixture: &Fixture, model: &'static ModelMeta) -> Result<()> {
    let mut catalog = Catalog::default();
    catalog.add(model);
    check::check(&fixture.database, &catalog).await
}

#[tokio::test]
async fn all_words_are_found_each_by_its_beginning() {
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        insert_papers(fixture, &["The Desert Planet", "Planets of the desert", "A desert", "Zoé, naïve & 漢字"]).await;
        assert_eq!(found(fixture, &PAPERS, "desert planet").await, [1, 2], "in any order; the shorter text first");
        assert_eq!(found(fixture, &PAPERS, "PLAN dese").await, [1, 2]);
        assert_eq!(found(fixture, &PAPERS, "lanet").await, [0; 0], "not by its end");
        assert_eq!(found(fixture, &PAPERS, "planets").await, [2]);
        for text in ["zoé", "NAÏVE", "naï 漢字", "漢"] {
            assert_eq!(found(fixture, &PAPERS, text).await, [4], "{text}");
        }
        assert_eq!(found(fixture, &PAPERS, "zoe").await, [0; 0], "an accent makes another letter");
    })
    .await;
}

#[tokio::test]
async fn the_best_match_comes_first_and_equal_ones_by_key() {
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        let titles =
            ["sand and much more than that in a longer text", "sand", "sand sand sand", "sand", "rock", "water"];
        insert_papers(fixture, &titles).await;
        assert_eq!(found(fixture, &PAPERS, "sand").await, [3, 2, 4, 1]);
    })
    .await;
}

#[tokio::test]
async fn the_index_follows_every_change() {
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        insert_papers(fixture, &["sand", "rock"]).await;
        let table = table(fixture);
        fixture.run(&format!("UPDATE {table} SET title = 'sandstone' WHERE id = 2")).await.expect("updated");
        assert_eq!(found(fixture, &PAPERS, "rock").await, [0; 0]);
        assert_eq!(found(fixture, &PAPERS, "sand").await, [1, 2]);
        fixture
            .run(&format!("UPDATE {table} SET abstract = 'of a beach', id = 7 WHERE id = 1"))
            .await
            .expect("updated");
        assert_eq!(found(fixture, &PAPERS, "sand beach").await, [7], "one word in each column");
        fixture.run(&format!("UPDATE {table} SET abstract = NULL")).await.expect("updated");
        assert_eq!(found(fixture, &PAPERS, "beach").await, [0; 0]);
        fixture.run(&format!("DELETE FROM {table} WHERE id = 2")).await.expect("deleted");
        assert_eq!(found(fixture, &PAPERS, "sand").await, [7]);
        insert_papers(fixture, &["sandbank"]).await;
        assert_eq!(found(fixture, &PAPERS, "sand").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn nothing_in_a_text_means_anything_to_the_database() {
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        insert_papers(
            fixture,
            &[
                "a.b@example.org",
                "x-ray 3.14 e_mail",
                "/usr/bin <b>bold</b> don't",
                "c++ & NEAR OR AND NOT title",
                "née-1",
            ],
        )
        .await;
        for (text, expected) in [
            ("example", &[1_i64][..]),
            ("org", &[1]),
            ("a.b@example.org", &[1]),
            ("ray", &[2]),
            ("x-ray", &[2]),
            ("3.14", &[2]),
            ("14", &[2]),
            ("mail", &[2]),
            ("bin usr", &[3]),
            ("<b>", &[1, 3]),
            ("bold", &[3]),
            ("don't", &[3]),
            ("t don", &[3]),
            ("c++", &[4]),
            ("NEAR(c title)", &[4]),
            ("title:c", &[4]),
            ("NOT c", &[4]),
            ("OR", &[1, 4]),
            ("c OR ray", &[]),
            ("c* \"not\" ^near", &[4]),
            ("{c title} : and", &[4]),
            ("c & !rank | zzz", &[]),
            ("c <-> near", &[4]),
            ("c:* \\ 'near'", &[4]),
            ("'; DROP TABLE papers; --", &[]),
            ("1 née", &[5]),
            ("\u{1f980}", &[]),
            ("?!*\"'", &[]),
            (" ", &[]),
        ] {
            let mut keys = found(fixture, &PAPERS, text).await;
            keys.sort_unstable();
            assert_eq!(keys, expected, "{text:?}");
        }
        let long = "x".repeat(5_000);
        assert_eq!(found(fixture, &PAPERS, &long[..190]).await, [0; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_text_of_any_length_can_be_stored() {
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        let words: String = (0..300_000).map(|number| format!("{number:x} ")).collect();
        insert_papers(fixture, &[&format!("first {words}")]).await;
        assert_eq!(found(fixture, &PAPERS, "first").await, [1]);
    })
    .await;
}

#[tokio::test]
async fn english_words_are_found_by_their_stems() {
    on_each(async |fixture| {
        create(fixture, &ENGLISH_PAPERS).await;
        insert_papers(fixture, &["Running through deserts", "Ran from dessert"]).await;
        assert_eq!(found(fixture, &ENGLISH_PAPERS, "runs deserting").await, [1]);
    })
    .await;
}

#[tokio::test]
async fn an_index_is_made_over_rows_that_are_there() {
    on_each(async |fixture| {
        assert_eq!(create(fixture, &PLAIN_PAPERS).await, ["papers"]);
        insert_papers(fixture, &["sand", "rock"]).await;
        let text = check(fixture, &PAPERS).await.expect_err("there is no index").to_string();
        assert!(text.contains("of Paper has no full-text index; to mend it:"), "{text}");

        assert_eq!(create(fixture, &PAPERS).await, ["full-text index of papers"]);
        assert_eq!(found(fixture, &PAPERS, "rock").await, [2]);
        insert_papers(fixture, &["rocket"]).await;
        assert_eq!(found(fixture, &PAPERS, "rock").await, [2, 3]);
        check(fixture, &PAPERS).await.expect("it fits");
        assert!(create(fixture, &PAPERS).await.is_empty(), "nothing to do");
        check(fixture, &PLAIN_PAPERS).await.expect("an index more hurts no one");
    })
    .await;
}

#[tokio::test]
async fn the_sql_that_the_check_shows_makes_the_index() {
    on_each(async |fixture| {
        create(fixture, &PLAIN_PAPERS).await;
        insert_papers(fixture, &["sand"]).await;
        let text = check(fixture, &PAPERS).await.expect_err("there is no index").to_string();
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        let mut transaction = fixture.database.begin().await.expect("begun");
        transaction.batch(&lines.join("\n")).await.expect("made");
        transaction.commit().await.expect("committed");
        check(fixture, &PAPERS).await.expect("it fits");
        assert_eq!(found(fixture, &PAPERS, "sand").await, [1]);
    })
    .await;
}

#[tokio::test]
async fn an_index_of_another_configuration_or_other_columns_is_made_anew() {
    static TITLES_ONLY: ModelMeta = ModelMeta {
        schema: Some("library"),
        full_text: Some("simple"),
        ..crate::fixtures::model(
            "Paper",
            "papers",
            &[
                crate::fixtures::column("id", crate::model::ColumnType::I64),
                crate::model::ColumnMeta {
                    search: true,
                    ..crate::fixtures::column("title", crate::model::ColumnType::Text)
                },
            ],
        )
    };
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        insert_papers(fixture, &["deserts"]).await;
        for (model, expected) in [(&ENGLISH_PAPERS, &[1_i64][..]), (&TITLES_ONLY, &[]), (&PAPERS, &[])] {
            let text = check(fixture, model).await.expect_err("it is another").to_string();
            assert!(text.contains("has a full-text index that is not the struct's"), "{text}");
            assert_eq!(create(fixture, model).await, ["full-text index of papers"]);
            check(fixture, model).await.expect("it fits");
            assert_eq!(found(fixture, model, "deserting").await, expected, "{:?}", model.full_text);
            assert_eq!(found(fixture, model, "desert").await, [1]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_left_of_an_index_is_completed() {
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        insert_papers(fixture, &["sand"]).await;
        let drop = match fixture.dialect() {
            Dialect::Sqlite => "DROP TRIGGER library_papers_fts_update",
            Dialect::Postgres => "DROP INDEX library.papers__search_idx",
        };
        fixture.run(drop).await.expect("dropped");
        check(fixture, &PAPERS).await.expect_err("it is not whole");
        create(fixture, &PAPERS).await;
        check(fixture, &PAPERS).await.expect("it fits");
        assert_eq!(found(fixture, &PAPERS, "sand").await, [1]);
    })
    .await;
}

#[tokio::test]
async fn without_a_number_for_each_row_sqlite_looks_for_the_text() {
    on_each(async |fixture| {
        create(fixture, &TEXT_PAPERS).await;
        fixture
            .run(&format!("INSERT INTO {} (id, title) VALUES (1, 'the desert planet')", table(fixture)))
            .await
            .expect("");
        let literally = fixture.dialect() == Dialect::Sqlite;
        assert_eq!(found(fixture, &TEXT_PAPERS, "planet desert").await.is_empty(), literally);
        assert_eq!(found(fixture, &TEXT_PAPERS, "sert plan").await.is_empty(), !literally);
    })
    .await;
}

#[tokio::test]
async fn a_search_reads_the_index_and_not_the_table() {
    on_each(async |fixture| {
        create(fixture, &PAPERS).await;
        let rows = match fixture.dialect() {
            Dialect::Sqlite => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT",
            Dialect::Postgres => "WITH n(i) AS (SELECT generate_series(1, 20000)) SELECT",
        };
        let sql = format!("INSERT INTO {} (title) {rows} 'paper ' || i FROM n", table(fixture));
        fixture.run(&sql).await.expect("inserted");
        if fixture.dialect() == Dialect::Postgres {
            // A long list of rows that wait to be put into the index makes it dear to look into.
            fixture.run("SELECT gin_clean_pending_list('library.papers__search_idx')").await.expect("cleaned");
        }
        fixture.run("ANALYZE").await.expect("analyzed");
        let mut by_title = searched(&PAPERS, "12345");
        by_title.sort = vec![crate::query::Sort { column: &PAPERS.columns[1], descending: false }];
        for query in [searched(&PAPERS, "12345"), by_title] {
            let mut statement = select::page(&query, fixture.dialect());
            let explain = if fixture.dialect() == Dialect::Sqlite { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
            statement.sql.insert_str(0, explain);
            let plan = fixture.database.session().fetch(&statement).await.expect("explained");
            let place = if fixture.dialect() == Dialect::Sqlite { 3 } else { 0 };
            let lines =
                (0..plan.len()).map(|row| plan.row(row).text(place).expect("a text").unwrap_or_default().to_owned());
            let plan = lines.collect::<Vec<_>>().join("\n");
            match fixture.dialect() {
                Dialect::Sqlite => {
                    assert!(plan.contains("library_papers_fts VIRTUAL TABLE INDEX"), "{plan}");
                    assert!(plan.contains("USING INTEGER PRIMARY KEY"), "{plan}");
                    assert!(!plan.contains("SCAN library_papers\n"), "{plan}");
                }
                Dialect::Postgres => {
                    assert!(plan.contains("Bitmap Index Scan on papers__search_idx"), "{plan}");
                    assert!(!plan.contains("Seq Scan"), "{plan}");
                }
            }
        }
    })
    .await;
}
