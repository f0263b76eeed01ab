//! How a model is exposed over HTTP, as data.

use std::time::Duration;

use super::{CountCacheMeta, Model, ModelMeta};

/// A model that is exposed over HTTP. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "not a resource",
    note = "add `#[derive(Model, Resource)]` to `{Self}`"
)]
pub trait Resource: Model {
    /// How it is exposed.
    const RESOURCE: &'static ResourceMeta;
}

/// The constant table of one resource.
#[derive(Debug)]
pub struct ResourceMeta {
    /// The model; a function, since constants that refer to each other in a circle do not compile.
    pub model: fn() -> &'static ModelMeta,
    /// The last path segment, tag and prefix of operation ids: `books` of `/books` and `books.list`.
    pub name: &'static str,
    /// What may be asked for.
    pub operations: &'static [Operation],
    /// Rows of a page where the client does not say.
    pub per_page: u32,
    /// Rows of a page at most.
    pub max_per_page: u32,
    /// Rows that an offset may skip at most.
    pub max_offset: u64,
    /// How the totals of its lists are kept.
    pub count_cache: CountCacheMeta,
    /// How deep `include` may nest.
    pub include_depth: usize,
    /// Related rows of one parent at most, for a to-many that is included.
    pub include_limit: usize,
    /// Columns of related rows that a filter may name, as in `authors.status`.
    pub filter_paths: &'static [&'static str],
    /// Whether `fields` may choose what rows show, also those of includes.
    pub fields: bool,
    /// How deep the paths of an include may be that take options.
    pub options_depth: usize,
    /// Whether clients may ask for deleted rows and restore them.
    pub deleted: bool,
    /// The unique keys by which a create may change the row that is there, each as indexes of columns.
    pub upsert: &'static [&'static [usize]],
    /// Rows of one request at most that are written in bulk.
    pub max_items: usize,
    /// Whether a change of a row must name the version that it is meant for.
    pub require_if_match: bool,
    /// Relations that are listed below a row's path, as in `/authors/{id}/books`.
    pub sub_resources: &'static [SubResource],
    /// How whole answers are kept, where they are.
    pub cache: Option<CacheMeta>,
}

/// How whole answers of a resource are kept. They are as fresh as those that are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheMeta {
    /// How long an answer is kept that is not asked for again under the same tokens.
    pub ttl: Duration,
    /// How long before a request the tokens may have been read that it relies on; zero: after it began.
    pub max_staleness: Duration,
}

/// A relation that is listed below a row's path.
#[derive(Debug)]
pub struct SubResource {
    /// The relation's index in the model.
    pub relation: usize,
    /// The resource of the related model.
    pub target: fn() -> &'static ResourceMeta,
}

/// What may be asked of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `GET /books`
    List,
    /// `GET /books/{id}`
    Get,
    /// `POST /books`
    Create,
    /// `PATCH /books/{id}`
    Update,
    /// `PUT /books/{id}`
    Replace,
    /// `DELETE /books/{id}`
    Delete,
    /// `POST /books/search`
    Search,
    /// `POST /books/{id}/restore`
    Restore,
    /// `POST /books/bulk`
    BulkCreate,
    /// `PATCH /books/bulk`
    BulkUpdate,
    /// `POST /books/bulk/delete`
    BulkDelete,
}

impl Operation {
    /// Every operation on a list or one row, in the order of the documentation.
    pub const ALL: [Self; 8] =
        [Self::List, Self::Get, Self::Create, Self::Update, Self::Replace, Self::Delete, Self::Search, Self::Restore];

    /// The operations on many rows, which a resource offers only where it says so.
    pub const BULK: [Self; 3] = [Self::BulkCreate, Self::BulkUpdate, Self::BulkDelete];

    /// The operation that does to one row what this one does to many.
    #[must_use]
    pub const fn of_one(self) -> Option<Self> {
        match self {
            Self::BulkCreate => Some(Self::Create),
            Self::BulkUpdate => Some(Self::Update),
            Self::BulkDelete => Some(Self::Delete),
            _ => None,
        }
    }

    /// Whether it reads rows and changes none.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::List | Self::Get | Self::Search)
    }

    /// The name in attributes and operation ids.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Search => "search",
            Self::Restore => "restore",
            Self::BulkCreate => "bulk_create",
            Self::BulkUpdate => "bulk_update",
            Self::BulkDelete => "bulk_delete",
        }
    }
}
