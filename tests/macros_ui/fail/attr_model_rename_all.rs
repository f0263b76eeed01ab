//! A case that is none, and two fields that it gives one name.

use couplet::prelude::*;

#[derive(Model)]
#[model(rename_all = "camelcase")]
pub struct Person {
    pub id: i64,
}

#[derive(Model)]
#[model(rename_all = "camelCase")]
pub struct Friend {
    pub id: i64,
    pub first_name: String,
    #[field(column = "other_name")]
    pub first__name: String,
}

fn main() {}
