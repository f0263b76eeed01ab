//! The derives of couplet. Each goes through four stages: attributes are parsed (`attr`), conventions make a model of
//! them (`model`), rules judge it (`check`), and code is written (`expand`). Mistakes are collected on the way
//! and reported together (`diagnostics`).
//!
//! What is generated is data, field access and input structs; it names nothing but `couplet::__private`.

mod attr;
mod check;
mod crate_path;
mod diagnostics;
mod expand;
mod migrations;
mod model;
mod naming;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

use diagnostics::report;

/// Maps a struct to a table.
///
/// Fields are columns, except those of type `BelongsTo<T>`, `HasOne<T>`, `HasMany<T>` and `ManyToMany<T>`, which are
/// relations. The field `id` is the primary key unless another is marked. The struct itself is described by
/// `#[model(…)]`, a column by `#[field(…)]`, a relation by `#[relation(…)]`; `docs/reference/attributes.md` lists all that
/// they take.
///
/// For `Author` the derive writes the constants `Author::NAME: Field<Author, String>` and `Author::BOOKS:
/// Relation<Author, Book>`, the inputs `NewAuthor` and `AuthorPatch`, and `impl Model for Author`.
#[proc_macro_derive(Model, attributes(model, field, relation, resource))]
pub fn model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    report(|diagnostics| expand::model(&input, diagnostics)).into()
}

/// Exposes a model over HTTP, as `#[resource(…)]` says.
///
/// It goes with `Model`, which reports the mistakes in all other attributes.
#[proc_macro_derive(Resource, attributes(model, field, relation, resource))]
pub fn resource(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    report(|diagnostics| expand::resource(&input, diagnostics)).into()
}

/// Makes an enum without fields a column type that is stored and shown as text: `OnLeave` is `on_leave`, unless
/// `#[text_enum(rename_all = "…")]` on the enum or `#[text_enum(rename = "…")]` on a variant says otherwise.
#[proc_macro_derive(TextEnum, attributes(text_enum))]
pub fn text_enum(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    report(|diagnostics| expand::text_enum(&input, diagnostics)).into()
}

/// The migrations of a folder, embedded in the binary.
///
/// `migrations!()` reads `migrations/sqlite` and `migrations/postgres` beside `Cargo.toml`, `migrations!("path")` another
/// folder. A file is called by its version and what it does: `001_create_authors.sql`. A file that is added is seen at the
/// next build of the crate; to have it seen at once, touch a source file or print `cargo::rerun-if-changed=migrations` in
/// a build script.
#[proc_macro]
pub fn migrations(input: TokenStream) -> TokenStream {
    let items = report(|diagnostics| migrations::expand(input.into(), diagnostics));
    quote!({ #items MIGRATIONS }).into()
}
