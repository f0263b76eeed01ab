//! What goes wrong at the start is one clear line; what is told to stop stops.

use std::net::TcpListener;

use couplet_tests::{Program, TestDatabase, on_each_database};

use super::support::{THREE_BOOKS, example, import, stop};

/// The one line that a program prints which does not start.
async fn refused(program: Program) -> String {
    let output = program.env("RUST_LOG", "off").run().await.expect(1).output;
    assert_eq!(output.lines().count(), 1, "{output}");
    output.trim_end().to_owned()
}

fn program(arguments: &[&str]) -> Program {
    arguments.iter().fold(Program::new("example-app"), Program::arg)
}

#[tokio::test]
async fn an_unknown_command_is_told_with_the_nearest() {
    let line = refused(program(&["imprt"])).await;
    assert!(line.starts_with("Error: unrecognized subcommand 'imprt'") && line.contains("'import'"), "{line}");
}

#[tokio::test]
async fn an_import_wants_to_know_from_where() {
    let line = refused(program(&["import"])).await;
    assert!(line.contains("--goodbooks <DIR>"), "{line}");
}

#[tokio::test]
async fn an_unknown_setting_is_told_with_the_nearest() {
    let program = program(&[]);
    std::fs::write(program.folder().join("Couplet.toml"), "[server]\nbnd = \"127.0.0.1:0\"\n").unwrap();
    let line = refused(program).await;
    assert_eq!(line, "Error: Couplet.toml: unknown setting `server.bnd`; did you mean `server.bind`?");
}

#[tokio::test]
async fn a_file_of_settings_that_cannot_be_read_is_named() {
    let program = program(&[]);
    std::fs::create_dir(program.folder().join("Couplet.toml")).unwrap();
    let line = refused(program).await;
    assert!(line.starts_with("Error: Couplet.toml cannot be read: "), "{line}");
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_named() {
    let program = program(&[]).env("BIND", "127.0.0.1:0").env("DATABASE_URL", "sqlite://folder");
    std::fs::create_dir(program.folder().join("folder")).unwrap();
    let line = refused(program).await;
    assert!(line.starts_with("Error: ") && line.contains("folder"), "{line}");
}

#[tokio::test]
async fn a_port_in_use_is_named_before_the_database_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let database = TestDatabase::sqlite();
    let line = refused(example(&database).env("BIND", &address)).await;
    assert!(line.contains(&address), "{line}");
    assert!(!std::path::Path::new(database.url().trim_start_matches("sqlite://")).exists());
}

#[tokio::test]
async fn the_settings_beside_the_manifest_are_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../example-app");
    let schema = program(&["schema"]).env("CARGO_MANIFEST_DIR", folder).run().await.expect(0);
    assert!(schema.output.starts_with("CREATE TABLE"), "{schema}");
}

on_each_database! {
    async fn sigterm_ends_it_well(database: TestDatabase) {
        import(&database, THREE_BOOKS).await.expect(0);
        let service = example(&database).serve().await;
        service.client().get("/books").await.expect(200);
        stop(service).await.expect(0);
    }
}
