//! What a struct says, conventions applied: the stage between the attributes and the checks.

mod column;
mod kind;
mod relation;

use quote::format_ident;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Field, Fields, Ident, Token, Visibility};

use crate::attr::{FieldAttr, ModelAttr, doc};
use crate::diagnostics::Diagnostics;
use crate::naming::{Case, plain, plural, singular};

pub(crate) use column::{Column, Computed, Generated};
pub(crate) use kind::Kind;
pub(crate) use relation::{Keys, OwnColumn, Relation, RelationKind};

use kind::{option_inner, relation_type};

/// Columns that a key can have: the longest tuple that is a `Key`.
pub(crate) const LONGEST_KEY: usize = 4;

/// A struct that derives `Model`.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) doc: String,
    pub(crate) attr: ModelAttr,
    pub(crate) table: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) computed: Vec<Computed>,
    pub(crate) relations: Vec<Relation>,
    /// Whether it is a struct with named fields, as a model must be.
    pub(crate) named_fields: bool,
}

impl Model {
    /// Reads a struct. `None` where the item can be no model at all.
    pub(crate) fn read(input: &DeriveInput, diagnostics: &mut Diagnostics) -> Option<Self> {
        if !input.generics.params.is_empty() {
            diagnostics.error(&input.generics, "a model maps to one table and takes no generics; write the types out");
            return None;
        }
        let attr = ModelAttr::read(&input.attrs, diagnostics);
        let mut model = Self {
            table: attr.table.as_ref().map_or_else(|| conventional_table(&input.ident), syn::LitStr::value),
            ident: input.ident.clone(),
            vis: input.vis.clone(),
            doc: doc(&input.attrs),
            attr,
            columns: Vec::new(),
            computed: Vec::new(),
            relations: Vec::new(),
            named_fields: true,
        };
        let fields = named_fields(input, diagnostics);
        model.named_fields = fields.is_some();
        for field in fields.into_iter().flatten() {
            model.read_field(field, diagnostics);
        }
        model.apply_conventions();
        Some(model)
    }

    fn read_field(&mut self, field: &Field, diagnostics: &mut Diagnostics) {
        let Some(ident) = field.ident.clone() else { return };
        if let Some((kind, target)) = relation_type(&field.ty) {
            refuse_attribute(field, "field", "this is a relation: write `#[relation(…)]`", diagnostics);
            self.relations.push(Relation::read(field, ident, kind, target.clone(), diagnostics));
            return;
        }
        let text = "the type is no relation: write `BelongsTo<T>`, `HasOne<T>`, `HasMany<T>` or `ManyToMany<T>`";
        refuse_attribute(field, "relation", text, diagnostics);
        let attr = FieldAttr::read(&field.attrs, diagnostics);
        let api_name = attr.rename.as_ref().map_or_else(|| self.rename(&plain(&ident)), syn::LitStr::value);
        let doc = doc(&field.attrs);
        if attr.computed.is_some() {
            self.computed.push(Computed { ty: field.ty.clone(), field: ident, doc, attr, api_name });
            return;
        }
        let inner = option_inner(&field.ty);
        self.columns.push(Column {
            name: attr.column.as_ref().map_or_else(|| plain(&ident), syn::LitStr::value),
            field: ident,
            ty: field.ty.clone(),
            nullable: inner.is_some(),
            kind: Kind::of(inner.unwrap_or(&field.ty)),
            inner: inner.unwrap_or(&field.ty).clone(),
            doc,
            key: attr.key.is_some(),
            foreign_key: false,
            generated: None,
            attr,
            api_name,
        });
    }

    /// What needs all fields to be known: the key, foreign keys, and who sets what.
    fn apply_conventions(&mut self) {
        if !self.columns.iter().any(|column| column.key) {
            for column in self.columns.iter_mut().filter(|column| column.field.unraw() == "id") {
                column.key = true;
            }
        }
        for index in 0..self.relations.len() {
            let own = self.own_columns(&self.relations[index]);
            if self.relations[index].kind == RelationKind::BelongsTo {
                for position in own.iter().filter_map(|own| own.index) {
                    self.columns[position].foreign_key = true;
                }
            }
            self.relations[index].own = own;
            self.relations[index].api_name = match &self.relations[index].attr.rename {
                Some(name) => name.value(),
                None => self.rename(&plain(&self.relations[index].field)),
            };
            self.relations[index].keys = self.keys(&self.relations[index]);
        }
        let single_key = self.single_key();
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.generated = column.generated(single_key == Some(index));
        }
    }

    /// The fields of this model that a relation joins.
    fn own_columns(&self, relation: &Relation) -> Vec<OwnColumn> {
        let names: Vec<String> = match (relation.named_own(), relation.kind) {
            ([], RelationKind::BelongsTo) => vec![format!("{}_id", plain(&relation.field))],
            ([], _) => self.key().into_iter().map(|index| plain(&self.columns[index].field)).collect(),
            (named, _) => named.iter().map(plain).collect(),
        };
        let index = |name: &String| self.columns.iter().position(|column| plain(&column.field) == *name);
        names.into_iter().map(|name| OwnColumn { index: index(&name), name }).collect()
    }

    fn keys(&self, relation: &Relation) -> Option<Keys> {
        let is_read = relation.attr.read_only.is_some() || relation.attr.filter.is_some() || self.attr.view.is_some();
        if relation.kind != RelationKind::ManyToMany || is_read {
            return None;
        }
        let conventional = format!("{}_ids", singular(&plain(&relation.field)));
        let named = relation.attr.keys.as_ref().map(syn::LitStr::value);
        Some(Keys {
            field: format_ident!("{}", named.as_deref().map_or(conventional.clone(), as_identifier)),
            api_name: named.unwrap_or_else(|| self.rename(&conventional)),
        })
    }

    /// A name in queries and bodies.
    fn rename(&self, name: &str) -> String {
        self.attr.rename_all.map_or_else(|| name.to_owned(), |case| case.apply(name))
    }

    /// Indexes of the columns of the primary key.
    pub(crate) fn key(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|index| self.columns[*index].key).collect()
    }

    pub(crate) fn single_key(&self) -> Option<usize> {
        match self.key()[..] {
            [index] => Some(index),
            _ => None,
        }
    }

    /// Leaves out what would make rustc report a mistake once more.
    pub(crate) fn remove_broken(&mut self) {
        self.columns.retain(|column| !matches!(column.kind, Kind::Unsupported(_)));
        for column in &mut self.columns {
            column.key &= !column.nullable && column.kind.can_be_key();
        }
        for index in self.key().into_iter().skip(LONGEST_KEY) {
            self.columns[index].key = false;
        }
        let mut taken: Vec<Ident> = self.columns.iter().map(|column| column.field.clone()).collect();
        for relation in &mut self.relations {
            if relation.keys.as_ref().is_some_and(|keys| taken.contains(&keys.field)) {
                relation.keys = None;
            }
            taken.extend(relation.keys.as_ref().map(|keys| keys.field.clone()));
        }
    }
}

/// The foreign key that refers to a model, by convention: `author_id`.
pub(crate) fn conventional_foreign_key(model: &str) -> String {
    format!("{}_id", Case::Snake.apply(model))
}

/// The table of a struct without `table = "…"`.
fn conventional_table(ident: &Ident) -> String {
    plural(&Case::Snake.apply(&plain(ident)))
}

fn named_fields<'a>(input: &'a DeriveInput, diagnostics: &mut Diagnostics) -> Option<&'a Punctuated<Field, Token![,]>> {
    let text = "a model is a struct with named fields, as in `struct Author { id: i64 }`";
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(&fields.named),
            Fields::Unnamed(fields) => diagnostics.error(fields, text),
            Fields::Unit => diagnostics.error(&input.ident, text),
        },
        Data::Enum(data) => {
            diagnostics.error(data.enum_token, format!("{text}; an enum can be a column: `#[derive(TextEnum)]`"));
        }
        Data::Union(data) => diagnostics.error(data.union_token, text),
    }
    None
}

fn refuse_attribute(field: &Field, attribute: &str, text: &str, diagnostics: &mut Diagnostics) {
    for attr in field.attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        diagnostics.error(attr.path(), text);
    }
}

/// A name of the API as a field of an input struct.
fn as_identifier(name: &str) -> String {
    let snake = Case::Snake.apply(name);
    if syn::parse_str::<Ident>(&snake).is_ok() { snake } else { "keys".to_owned() }
}
