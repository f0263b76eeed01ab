//! A database with the tables of the models.

use std::sync::Arc;
use std::time::Duration;

use couplet::db::{Database, DatabaseOptions, check, migrate};
use couplet::metrics::Metrics;
use couplet::model::{Catalog, Model};
use couplet_tests::TestDatabase;

use super::models::*;

pub fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for model in [Author::META, Review::META, EveryType::META] {
        catalog.add(model);
    }
    catalog
}

pub async fn connect(database: &TestDatabase) -> Database {
    let options = DatabaseOptions {
        url: database.url().to_owned(),
        pool_size: 4,
        max_overflow: 2,
        pool_timeout: Duration::from_secs(5),
        pool_recycle: Duration::from_secs(3600),
        slow_query_threshold: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(5),
    };
    let metrics = Arc::new(Metrics::new("test").unwrap());
    let database = Database::connect(options, metrics).await.unwrap();
    let catalog = catalog();
    migrate::create_missing(&database, catalog.models()).await.unwrap();
    check::check(&database, &catalog).await.unwrap();
    database
}
