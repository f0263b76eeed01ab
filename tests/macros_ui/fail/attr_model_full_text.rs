//! An index of words is over the texts of a table.

use couplet::prelude::*;

#[derive(Model)]
#[model(view, full_text)]
pub struct Total {
    pub id: i64,
    #[field(search)]
    pub name: String,
}

#[derive(Model)]
#[model(full_text)]
pub struct Number {
    pub id: i64,
    pub name: String,
}

#[derive(Model)]
#[model(full_text = "English'")]
pub struct Essay {
    pub id: i64,
    #[field(search)]
    pub text: String,
}

#[derive(Model)]
#[model(full_text(english))]
pub struct Letter {
    pub id: i64,
    #[field(search)]
    pub text: String,
}

#[derive(Model)]
#[model(full_text)]
pub struct Officer {
    pub id: i64,
    #[field(search)]
    pub rank: String,
    #[field(column = "_search")]
    pub search: String,
}

fn main() {}
