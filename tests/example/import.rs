//! Real books from a file.

use couplet_tests::{Program, on_each_database};
use serde_json::{Value, json};

use super::support::{THREE_BOOKS, example, import, stop, total};

/// Rows that cannot be taken, between two that can.
const MESSY: &str = r#"book_id,isbn,authors,original_publication_year,original_title,title,language_code,average_rating,ratings_count,image_url
1,306406153,"Ann Lee, Ann  Lee",1997.0,,"Two
lines",eng,4.44,1,
two,,,soon,,,eng,9,many,
1,,Bo Li,,,Again,eng,4,1,
4,,Bo Li,9999.0,,Later,e,4,-1,
5,,Bo Li
6,,NAME,,,Long,eng,4,1,
7,,Bo Li,,,Seven,eng,4,1,
"#;

on_each_database! {
    async fn books_are_imported_with_their_authors_and_without_a_made_up_catalogue(database: TestDatabase) {
        let report = import(&database, THREE_BOOKS).await.expect(0).output;
        let expected = "books: 3 imported, 0 already there, 0 malformed, 0 with remarks\n\
                        authors: 3 created, 0 already there\n";
        assert_eq!(report, expected);

        let service = example(&database).serve().await;
        let client = service.client();
        assert_eq!((total(client, "/books").await, total(client, "/authors").await), (3, 3));
        let list = client.get("/books?title__icontains=potter&include=authors&sort=-average_rating").await.expect(200);
        assert_eq!(list["/meta/total"], 2);
        assert_eq!(list["/items/0/title"], "The POTTER and the Kiln");
        assert_eq!(list["/items/0/language"], Value::Null);
        assert_eq!(list["/items/1/isbn"], "0439554934");
        assert_eq!(list["/items/1/isbn13"], "9780439554930");
        assert_eq!(list["/items/1/authors/0/name"], "Ann Lee");
        assert_eq!(list["/items/1/authors/1/name"], "Zoë Ng");
        let odyssey = client.get("/books?published_year__lt=0").await.expect(200);
        assert_eq!(odyssey["/items/0/goodbooks_id"], 3);
        assert_eq!(odyssey["/items/0/original_title"], "Ὀδύσσεια");
        stop(service).await.expect(0);
    }

    async fn a_second_import_changes_nothing_and_a_longer_file_adds_what_is_new(database: TestDatabase) {
        import(&database, THREE_BOOKS).await.expect(0);
        let changed = THREE_BOOKS.replace("The Odyssey", "Another title");
        let report = import(&database, &changed).await.expect(0).output;
        let expected = "books: 0 imported, 3 already there, 0 malformed, 0 with remarks\nnothing was changed\n";
        assert_eq!(report, expected);

        let more = format!("{THREE_BOOKS}4,,\"Homer, Bo Li\",,,The Iliad,,4,1,\n");
        let report = import(&database, &more).await.expect(0).output;
        let expected = "books: 1 imported, 3 already there, 0 malformed, 0 with remarks\n\
                        authors: 1 created, 1 already there\n";
        assert_eq!(report, expected);

        let service = example(&database).serve().await;
        let homer = service.client().get("/authors?name=Homer&include=books").await.expect(200);
        assert_eq!(homer["/meta/total"], 1, "an author is found again by name");
        let books = homer["/items/0/books"].as_array().unwrap().iter().map(|book| book["title"].clone());
        assert_eq!(books.collect::<Value>(), json!(["The Odyssey", "The Iliad"]));
    }

    async fn malformed_rows_are_told_with_their_line_and_the_rest_is_imported(database: TestDatabase) {
        let messy = MESSY.replace("NAME", &"n".repeat(201));
        let first = import(&database, &messy).await.expect(0).output;
        let malformed = [
            "line 4 is not imported: book_id: expected a whole number, got \"two\"; title: expected a text, got none; \
             original_publication_year: expected a year, got \"soon\"; average_rating: expected 0 to 5, got \"9\"; \
             ratings_count: expected a whole number, got \"many\"; authors: expected a name, got none",
            "line 5 is not imported: book_id: 1 stands in line 2 already",
            "line 6 is not imported: language: expected 2 to 10 characters; published_year: expected -3000 to 2100; \
             ratings_count: expected at least 0",
            "line 7 is not imported: expected 10 fields, got 3",
            "line 8 is not imported: author's name: expected 1 to 200 characters",
        ]
        .join("\n");
        let remark = "line 2: the check digit of ISBN 0306406153 does not hold; 0306406152 would";
        let summary = "books: 2 imported, 0 already there, 5 malformed, 1 with remarks\nauthors: 2 created, 0 already there";
        assert_eq!(first, format!("{remark}\n{malformed}\n{summary}\n"));

        let second = import(&database, &messy).await.expect(0).output;
        let summary = "books: 0 imported, 2 already there, 5 malformed, 0 with remarks\nnothing was changed";
        assert_eq!(second, format!("{malformed}\n{summary}\n"));
    }

    async fn books_join_a_catalogue_that_is_there(database: TestDatabase) {
        import(&database, THREE_BOOKS).await.expect(0);
        let service = example(&database).serve().await;
        let ann = json!({"name": "Bo Li"});
        service.client().post("/authors", &ann).await.expect(201);
        let more = "4,,\"Bo Li\",,,Four,,4,1,\n5,,\"Bo Li\",,,Five,,4,1,\n";
        import(&database, &format!("{THREE_BOOKS}{more}")).await.expect(0);
        let authors = service.client().get("/authors?name=Bo%20Li&include=books").await.expect(200);
        assert_eq!(authors["/meta/total"], 1);
        assert_eq!(authors["/items/0/books"].as_array().unwrap().len(), 2, "{authors}");
    }
}

/// Lines that an import of what is at `path` prints, beside the log; `books.csv` is `text`.
async fn refused(path: &str, text: &str) -> Vec<String> {
    let program = Program::new("example-app").env("RUST_LOG", "off").arg("import").arg("--goodbooks").arg(path);
    std::fs::write(program.folder().join("books.csv"), text).unwrap();
    std::fs::create_dir(program.folder().join("empty")).unwrap();
    program.run().await.expect(1).output.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_file_may_be_named_instead_of_its_folder() {
    let program = Program::new("example-app").arg("import").arg("--goodbooks=books.csv");
    std::fs::write(program.folder().join("books.csv"), THREE_BOOKS).unwrap();
    assert!(program.run().await.expect(0).output.contains("books: 3 imported"));
}

#[tokio::test]
async fn a_file_that_is_not_there_or_another_one_is_one_line() {
    for (path, expected) in [
        ("nowhere", "Error: nowhere cannot be read: No such file or directory (os error 2)"),
        ("empty", "Error: empty/books.csv cannot be read: No such file or directory (os error 2)"),
        ("books.csv", "Error: books.csv cannot be read: line 1: no column isbn, authors, "),
    ] {
        let lines = refused(path, "book_id,title\n1,A\n").await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(expected), "{lines:?}");
    }
}
