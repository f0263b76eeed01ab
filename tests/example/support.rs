//! The example app on a database of the test.

use std::time::Duration;

use couplet_tests::{Client, Finished, Program, Service, TestDatabase};

/// What the import reads: three books by three authors.
pub const THREE_BOOKS: &str = r#"book_id,isbn,authors,original_publication_year,original_title,title,language_code,average_rating,ratings_count,image_url
1,439554934,"Ann Lee, Zoë Ng",1997.0,The Stone,"Potter, Part 1",eng,4.44,4602479,https://covers.example/1.jpg
2,,"Ann Lee",2003.0,,The POTTER and the Kiln,,4.61,100,
3,,"Homer, Ann Lee",-720.0,Ὀδύσσεια,The Odyssey,grc,3.73,670326,
"#;

/// `example-app` on `database`.
pub fn example(database: &TestDatabase) -> Program {
    Program::new("example-app").env("DATABASE_URL", database.url())
}

/// Imports the text of a `books.csv`.
pub async fn import(database: &TestDatabase, books: &str) -> Finished {
    let program = example(database).env("RUST_LOG", "off").arg("import").arg("--goodbooks").arg(".");
    std::fs::write(program.folder().join("books.csv"), books).unwrap();
    program.run().await
}

pub async fn stop(service: Service) -> Finished {
    service.stop(Duration::from_secs(20)).await
}

/// How many rows there are at `path`.
pub async fn total(client: &Client, path: &str) -> u64 {
    client.get(&format!("{path}?per_page=1")).await.expect(200)["/meta/total"].as_u64().unwrap()
}
