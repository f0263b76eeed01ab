//! Every write is seen by the next request, and the tag changes exactly then.

use couplet_tests::on_each_database;
use serde_json::json;

use super::*;
use crate::support::{column, execute};

/// Writes by plain SQL, each with the tables that it changes.
const WRITES: &[(&str, &str)] = &[
    ("INSERT INTO bands (name) VALUES ('Cure')", "bands"),
    ("UPDATE bands SET name = 'Can' WHERE name = 'Cure'", "bands"),
    ("INSERT INTO songs (band_id, title, version) VALUES (1, 'Waterloo', 1)", "songs"),
    ("UPDATE songs SET title = 'Fernando' WHERE title = 'Waterloo'", "songs"),
    ("DELETE FROM songs WHERE title = 'Fernando'", "songs"),
    ("INSERT INTO band_labels (band_id, label_id) VALUES (2, 1)", "band_labels"),
    ("DELETE FROM band_labels WHERE band_id = 2", "band_labels"),
    ("UPDATE labels SET is_open = (id = 2)", "labels"),
    ("INSERT INTO posters (text) VALUES ('a')", "posters"),
    ("UPDATE posters SET text = 'b'", "posters"),
];

/// Answers, and the tables that they read.
const READS: &[(&str, &[&str])] = &[
    ("/bands", &["bands"]),
    ("/bands/1", &["bands"]),
    ("/bands?include=songs", &["bands", "songs"]),
    ("/bands?include_count=songs", &["bands", "songs"]),
    ("/bands?songs.title__icontains=a", &["bands", "songs"]),
    ("/bands?include=labels", &["bands", "band_labels", "labels"]),
    ("/bands?include_count=labels", &["bands", "band_labels", "labels"]),
    ("/bands/1?include=songs.band,labels", &["bands", "songs", "band_labels", "labels"]),
    ("/bands/1/songs", &["bands", "songs"]),
    ("/bands/1/labels", &["bands", "band_labels", "labels"]),
    ("/songs?band_id=1", &["songs"]),
    ("/songs?include=band", &["bands", "songs"]),
    ("/labels", &["labels"]),
];

on_each_database! {
    async fn a_tag_changes_with_each_write_to_what_the_answer_reads_and_with_no_other(database: TestDatabase) {
        let api = start(&database).await;
        let mut tags = Vec::new();
        for (path, _) in READS {
            tags.push(tag(&warm(&api, path).await));
        }
        for (write, table) in WRITES {
            execute(&database, write).await;
            for ((path, tables), known) in READS.iter().zip(&mut tags) {
                let answer = api.get(path).await.expect(200);
                let is_other = tag(&answer) != *known;
                assert_eq!(is_other, tables.contains(table), "{path} after {write}");
                assert_eq!(answer.statements() > 1, is_other, "{path} after {write}");
                *known = tag(&answer);
            }
        }
    }

    async fn each_write_is_in_the_next_answer_whoever_made_it(database: TestDatabase) {
        let api = start(&database).await;
        let titles = "/songs?sort=title";
        let mut expected = vec!["Abba sings", "Blur sings"];
        for round in 0..3 {
            warm(&api, titles).await;
            warm(&api, "/bands/1?include=songs").await;
            let created = api.create("/songs", song(1, "Chiquitita")).await;
            expected.push("Chiquitita");
            assert_eq!(api.column(titles, "title").await, expected, "round {round}");
            assert_eq!(api.get("/bands/1?include=songs").await["/songs/1/title"], "Chiquitita");
            api.patch(&format!("/songs/{}", created["/id"]), &json!({"title": "Dancing Queen"})).await.expect(200);
            expected[2] = "Dancing Queen";
            assert_eq!(api.column(titles, "title").await, expected);
            api.delete(&format!("/songs/{}", created["/id"])).await.expect(204);
            expected.pop();
            assert_eq!(api.column(titles, "title").await, expected);
            Song::create(NewSong::new(2, "Parklife"), api.database()).await.unwrap();
            assert_eq!(api.get(titles).await["/meta/total"], 3);
            execute(&database, "DELETE FROM songs WHERE title = 'Parklife'").await;
            assert_eq!(api.get(titles).await["/meta/total"], 2);
        }
    }

    async fn rows_that_the_app_does_not_show_any_more_are_gone(database: TestDatabase) {
        let api = start(&database).await;
        let labels = |answer: &Answer| answer["/labels"].as_array().unwrap().len();
        assert_eq!(labels(&warm(&api, "/bands/1?include=labels").await), 1);
        assert_eq!(column(&warm(&api, "/labels").await, "id"), ["1"]);
        warm(&api, "/labels/1").await;
        execute(&database, "UPDATE labels SET is_open = (id = 2)").await;
        assert_eq!(column(&api.get("/labels").await, "id"), ["2"]);
        api.get("/labels/1").await.expect(404);
        execute(&database, "UPDATE labels SET is_open = (1 = 2)").await;
        assert_eq!(labels(&api.get("/bands/1?include=labels").await), 0);
    }

    async fn a_list_below_a_row_goes_with_the_row(database: TestDatabase) {
        let api = start(&database).await;
        execute(&database, "DELETE FROM songs").await;
        let empty = warm(&api, "/bands/1/songs").await;
        assert_eq!(empty["/items"], json!([]));
        api.delete("/bands/1").await.expect(204);
        api.get("/bands/1/songs").await.expect(404);
        get_if_none(&api, "/bands/1/songs", &tag(&empty)).await.expect(404);
    }

    async fn a_write_that_is_rolled_back_shows_nowhere(database: TestDatabase) {
        let api = start(&database).await;
        let before = warm(&api, "/bands").await;
        let mut transaction = api.database().begin().await.unwrap();
        Band::create(NewBand::new("Cure"), &mut transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(api.get("/bands").await.expect(200).text(), before.text());
        assert_eq!(warm(&api, "/bands").await.text(), before.text());
    }

    async fn without_tokens_answers_are_read(database: TestDatabase) {
        let api = start(&database).await;
        warm(&api, "/labels").await;
        let triggers = match crate::support::is_sqlite(&database) {
            true => "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'labels' AND name LIKE '\\_couplet%' ESCAPE '\\'",
            false => "SELECT tgname::text FROM pg_trigger WHERE tgrelid = 'labels'::regclass AND tgname LIKE '\\_couplet%'",
        };
        let names: Vec<(String,)> = couplet::crud::sql(triggers).fetch(api.database()).await.unwrap();
        assert!(!names.is_empty());
        for (name,) in names {
            let on = if crate::support::is_sqlite(&database) { "" } else { " ON labels" };
            execute(&database, &format!("DROP TRIGGER \"{name}\"{on}")).await;
        }
        // The first request finds out, and has the triggers made again beside it.
        for (place, name) in ["Mute", "Factory", "Creation", "Sub Pop"].into_iter().enumerate() {
            execute(&database, &format!("UPDATE labels SET name = '{name}'")).await;
            let answer = api.get("/labels").await.expect(200);
            assert_eq!(answer["/items/0/name"], name);
            assert!(place > 0 || answer.header("etag").is_none(), "{answer}");
        }
    }
}
