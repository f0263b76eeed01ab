//! `#[resource(count_cache, cache_searches)]`

use couplet::model::{CountCacheMeta, Totals};
use couplet::prelude::*;

#[derive(Model, Resource)]
pub struct Book {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(count_cache = "ttl", cache_searches)]
pub struct Article {
    pub id: i64,
    #[field(search)]
    pub text: String,
}

#[derive(Model, Resource)]
#[resource(count_cache = "off")]
pub struct Note {
    pub id: i64,
}

#[test]
fn totals_are_kept_as_the_resource_says() {
    assert_eq!(Book::RESOURCE.count_cache, CountCacheMeta::DEFAULT);
    assert_eq!(CountCacheMeta::DEFAULT, CountCacheMeta { totals: Totals::Fresh, searches: false });
    assert_eq!(Article::RESOURCE.count_cache, CountCacheMeta { totals: Totals::Ttl, searches: true });
    assert_eq!(Note::RESOURCE.count_cache, CountCacheMeta { totals: Totals::Off, searches: false });
}
