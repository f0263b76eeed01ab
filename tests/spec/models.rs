//! A column of each type and access, keys of each kind.

use couplet::prelude::*;

/// Something that is owned and labelled.
#[derive(Debug, Clone, Model, Resource)]
#[model(full_text)]
#[resource(fields, filter = ["owner.name", "owner.things.price", "labels.name"])]
pub struct Thing {
    pub id: i64,
    /// What it is called.
    #[field(filter(eq, ne, in, not_in, contains, icontains, startswith, istartswith), sort, search, length(1..=20))]
    pub name: String,
    #[field(filter, sort, default = false)]
    pub flag: bool,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in), sort, default = 1)]
    pub small: i16,
    #[field(filter, sort, range(-10..=10))]
    pub medium: Option<i32>,
    #[field(filter, sort)]
    pub large: Option<i64>,
    #[field(filter, sort, range(0.0..))]
    pub ratio: Option<f64>,
    #[field(filter, sort)]
    pub price: Option<Decimal>,
    #[field(filter, sort)]
    pub moment: Option<DateTime<Utc>>,
    #[field(filter, sort)]
    pub day: Option<NaiveDate>,
    #[field(filter)]
    pub mark: Option<Uuid>,
    #[field(filter, sort, unique, pattern = "^[a-z]{3}$", example = "abc")]
    pub code: Option<String>,
    #[field(filter, sort)]
    pub color: Option<Color>,
    #[field(filter(isnull), length(..=8))]
    pub picture: Option<Vec<u8>>,
    pub extra: Option<Json<serde_json::Value>>,
    #[field(hidden)]
    pub note: Option<String>,
    #[field(write_only, length(8..))]
    pub password: Option<String>,
    #[field(read_only, filter)]
    pub serial: Option<i32>,
    #[field(computed = Self::shouted)]
    pub loud: String,
    #[field(created_at, filter, sort)]
    pub created_at: DateTime<Utc>,
    #[field(filter)]
    pub owner_id: Option<Uuid>,
    #[relation(include)]
    pub owner: BelongsTo<Owner>,
    #[relation(include, through = ThingLabel, through(own = thing_id, target = label_name))]
    pub labels: ManyToMany<Label>,
}

impl Thing {
    fn shouted(&self) -> String {
        self.name.to_uppercase()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, TextEnum)]
pub enum Color {
    Red,
    DarkBlue,
}

/// Someone who has things. The key is a UUID.
#[derive(Debug, Clone, Model, Resource)]
pub struct Owner {
    pub id: Uuid,
    #[field(filter, sort, unique, length(1..))]
    pub name: String,
    #[relation(include, sub_resource, nested)]
    pub things: HasMany<Thing>,
}

/// A word; the word is the key. It stays when it is deleted.
#[derive(Debug, Clone, Model, Resource)]
#[resource(deleted, upsert(name))]
pub struct Label {
    #[field(key, filter, sort, length(1..=40))]
    pub name: String,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Which thing carries which label, by a key of two columns.
#[derive(Debug, Clone, Model, Resource)]
#[resource(operations(list, get, delete))]
pub struct ThingLabel {
    #[field(key, filter)]
    pub thing_id: i64,
    #[field(key, filter)]
    pub label_name: String,
    #[relation(on_delete = cascade)]
    pub thing: BelongsTo<Thing>,
    #[relation(on_delete = cascade, foreign_key = label_name)]
    pub label: BelongsTo<Label>,
}

/// Written many at once, and changed with its version in mind.
#[derive(Debug, Clone, Model, Resource)]
#[resource(bulk)]
pub struct Ticket {
    pub id: i64,
    #[field(sort, length(1..=20))]
    pub text: String,
    #[field(version)]
    pub version: i32,
}
