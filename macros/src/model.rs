//! What a struct says, conventions applied: the stage between the attributes and the checks.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Field, Fields, GenericArgument, Ident, PathArguments, Token, Type, Visibility};

use crate::attr::{DeleteAction, FieldAttr, ModelAttr, RelationAttr, blame, doc};
use crate::diagnostics::Diagnostics;
use crate::naming::{Case, plain, plural, singular};

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

/// A field that is a column.
pub(crate) struct Column {
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// What an `Option` holds, else the type itself.
    pub(crate) inner: Type,
    pub(crate) nullable: bool,
    pub(crate) kind: Kind,
    pub(crate) doc: String,
    pub(crate) attr: FieldAttr,
    pub(crate) name: String,
    pub(crate) api_name: String,
    pub(crate) key: bool,
    /// Whether a belongs-to of this struct uses it.
    pub(crate) foreign_key: bool,
    pub(crate) generated: Option<Generated>,
}

/// A field that a function computes.
pub(crate) struct Computed {
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    pub(crate) doc: String,
    pub(crate) attr: FieldAttr,
    pub(crate) api_name: String,
}

/// A field that holds related rows.
pub(crate) struct Relation {
    pub(crate) field: Ident,
    pub(crate) kind: RelationKind,
    pub(crate) target: Type,
    pub(crate) doc: String,
    pub(crate) attr: RelationAttr,
    pub(crate) api_name: String,
    /// The column of this model that is joined: its name, and its index where there is such a column.
    pub(crate) own: (String, Option<usize>),
    pub(crate) keys: Option<Keys>,
}

/// How a many-to-many is written: the field of the inputs, and its name in bodies.
pub(crate) struct Keys {
    pub(crate) field: Ident,
    pub(crate) api_name: String,
}

/// The type of a column as far as its name tells; type aliases and enums are [`Kind::Custom`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Integer,
    Float,
    Decimal,
    Text,
    Bytes,
    Uuid,
    Timestamp,
    Date,
    Json,
    Custom,
    /// None, with what to write in its place.
    Unsupported(&'static str),
}

/// Who sets a column that clients do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generated {
    Database,
    UuidV7,
    CreatedAt,
    UpdatedAt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelationKind {
    BelongsTo,
    HasOne,
    HasMany,
    ManyToMany,
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
            let own = self.own_column(&self.relations[index]);
            let position = self.columns.iter().position(|column| plain(&column.field) == own);
            if self.relations[index].kind == RelationKind::BelongsTo
                && let Some(position) = position
            {
                self.columns[position].foreign_key = true;
            }
            self.relations[index].own = (own, position);
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

    /// The field of this model that a relation joins.
    fn own_column(&self, relation: &Relation) -> String {
        let named = match relation.kind {
            RelationKind::BelongsTo => relation.attr.foreign_key.as_ref(),
            RelationKind::HasOne | RelationKind::HasMany => relation.attr.key.as_ref(),
            RelationKind::ManyToMany => None,
        };
        match (named, relation.kind) {
            (Some(named), _) => plain(named),
            (None, RelationKind::BelongsTo) => format!("{}_id", plain(&relation.field)),
            (None, _) => self.single_key().map(|index| plain(&self.columns[index].field)).unwrap_or_default(),
        }
    }

    fn keys(&self, relation: &Relation) -> Option<Keys> {
        if relation.kind != RelationKind::ManyToMany || relation.attr.read_only.is_some() || self.attr.view.is_some() {
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

    /// The name of the foreign key that refers to this model, by convention: `author_id`.
    pub(crate) fn conventional_foreign_key(&self) -> String {
        format!("{}_id", Case::Snake.apply(&plain(&self.ident)))
    }
}

impl Column {
    fn generated(&self, single_key: bool) -> Option<Generated> {
        if self.attr.created_at.is_some() {
            return Some(Generated::CreatedAt);
        }
        if self.attr.updated_at.is_some() {
            return Some(Generated::UpdatedAt);
        }
        // A key that is a foreign key too, as of a profile that shares its user's, comes from the client.
        if !single_key || self.foreign_key || self.attr.default.is_some() {
            return None;
        }
        match self.kind {
            Kind::Integer => Some(Generated::Database),
            Kind::Uuid => Some(Generated::UuidV7),
            _ => None,
        }
    }

    /// Whether a create must give a value.
    pub(crate) fn required(&self) -> bool {
        !self.nullable && self.generated.is_none() && self.attr.default.is_none()
    }

    /// The tokens that give the column its name in the API, or in the database.
    pub(crate) fn api_name_tokens(&self) -> TokenStream {
        blame(self.attr.rename.as_ref(), &self.field)
    }

    pub(crate) fn name_tokens(&self) -> TokenStream {
        blame(self.attr.column.as_ref(), &self.field)
    }
}

impl Relation {
    fn read(field: &Field, ident: Ident, kind: RelationKind, target: Type, diagnostics: &mut Diagnostics) -> Self {
        Self {
            field: ident,
            kind,
            target,
            doc: doc(&field.attrs),
            attr: RelationAttr::read(&field.attrs, diagnostics),
            api_name: String::new(),
            own: (String::new(), None),
            keys: None,
        }
    }

    /// The name of the related struct, as in `Book`.
    pub(crate) fn target_name(&self) -> String {
        last_segment(&self.target)
            .map_or_else(|| self.target.to_token_stream().to_string(), |segment| plain(&segment.ident))
    }

    pub(crate) fn delete_action(&self) -> DeleteAction {
        self.attr.on_delete.as_ref().map_or(DeleteAction::Restrict, |on_delete| on_delete.action)
    }

    pub(crate) fn api_name_tokens(&self) -> TokenStream {
        blame(self.attr.rename.as_ref(), &self.field)
    }
}

impl RelationKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BelongsTo => "BelongsTo",
            Self::HasOne => "HasOne",
            Self::HasMany => "HasMany",
            Self::ManyToMany => "ManyToMany",
        }
    }

    pub(crate) fn to_many(self) -> bool {
        matches!(self, Self::HasMany | Self::ManyToMany)
    }
}

impl Kind {
    pub(crate) fn of(ty: &Type) -> Self {
        let Some(segment) = last_segment(ty) else {
            return Self::Unsupported("`Json<…>` of it, or fields of their own");
        };
        match plain(&segment.ident).as_str() {
            "bool" => Self::Bool,
            "i16" | "i32" | "i64" => Self::Integer,
            "f64" => Self::Float,
            "Decimal" => Self::Decimal,
            "String" => Self::Text,
            "Uuid" => Self::Uuid,
            "DateTime" => Self::Timestamp,
            "NaiveDate" => Self::Date,
            "Json" => Self::Json,
            "Vec" if segment.arguments.to_token_stream().to_string() == "< u8 >" => Self::Bytes,
            "Vec" | "HashMap" | "BTreeMap" | "HashSet" => Self::Unsupported("`Json<…>` of it, or a relation"),
            "i8" | "u8" => Self::Unsupported("`i16`"),
            "u16" => Self::Unsupported("`i32`"),
            "u32" | "usize" | "isize" => Self::Unsupported("`i64`"),
            "u64" | "i128" | "u128" => Self::Unsupported("`i64`, or `Decimal` for larger numbers"),
            "f32" => Self::Unsupported("`f64`"),
            "char" | "str" => Self::Unsupported("`String`"),
            "NaiveDateTime" => Self::Unsupported("`DateTime<Utc>`"),
            "Option" => Self::Unsupported("one `Option`"),
            "BelongsTo" | "HasOne" | "HasMany" | "ManyToMany" => {
                Self::Unsupported("the relation without `Option`; it tells itself whether there is a row")
            }
            _ => Self::Custom,
        }
    }

    pub(crate) fn can_be_key(self) -> bool {
        matches!(self, Self::Integer | Self::Text | Self::Uuid | Self::Date | Self::Custom | Self::Unsupported(_))
    }

    /// As mistakes name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Decimal => "a decimal",
            Self::Text => "a text",
            Self::Bytes => "bytes",
            Self::Uuid => "a UUID",
            Self::Timestamp => "a time",
            Self::Date => "a date",
            Self::Json => "JSON",
            Self::Custom | Self::Unsupported(_) => "this type",
        }
    }
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

fn relation_type(ty: &Type) -> Option<(RelationKind, &Type)> {
    let segment = last_segment(ty)?;
    let kind = match plain(&segment.ident).as_str() {
        "BelongsTo" => RelationKind::BelongsTo,
        "HasOne" => RelationKind::HasOne,
        "HasMany" => RelationKind::HasMany,
        "ManyToMany" => RelationKind::ManyToMany,
        _ => return None,
    };
    Some((kind, only_argument(&segment.arguments)?))
}

fn option_inner(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty)?;
    if segment.ident == "Option" { only_argument(&segment.arguments) } else { None }
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

fn only_argument(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// A name of the API as a field of an input struct.
fn as_identifier(name: &str) -> String {
    let snake = Case::Snake.apply(name);
    if syn::parse_str::<Ident>(&snake).is_ok() { snake } else { "keys".to_owned() }
}
