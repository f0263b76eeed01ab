//! Hooks that nobody has written, hooks that nobody asks for, and hooks of a view.

use couplet::prelude::*;

#[derive(Model)]
#[model(hooks)]
pub struct Forgotten {
    pub id: i64,
}

#[derive(Model)]
pub struct Unasked {
    pub id: i64,
}

impl Hooks for Unasked {}

fn main() {}
