//! Rows that stay when they are deleted, rows that are created with others, and unique keys by which rows are found.

use couplet::App;
use couplet::prelude::*;
use couplet_tests::TestDatabase;

use super::support::{Api, config};

/// Where notes lie.
#[derive(Debug, Clone, Model, Resource)]
#[resource(deleted)]
pub struct Folder {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
    #[field(deleted_at, hidden)]
    pub gone_at: Option<DateTime<Utc>>,
    #[relation(include, sub_resource, nested)]
    pub notes: HasMany<Note>,
    #[relation(include, nested)]
    pub cover: HasOne<Cover>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(deleted, upsert(slug))]
pub struct Note {
    pub id: i64,
    #[field(filter, unique, length(1..=20))]
    pub slug: Option<String>,
    #[field(search)]
    pub text: Option<String>,
    #[field(default = 1, range(1..=5))]
    pub weight: i32,
    #[field(hidden)]
    pub secret: Option<String>,
    #[field(read_only)]
    pub seen: Option<i32>,
    #[field(filter)]
    pub folder_id: Option<i64>,
    #[field(created_at)]
    pub created_at: DateTime<Utc>,
    #[field(updated_at)]
    pub updated_at: DateTime<Utc>,
    #[field(deleted_at, filter, sort)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[relation(include, on_delete = set_null)]
    pub folder: BelongsTo<Folder>,
    #[relation(include, through = NoteLabel)]
    pub labels: ManyToMany<Label>,
    #[relation(include)]
    pub comments: HasMany<Comment>,
}

/// Which note has which label; a row stays when it is taken off.
#[derive(Debug, Clone, Model)]
pub struct NoteLabel {
    #[field(key)]
    pub note_id: i64,
    #[field(key)]
    pub label_id: i64,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[relation(on_delete = cascade)]
    pub note: BelongsTo<Note>,
    #[relation(on_delete = cascade)]
    pub label: BelongsTo<Label>,
}

/// A word on notes; the word itself finds it.
#[derive(Debug, Clone, Model, Resource)]
#[resource(upsert(name))]
pub struct Label {
    pub id: i64,
    #[field(unique)]
    pub name: String,
    #[relation(include, through = NoteLabel)]
    pub notes: ManyToMany<Note>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Comment {
    pub id: i64,
    pub note_id: i64,
    pub text: String,
    #[relation(include, on_delete = cascade)]
    pub note: BelongsTo<Note>,
}

/// What is drawn on a folder.
#[derive(Debug, Clone, Model, Resource)]
pub struct Cover {
    pub id: i64,
    #[field(unique)]
    pub folder_id: i64,
    pub color: String,
    #[relation(include, on_delete = cascade)]
    pub folder: BelongsTo<Folder>,
}

/// A key of two columns, which clients make.
#[derive(Debug, Clone, Model, Resource)]
#[resource(upsert((shelf, place)), deleted)]
pub struct Slot {
    #[field(key)]
    pub shelf: String,
    #[field(key)]
    pub place: i32,
    pub content: Option<String>,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

pub fn app(database: &TestDatabase) -> App {
    App::new(config(database))
        .resource::<Folder>()
        .resource::<Label>()
        .resource::<Comment>()
        .resource::<Cover>()
        .resource::<Slot>()
}

/// Every resource of the notes.
pub async fn start(database: &TestDatabase) -> Api {
    Api::of(app(database).resource::<Note>()).await
}
