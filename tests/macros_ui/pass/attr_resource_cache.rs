//! `#[resource(cache(ttl = "60s", max_staleness = "50ms"))]`

use std::time::Duration;

use couplet::model::CacheMeta;
use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(cache(ttl = "10min"))]
pub struct Genre {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(cache(max_staleness = "50ms", ttl = "1 d"), read_only)]
pub struct Place {
    pub id: i64,
}

#[derive(Model, Resource)]
pub struct Book {
    pub id: i64,
}

#[test]
fn answers_are_kept_where_it_is_said_and_never_older_unless_it_is_said() {
    let kept = |seconds, milliseconds| {
        Some(CacheMeta { ttl: Duration::from_secs(seconds), max_staleness: Duration::from_millis(milliseconds) })
    };
    assert_eq!(Genre::RESOURCE.cache, kept(600, 0));
    assert_eq!(Place::RESOURCE.cache, kept(86_400, 50));
    assert_eq!(Book::RESOURCE.cache, None);
}
