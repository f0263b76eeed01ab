//! A schema is a text.

use couplet::prelude::*;

#[derive(Model)]
#[model(schema)]
pub struct Person {
    pub id: i64,
}

#[derive(Model)]
#[model(schema = "")]
pub struct Friend {
    pub id: i64,
}

fn main() {}
