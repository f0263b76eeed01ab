//! Foreign keys that do not exist, or are of another type.

use couplet::prelude::*;

#[derive(Model)]
pub struct Review {
    pub id: i64,
    pub book_id: i32,
    #[relation(include)]
    pub book: BelongsTo<Book>,
    pub reader_number: String,
    #[relation(foreign_key = reader_number)]
    pub reader: BelongsTo<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[relation(include, foreign_key = book)]
    pub reviews: HasMany<Review>,
    #[relation(include)]
    pub editions: HasMany<Edition>,
    #[relation(foreign_key = title)]
    pub first_edition: HasOne<Edition>,
}

#[derive(Model)]
pub struct Edition {
    pub id: i64,
    pub title: String,
}

#[derive(Model)]
pub struct Loan {
    pub id: i64,
    pub book_id: i64,
    #[relation(foreign_key = bok_id)]
    pub book: BelongsTo<Book>,
    pub reader: BelongsTo<Book>,
}

#[derive(Model)]
pub struct Line {
    #[field(key)]
    pub order_id: i64,
    #[field(key)]
    pub number: i32,
    #[relation(foreign_key(order_id, numbr))]
    pub next: BelongsTo<Line>,
    #[relation(foreign_key())]
    pub previous: BelongsTo<Line>,
    #[relation(foreign_key(order_id, order_id))]
    pub same: BelongsTo<Line>,
    #[relation(foreign_key(line_id))]
    pub shipments: HasMany<Shipment>,
    #[relation(foreign_key(number, order_id), on_delete = set_null)]
    pub kept: BelongsTo<Line>,
}

#[derive(Model)]
pub struct Shipment {
    pub id: i64,
    pub line_number: i64,
    pub line_order_id: i64,
    #[relation(foreign_key(line_order_id, line_number))]
    pub line: BelongsTo<Step>,
    #[relation(foreign_key(line_order_id, line_number))]
    pub book: BelongsTo<Book>,
}

#[derive(Model)]
pub struct Step {
    #[field(key)]
    pub order_id: i64,
    #[field(key)]
    pub number: i32,
    pub shipments: HasMany<Shipment>,
}

fn main() {}
