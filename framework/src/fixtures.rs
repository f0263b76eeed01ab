//! A small library as constant tables, written by hand: what the derives emit for it. Shared by the tests of the pure
//! layers. And what the lines of a log are written to that a test reads.

use std::io;
use std::sync::{Arc, Mutex};

use crate::model::{
    Access, ColumnMeta, ColumnType, CountCacheMeta, DecodeError, Generated, Link, ModelMeta, OnDelete, Operation,
    Operator, RelationKind, RelationMeta, ResourceMeta, Row, Rule, Value,
};

use ColumnType::{Bool, Bytes, Date, Decimal, Enum, F64, I16, I32, I64, Json, Text, Timestamp, Uuid};
use Operator::{Contains, Eq, Gte, IContains, IStartsWith, In, IsNull, Lt, Ne, NotIn, StartsWith};

pub(crate) const fn column(name: &'static str, ty: ColumnType) -> ColumnMeta {
    ColumnMeta {
        field: name,
        api_name: name,
        name,
        doc: "",
        ty,
        nullable: false,
        generated: None,
        default: None,
        database_default: None,
        unique: false,
        index: false,
        access: Access::ReadWrite,
        filter: &[],
        sort: false,
        search: false,
        rules: &[],
        accepts: |_| Ok(()),
        write: |_, _, _| Ok(()),
        example: None,
    }
}

const fn nullable(name: &'static str, ty: ColumnType) -> ColumnMeta {
    ColumnMeta { nullable: true, ..column(name, ty) }
}

const fn database_key() -> ColumnMeta {
    ColumnMeta { generated: Some(Generated::Database), filter: &[Eq, In], ..column("id", I64) }
}

pub(crate) const fn model(name: &'static str, table: &'static str, columns: &'static [ColumnMeta]) -> ModelMeta {
    ModelMeta {
        name,
        doc: "",
        schema: None,
        table,
        view: false,
        shared: false,
        full_text: None,
        columns,
        key: &[0],
        unique: &[],
        computed: &[],
        relations: &[],
        encode,
        hooks: None,
    }
}

fn encode(_: &dyn Row, _: &mut Vec<u8>) -> Result<(), DecodeError> {
    Ok(())
}

const fn relation(
    name: &'static str,
    kind: RelationKind,
    target: fn() -> &'static ModelMeta,
    link: Link,
) -> RelationMeta {
    RelationMeta {
        field: name,
        api_name: name,
        doc: "",
        kind,
        target,
        link,
        include: true,
        keys_name: None,
        nested: false,
        on_delete: OnDelete::Restrict,
        subset: None,
    }
}

/// Database key, enum, hidden column, many-to-many through a join model with a key of its own.
pub(crate) static AUTHORS: ModelMeta = ModelMeta {
    relations: &[relation(
        "books",
        RelationKind::ManyToMany,
        || &BOOKS,
        Link::Through { model: || &CREDITS, local: &[0], through_local: &[1], through_foreign: &[2], foreign: &[0] },
    )],
    ..model(
        "Author",
        "authors",
        &[
            database_key(),
            ColumnMeta {
                filter: &[Eq, In, IContains],
                sort: true,
                search: true,
                rules: &[Rule::Length { min: Some(1), max: Some(200) }],
                ..column("name", Text)
            },
            ColumnMeta { unique: true, ..nullable("email", Text) },
            ColumnMeta {
                filter: &[Eq, In],
                default: Some(|| Value::Text("active".to_owned())),
                ..column("status", Enum(&["active", "inactive"]))
            },
            ColumnMeta { access: Access::Hidden, filter: &[Eq], sort: true, ..column("secret", Text) },
            ColumnMeta {
                generated: Some(Generated::CreatedAt),
                access: Access::ReadOnly,
                filter: &[Gte, Lt],
                sort: true,
                ..column("created_at", Timestamp)
            },
        ],
    )
};

/// Every relation kind; nullable columns that are sorted and filtered.
pub(crate) static BOOKS: ModelMeta = ModelMeta {
    relations: &[
        relation(
            "authors",
            RelationKind::ManyToMany,
            || &AUTHORS,
            Link::Through {
                model: || &CREDITS,
                local: &[0],
                through_local: &[2],
                through_foreign: &[1],
                foreign: &[0],
            },
        ),
        relation("series", RelationKind::BelongsTo, || &SERIES, Link::Local { local: &[5], foreign: &[0] }),
        relation("reviews", RelationKind::HasMany, || &REVIEWS, Link::Foreign { local: &[0], foreign: &[1] }),
        relation("cover", RelationKind::HasOne, || &COVERS, Link::Foreign { local: &[0], foreign: &[0] }),
        RelationMeta {
            keys_name: Some("tag_names"),
            ..relation(
                "tags",
                RelationKind::ManyToMany,
                || &TAGS,
                Link::Through {
                    model: || &BOOK_TAGS,
                    local: &[0],
                    through_local: &[0],
                    through_foreign: &[1],
                    foreign: &[0],
                },
            )
        },
        RelationMeta {
            include: false,
            ..relation("drafts", RelationKind::HasMany, || &REVIEWS, Link::Foreign { local: &[0], foreign: &[1] })
        },
    ],
    ..model(
        "Book",
        "books",
        &[
            database_key(),
            ColumnMeta {
                filter: &[Eq, Ne, In, NotIn, Contains, IContains, StartsWith, IStartsWith],
                sort: true,
                search: true,
                ..column("title", Text)
            },
            ColumnMeta { filter: &[Eq, In, IsNull], search: true, ..nullable("isbn", Text) },
            ColumnMeta { filter: &[Gte, Lt], sort: true, ..column("rating", F64) },
            ColumnMeta { filter: &[Eq, Gte, Lt], sort: true, ..nullable("price", Decimal) },
            ColumnMeta { filter: &[Eq, In, IsNull], index: true, ..nullable("series_id", I64) },
            ColumnMeta {
                api_name: "year",
                filter: &[Eq, Gte, Lt, IsNull],
                sort: true,
                ..nullable("published_year", I16)
            },
            ColumnMeta { filter: &[Eq, In], ..column("in_print", Bool) },
        ],
    )
};

/// A UUID of the framework, a foreign key whose rows go with their book.
pub(crate) static REVIEWS: ModelMeta = ModelMeta {
    relations: &[RelationMeta {
        on_delete: OnDelete::Cascade,
        ..relation("book", RelationKind::BelongsTo, || &BOOKS, Link::Local { local: &[1], foreign: &[0] })
    }],
    ..model(
        "Review",
        "reviews",
        &[
            ColumnMeta { generated: Some(Generated::UuidV7), ..column("id", Uuid) },
            ColumnMeta { filter: &[Eq, In], index: true, ..column("book_id", I64) },
            ColumnMeta {
                filter: &[Eq, Gte, Lt],
                sort: true,
                rules: &[Rule::IntegerRange { min: Some(1), max: Some(5) }],
                ..column("rating", I32)
            },
            nullable("body", Text),
        ],
    )
};

/// A natural key of text.
pub(crate) static TAGS: ModelMeta = model("Tag", "tags", &[ColumnMeta { filter: &[Eq, In], ..column("name", Text) }]);

/// A composite key, which is the whole row.
pub(crate) static BOOK_TAGS: ModelMeta = ModelMeta {
    key: &[0, 1],
    relations: &[
        RelationMeta {
            on_delete: OnDelete::Cascade,
            ..relation("book", RelationKind::BelongsTo, || &BOOKS, Link::Local { local: &[0], foreign: &[0] })
        },
        relation("tag", RelationKind::BelongsTo, || &TAGS, Link::Local { local: &[1], foreign: &[0] }),
        relation("labels", RelationKind::HasMany, || &LABELS, Link::Foreign { local: &[0, 1], foreign: &[1, 2] }),
        RelationMeta {
            keys_name: Some("similar"),
            ..relation(
                "similar",
                RelationKind::ManyToMany,
                || &BOOK_TAGS,
                Link::Through {
                    model: || &SIMILAR,
                    local: &[0, 1],
                    through_local: &[0, 1],
                    through_foreign: &[0, 2],
                    foreign: &[0, 1],
                },
            )
        },
    ],
    ..model("BookTag", "book_tags", &[column("book_id", I64), ColumnMeta { index: true, ..column("tag_name", Text) }])
};

/// A key of two columns that refers to a composite one.
pub(crate) static LABELS: ModelMeta = ModelMeta {
    relations: &[RelationMeta {
        on_delete: OnDelete::SetNull,
        ..relation("book_tag", RelationKind::BelongsTo, || &BOOK_TAGS, Link::Local { local: &[1, 2], foreign: &[0, 1] })
    }],
    ..model("Label", "labels", &[database_key(), nullable("book_id", I64), nullable("tag_name", Text)])
};

/// A join model whose two keys share a column.
pub(crate) static SIMILAR: ModelMeta = ModelMeta {
    key: &[0, 1, 2],
    ..model("Similar", "similar", &[column("book_id", I64), column("tag_name", Text), column("other_name", Text)])
};

/// A join model with a key of its own and a column that has a default.
pub(crate) static CREDITS: ModelMeta = model(
    "Credit",
    "credits",
    &[
        database_key(),
        column("author_id", I64),
        column("book_id", I64),
        ColumnMeta { default: Some(|| Value::Text("writer".to_owned())), ..column("role", Text) },
    ],
);

/// A schema of its own, relations to itself.
pub(crate) static SERIES: ModelMeta = ModelMeta {
    schema: Some("library"),
    relations: &[
        RelationMeta {
            on_delete: OnDelete::SetNull,
            ..relation("parent", RelationKind::BelongsTo, || &SERIES, Link::Local { local: &[2], foreign: &[0] })
        },
        relation("children", RelationKind::HasMany, || &SERIES, Link::Foreign { local: &[0], foreign: &[2] }),
    ],
    ..model("Series", "series", &[database_key(), column("name", Text), nullable("parent_id", I64)])
};

/// Rows that stay when they are deleted; relations to itself, and to tags through such a join model.
pub(crate) static NOTES: ModelMeta = ModelMeta {
    relations: &[
        relation("parent", RelationKind::BelongsTo, || &NOTES, Link::Local { local: &[2], foreign: &[0] }),
        relation("children", RelationKind::HasMany, || &NOTES, Link::Foreign { local: &[0], foreign: &[2] }),
        RelationMeta {
            keys_name: Some("tag_names"),
            ..relation(
                "tags",
                RelationKind::ManyToMany,
                || &TAGS,
                Link::Through {
                    model: || &NOTE_TAGS,
                    local: &[0],
                    through_local: &[0],
                    through_foreign: &[1],
                    foreign: &[0],
                },
            )
        },
    ],
    ..model(
        "Note",
        "notes",
        &[
            database_key(),
            ColumnMeta { unique: true, ..column("slug", Text) },
            nullable("parent_id", I64),
            ColumnMeta { filter: &[Eq], ..nullable("text", Text) },
            ColumnMeta {
                generated: Some(Generated::UpdatedAt),
                access: Access::ReadOnly,
                ..column("updated_at", Timestamp)
            },
            ColumnMeta {
                generated: Some(Generated::DeletedAt),
                access: Access::ReadOnly,
                ..nullable("deleted_at", Timestamp)
            },
        ],
    )
};

/// A join model whose rows stay when they are deleted.
pub(crate) static NOTE_TAGS: ModelMeta = ModelMeta {
    key: &[0, 1],
    ..model(
        "NoteTag",
        "note_tags",
        &[
            column("note_id", I64),
            column("tag_name", Text),
            ColumnMeta {
                generated: Some(Generated::DeletedAt),
                access: Access::Hidden,
                ..nullable("deleted_at", Timestamp)
            },
        ],
    )
};

/// A key that is a foreign key too; the rarer types.
pub(crate) static COVERS: ModelMeta = ModelMeta {
    relations: &[relation("book", RelationKind::BelongsTo, || &BOOKS, Link::Local { local: &[0], foreign: &[0] })],
    ..model(
        "Cover",
        "covers",
        &[column("book_id", I64), column("image", Bytes), nullable("meta", Json), column("made_on", Date)],
    )
};

/// Words are looked for in an index.
pub(crate) static PAPERS: ModelMeta = ModelMeta { full_text: Some("simple"), ..UNSEARCHED_PAPERS };
/// As [`PAPERS`], by the stems of words.
pub(crate) static ENGLISH_PAPERS: ModelMeta = ModelMeta { full_text: Some("english"), ..UNSEARCHED_PAPERS };
/// As [`PAPERS`], with a key that is no number.
pub(crate) static TEXT_PAPERS: ModelMeta = ModelMeta { full_text: Some("simple"), key: &[1], ..UNSEARCHED_PAPERS };

/// As [`PAPERS`], before an index was asked for.
pub(crate) static PLAIN_PAPERS: ModelMeta = UNSEARCHED_PAPERS;

const UNSEARCHED_PAPERS: ModelMeta = ModelMeta {
    schema: Some("library"),
    ..model(
        "Paper",
        "papers",
        &[
            database_key(),
            ColumnMeta { search: true, sort: true, filter: &[Eq], ..column("title", Text) },
            ColumnMeta { search: true, ..nullable("abstract", Text) },
        ],
    )
};

/// `/books` with small limits.
pub(crate) static BOOK_RESOURCE: ResourceMeta = ResourceMeta {
    filter_paths: &["authors.status", "authors.name", "series.id", "series.parent.id", "reviews.rating"],
    ..resource("books", || &BOOKS)
};
/// `/books` whose rows show what is asked for.
pub(crate) static CHOSEN_BOOK_RESOURCE: ResourceMeta = ResourceMeta { fields: true, ..resource("books", || &BOOKS) };
/// `/authors` with small limits.
pub(crate) static AUTHOR_RESOURCE: ResourceMeta = resource("authors", || &AUTHORS);
/// `/tags`: nothing to search, nothing to include.
pub(crate) static TAG_RESOURCE: ResourceMeta = resource("tags", || &TAGS);

pub(crate) const fn resource(name: &'static str, model: fn() -> &'static ModelMeta) -> ResourceMeta {
    ResourceMeta {
        model,
        name,
        operations: &Operation::ALL,
        per_page: 20,
        max_per_page: 100,
        max_offset: 100_000,
        count_cache: CountCacheMeta::DEFAULT,
        include_depth: 3,
        include_limit: 100,
        filter_paths: &[],
        fields: false,
        options_depth: 2,
        deleted: false,
        upsert: &[],
        max_items: 10_000,
        require_if_match: false,
        cache: None,
        sub_resources: &[],
    }
}

/// What log lines are written to; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// All that was written.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic before").clone()).expect("UTF-8")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic before").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
