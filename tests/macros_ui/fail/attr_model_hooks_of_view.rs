//! Hooks surround writes: a view has none. A flag takes no value.

use couplet::prelude::*;

#[derive(Model)]
#[model(view, hooks)]
pub struct Total {
    pub id: i64,
}

#[derive(Model)]
#[model(hooks = true)]
pub struct Book {
    pub id: i64,
}

fn main() {}
