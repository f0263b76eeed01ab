//! A filter would give away what is never shown.

use couplet::prelude::*;

#[derive(Model)]
pub struct Reader {
    pub id: i64,
    #[field(write_only, filter, sort)]
    pub password: String,
}

fn main() {}
