//! What has no order.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(sort)]
    pub cover: Vec<u8>,
    #[field(sort)]
    pub extra: Json<Vec<String>>,
    #[field(sort = "desc")]
    pub title: String,
}

fn main() {}
