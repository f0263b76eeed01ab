//! Models as their derives would emit them.

use crate::fixtures::{column, model};
use crate::model::{
    ColumnMeta, ColumnType, Expression, Generated, Link, ModelMeta, OnDelete, RelationKind, RelationMeta,
};

const fn key() -> ColumnMeta {
    ColumnMeta { generated: Some(Generated::Database), ..column("id", ColumnType::I64) }
}

pub(super) static AUTHORS: ModelMeta = model(
    "Author",
    "authors",
    &[
        key(),
        column("name", ColumnType::Text),
        ColumnMeta { nullable: true, unique: true, ..column("email", ColumnType::Text) },
    ],
);

/// In a schema, with a key to another model.
pub(super) static BOOKS: ModelMeta = ModelMeta {
    schema: Some("shop"),
    relations: &[RelationMeta {
        field: "author",
        api_name: "author",
        doc: "",
        kind: RelationKind::BelongsTo,
        target: || &AUTHORS,
        link: Link::Local { local: &[1], foreign: &[0] },
        include: true,
        keys_name: None,
        nested: false,
        on_delete: OnDelete::Cascade,
        subset: None,
    }],
    ..model("Book", "books", &[key(), column("author_id", ColumnType::I64), column("title", ColumnType::Text)])
};

/// What the database computes, sets where an INSERT does not, and guards.
pub(super) static LINES: ModelMeta = ModelMeta {
    unique: &[&[1, 3]],
    ..model(
        "Line",
        "lines",
        &[
            key(),
            column("amount", ColumnType::I64),
            ColumnMeta {
                generated: Some(Generated::Expression(Expression { sqlite: "amount * 2", postgres: "amount * 2" })),
                ..column("twice", ColumnType::I64)
            },
            ColumnMeta {
                database_default: Some(Expression { sqlite: "1 + 6", postgres: "1 + 6" }),
                ..column("state", ColumnType::I64)
            },
        ],
    )
};

/// A column of each type, once NOT NULL and once not.
pub(super) static TYPES: ModelMeta = model("Types", "types", TYPES_COLUMNS);

const TYPES_COLUMNS: &[ColumnMeta] = &[
    column("id", ColumnType::Uuid),
    column("a", ColumnType::Bool),
    column("b", ColumnType::I16),
    column("c", ColumnType::I32),
    column("d", ColumnType::I64),
    column("e", ColumnType::F64),
    column("f", ColumnType::Text),
    column("g", ColumnType::Bytes),
    column("h", ColumnType::Timestamp),
    column("i", ColumnType::Date),
    column("j", ColumnType::Decimal),
    column("k", ColumnType::Json),
    column("l", ColumnType::Enum(&["on", "off"])),
    ColumnMeta { nullable: true, ..column("a_null", ColumnType::Bool) },
    ColumnMeta { nullable: true, ..column("j_null", ColumnType::Decimal) },
];

/// A view, which nobody creates.
pub(super) static TITLES: ModelMeta = ModelMeta {
    view: true,
    ..model("Title", "titles", &[column("id", ColumnType::I64), column("title", ColumnType::Text)])
};
