//! `migrations!`

use couplet::sql::{Dialect, Migration};

const MIGRATIONS: &[Migration] = couplet::migrations!("macros_ui/migrations");

#[test]
fn files_are_embedded_by_database_and_version() {
    let found: Vec<_> = MIGRATIONS.iter().map(|it| (it.dialect, it.version, it.description)).collect();
    let expected = [
        (Dialect::Sqlite, 1, "create authors"),
        (Dialect::Sqlite, 2, "add email"),
        (Dialect::Postgres, 1, "create authors"),
    ];
    assert_eq!(found, expected);
    assert!(MIGRATIONS[1].sql.starts_with("ALTER TABLE"));
}
