//! Types as far as their names tell. A macro sees no more: behind an alias or for an enum there is [`Kind::Custom`].

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};

use super::RelationKind;
use crate::naming::plain;

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

pub(super) fn relation_type(ty: &Type) -> Option<(RelationKind, &Type)> {
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

pub(super) fn option_inner(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty)?;
    if segment.ident == "Option" { only_argument(&segment.arguments) } else { None }
}

pub(super) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
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
