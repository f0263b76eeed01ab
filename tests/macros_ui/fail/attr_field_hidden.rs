//! A filter would give away what is hidden.

use couplet::prelude::*;

#[derive(Model)]
pub struct Reader {
    pub id: i64,
    #[field(hidden, search, filter(eq))]
    pub notes: String,
    #[field(hidden, read_only)]
    pub score: i32,
}

fn main() {}
