//! The rules of a model that one struct alone can break, each a function with its reason. Rules between models are
//! constants in the generated code, since only the compiler knows both.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Ident, LitStr};

use crate::attr::{Bounds, DeleteAction, blame};
use crate::diagnostics::{Diagnostics, nearest, unknown};
use crate::model::{Column, Kind, LONGEST_KEY, Model, RelationKind};
use crate::naming::plain;

/// Checks every rule.
pub(crate) fn check(model: &Model, diagnostics: &mut Diagnostics) {
    let rules: &[fn(&Model, &mut Diagnostics)] = &[
        column_types,
        primary_key,
        database_names,
        api_names,
        reserved_names,
        access,
        generated_values,
        operators,
        types_of_rules,
        computed_fields,
        relation_attributes,
        own_columns,
        delete_actions,
        input_fields,
    ];
    for rule in rules {
        rule(model, diagnostics);
    }
}

/// Operators in a filter's list, by their names in queries.
pub(crate) const OPERATORS: &[(&str, &str)] = &[
    ("eq", "Eq"),
    ("ne", "Ne"),
    ("gt", "Gt"),
    ("gte", "Gte"),
    ("lt", "Lt"),
    ("lte", "Lte"),
    ("in", "In"),
    ("not_in", "NotIn"),
    ("contains", "Contains"),
    ("icontains", "IContains"),
    ("startswith", "StartsWith"),
    ("istartswith", "IStartsWith"),
    ("isnull", "IsNull"),
];

/// Parameters of a list that no filter can be named like.
const PARAMETERS: &[&str] =
    &["page", "per_page", "cursor", "count", "sort", "q", "fields", "include", "include_count", "deleted"];

/// Segments that a resource keeps for itself below its path.
const SUB_PATHS: &[&str] = &["bulk", "search"];

/// PostgreSQL cuts longer names off without an error.
const LONGEST_NAME: usize = 63;

/// The set of column types is closed, so that every database keeps every value.
fn column_types(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        if let Kind::Unsupported(instead) = column.kind {
            diagnostics.error(&column.inner, format!("this type cannot be a column; write {instead}"));
        }
    }
}

/// Without a key no row has an address, and no order is total.
fn primary_key(model: &Model, diagnostics: &mut Diagnostics) {
    let key = model.key();
    if key.is_empty() && model.named_fields {
        let text = "a model needs a primary key: call a field `id`, or mark one with `#[field(key)]`";
        diagnostics.error(&model.ident, text);
    }
    if let Some(fifth) = key.get(LONGEST_KEY) {
        diagnostics.error(&model.columns[*fifth].field, "a composite key has four columns at most");
    }
    for column in key.iter().map(|index| &model.columns[*index]) {
        if column.nullable {
            diagnostics.error(&column.ty, "a key is never NULL; write the type without `Option`");
        } else if !column.kind.can_be_key() {
            let text = format!("{} cannot be a key; keys are integers, String, Uuid and NaiveDate", column.kind.name());
            diagnostics.error(&column.ty, text);
        }
    }
}

/// Two fields of one column would overwrite each other.
fn database_names(model: &Model, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<&str, &Column> = HashMap::new();
    for column in &model.columns {
        check_length("column", &column.name, &column.name_tokens(), diagnostics);
        if let Some(first) = seen.get(column.name.as_str()) {
            let text = format!(
                "the column `{}` belongs to the field `{}` already; name another with `column = \"…\"`",
                column.name,
                plain(&first.field)
            );
            diagnostics.error(column.name_tokens(), text);
        }
        seen.insert(&column.name, column);
    }
    check_length("table", &model.table, &blame(model.attr.table.as_ref(), &model.ident), diagnostics);
    if let Some(schema) = &model.attr.schema {
        check_length("schema", &schema.value(), &schema.to_token_stream(), diagnostics);
    }
}

fn check_length(what: &str, name: &str, tokens: &TokenStream, diagnostics: &mut Diagnostics) {
    if name.is_empty() || name.contains('\0') {
        diagnostics.error(tokens, format!("the name of a {what} is a text of 1 to {LONGEST_NAME} bytes"));
    } else if name.len() > LONGEST_NAME {
        let text = format!("the name of a {what} has {LONGEST_NAME} bytes at most; PostgreSQL would cut this one off");
        diagnostics.error(tokens, text);
    }
}

/// Names in queries and bodies are told apart by name alone, and `__`, `.`, `,` and a leading `-` are syntax there.
fn api_names(model: &Model, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<&str, String> = HashMap::new();
    for ApiName { name, field, tokens, attribute } in all_api_names(model) {
        let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        let goes_on = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        if !name.starts_with(begins) || !name.chars().all(goes_on) {
            let text = "a name begins with a letter and goes on with letters, digits, `_` and `-`, all ASCII";
            diagnostics.error(&tokens, format!("{text}; use `{attribute} = \"…\"`"));
        } else if name.contains("__") {
            let better = name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
            let text = "`__` parts a field from its operator in queries";
            diagnostics.error(&tokens, format!("{text}; write `{attribute} = \"{better}\"`"));
        }
        if let Some(first) = seen.get(name) {
            let text = format!("`{name}` is the name of the field `{first}` already");
            diagnostics.error(&tokens, format!("{text}; give another by `{attribute} = \"…\"`"));
        }
        seen.insert(name, field);
    }
}

/// A name in queries and bodies.
struct ApiName<'a> {
    name: &'a str,
    field: String,
    tokens: TokenStream,
    /// What gives the field another one.
    attribute: &'static str,
}

fn all_api_names(model: &Model) -> Vec<ApiName<'_>> {
    fn named<'a>(name: &'a str, field: &Ident, given: Option<&LitStr>, attribute: &'static str) -> ApiName<'a> {
        ApiName { name, field: plain(field), tokens: blame(given, field), attribute }
    }
    let columns = model.columns.iter().map(|it| named(&it.api_name, &it.field, it.attr.rename.as_ref(), "rename"));
    let computed = model.computed.iter().map(|it| named(&it.api_name, &it.field, it.attr.rename.as_ref(), "rename"));
    let relations = model.relations.iter().map(|it| named(&it.api_name, &it.field, it.attr.rename.as_ref(), "rename"));
    let keys = model.relations.iter().filter_map(|it| {
        let keys = it.keys.as_ref()?;
        Some(named(&keys.api_name, &it.field, it.attr.keys.as_ref(), "keys"))
    });
    columns.chain(computed).chain(relations).chain(keys).collect()
}

/// A filter named like a parameter of the list could never be reached, nor a sub-resource named like an own path.
fn reserved_names(model: &Model, diagnostics: &mut Diagnostics) {
    for column in model.columns.iter().filter(|column| column.attr.filter.is_some()) {
        if PARAMETERS.contains(&column.api_name.as_str()) {
            let name = &column.api_name;
            let text = format!(
                "`{name}` is a parameter of every list, so no filter can have this name; add `rename = \"{}_{name}\"`",
                plain(&model.ident).to_lowercase()
            );
            diagnostics.error(column.api_name_tokens(), text);
        }
    }
    for relation in model.relations.iter().filter(|relation| relation.attr.sub_resource.is_some()) {
        if SUB_PATHS.contains(&relation.api_name.as_str()) {
            let text = format!("`{}` is a path of every resource; add `rename = \"…\"`", relation.api_name);
            diagnostics.error(relation.api_name_tokens(), text);
        }
    }
}

/// A hidden field must not be found out by asking for rows that have a value.
fn access(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let attr = &column.attr;
        let given: Vec<_> = [&attr.read_only, &attr.write_only, &attr.hidden].into_iter().flatten().collect();
        if let [first, second, ..] = given[..] {
            diagnostics.error(second, format!("`{second}` contradicts `{first}`; keep one"));
        }
        if column.generated.is_some()
            && let Some(word) = &attr.write_only
        {
            diagnostics.error(word, "the framework sets this column; `hidden` hides it");
        }
        let Some(secret) = attr.hidden.as_ref().or(attr.write_only.as_ref()) else { continue };
        let asks = [attr.filter.as_ref().map(|filter| &filter.word), attr.sort.as_ref(), attr.search.as_ref()];
        for word in asks.into_iter().flatten() {
            let text = format!("`{word}` would give away a `{secret}` column; remove one of them");
            diagnostics.error(word, text);
        }
    }
}

/// A generated value would hide a default without a word.
fn generated_values(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let attr = &column.attr;
        if let (Some(_), Some(second)) = (&attr.created_at, &attr.updated_at) {
            diagnostics.error(second, "a column is `created_at` or `updated_at`; remove one");
        }
        let Some(word) = attr.created_at.as_ref().or(attr.updated_at.as_ref()) else { continue };
        if column.kind != Kind::Timestamp {
            diagnostics.error(&column.ty, format!("`{word}` sets a time; write `DateTime<Utc>`"));
        }
        if let Some(default) = &attr.default {
            diagnostics.error(default, format!("`{word}` sets this column on every create; remove the default"));
        }
    }
    let single = model.single_key().map(|index| &model.columns[index]);
    if let Some(column) = single
        && let (Kind::Integer | Kind::Uuid, Some(default), false) =
            (column.kind, &column.attr.default, column.foreign_key)
    {
        diagnostics.error(default, "a key has a value of its own in every row; remove the default");
    }
}

/// Operators by name; whether the column's type has them is checked where the type is known.
fn operators(model: &Model, diagnostics: &mut Diagnostics) {
    let names: Vec<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
    for filter in model.columns.iter().filter_map(|column| column.attr.filter.as_ref()) {
        let Some(operators) = &filter.operators else { continue };
        if operators.is_empty() {
            let text =
                "name operators, as in `filter(eq, gte)`, or write `filter` for those that the type has by default";
            diagnostics.error(&filter.word, text);
        }
        for (index, operator) in operators.iter().enumerate() {
            if !names.contains(&plain(operator).as_str()) {
                diagnostics.error(operator, unknown("operator", &plain(operator), &names));
            } else if operators[..index].contains(operator) {
                diagnostics.error(operator, format!("`{operator}` is given twice; keep one"));
            }
        }
    }
}

/// A rule on a type that it cannot judge would be skipped without a word.
fn types_of_rules(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let attr = &column.attr;
        if let Some(length) = &attr.length {
            length_rule(column, length, diagnostics);
        }
        if let Some(range) = &attr.range {
            range_rule(column, range, diagnostics);
        }
        if let Some(pattern) = &attr.pattern
            && column.kind != Kind::Text
        {
            diagnostics.error(pattern, format!("`pattern` is for String; the column is {}", column.kind.name()));
        }
        if let Some(word) = &attr.search
            && column.kind != Kind::Text
        {
            diagnostics.error(word, format!("`search` looks into String; the column is {}", column.kind.name()));
        }
        if let Some(word) = &attr.sort
            && matches!(column.kind, Kind::Json | Kind::Bytes)
        {
            diagnostics.error(word, format!("there is no order of {}; remove `sort`", column.kind.name()));
        }
    }
}

fn length_rule(column: &Column, length: &Bounds, diagnostics: &mut Diagnostics) {
    match column.kind {
        Kind::Text | Kind::Bytes => {
            for bound in length.ends().filter(|bound| bound.length().is_none()) {
                diagnostics.error(&bound.expr, "a length is a whole number from 0");
            }
        }
        Kind::Integer | Kind::Float | Kind::Decimal => {
            let text = format!("`length` counts characters; {} has bounds: `range(…)`", column.kind.name());
            diagnostics.error(&length.name, text);
        }
        kind => diagnostics
            .error(&length.name, format!("`length` is for String and Vec<u8>; the column is {}", kind.name())),
    }
}

fn range_rule(column: &Column, range: &Bounds, diagnostics: &mut Diagnostics) {
    match column.kind {
        Kind::Integer => {
            for bound in range.ends().filter(|bound| bound.integer().is_none()) {
                diagnostics.error(&bound.expr, "the bounds of an integer are integers");
            }
        }
        Kind::Float | Kind::Decimal => {}
        Kind::Text | Kind::Bytes => {
            let text = format!("`range` bounds numbers; {} has a length: `length(…)`", column.kind.name());
            diagnostics.error(&range.name, text);
        }
        kind => {
            let text = format!("`range` is for i16, i32, i64, f64 and Decimal; the column is {}", kind.name());
            diagnostics.error(&range.name, text);
        }
    }
}

/// A computed field has no column, so nothing about a column can be said.
fn computed_fields(model: &Model, diagnostics: &mut Diagnostics) {
    for computed in &model.computed {
        let attr = &computed.attr;
        let words = [
            attr.filter.as_ref().map(|filter| &filter.word),
            attr.sort.as_ref(),
            attr.search.as_ref(),
            attr.unique.as_ref(),
            attr.index.as_ref(),
            attr.key.as_ref(),
            attr.created_at.as_ref(),
            attr.updated_at.as_ref(),
            attr.read_only.as_ref(),
            attr.write_only.as_ref(),
            attr.hidden.as_ref(),
            attr.length.as_ref().map(|bounds| &bounds.name),
            attr.range.as_ref().map(|bounds| &bounds.name),
        ];
        let values = [
            attr.column.as_ref().map(ToTokens::to_token_stream),
            attr.default.as_ref().map(ToTokens::to_token_stream),
            attr.pattern.as_ref().map(ToTokens::to_token_stream),
            attr.example.as_ref().map(|example| example.expr.to_token_stream()),
        ];
        let words = words.into_iter().flatten().map(ToTokens::to_token_stream);
        for tokens in words.chain(values.into_iter().flatten()) {
            diagnostics.error(tokens, "a computed field has no column; only `rename` goes with `computed`");
        }
    }
}

/// An attribute of another relation kind would be ignored without a word.
fn relation_attributes(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let (attr, kind) = (&relation.attr, relation.kind);
        let many_to_many = kind == RelationKind::ManyToMany;
        let mut refuse = |tokens: Option<TokenStream>, text: &str| {
            if let Some(tokens) = tokens {
                diagnostics.error(tokens, text);
            }
        };
        let tokens = |tokens: Option<&dyn ToTokens>| tokens.map(ToTokens::to_token_stream);
        if many_to_many {
            let text = "the keys of a many-to-many lie in its join model: write `through(own = …, target = …)`";
            refuse(attr.key.as_ref().map(ToTokens::to_token_stream), text);
            refuse(attr.foreign_key.as_ref().map(ToTokens::to_token_stream), text);
            if attr.through.is_none() {
                let text = "a many-to-many goes through a join model: add `#[relation(through = BookAuthor)]`";
                refuse(tokens(Some(&relation.field)), text);
            }
            if let (Some(keys), Some(_)) = (&attr.keys, &attr.read_only) {
                refuse(tokens(Some(keys)), "`keys` names what clients write, and `read_only` forbids it; keep one");
            }
        } else {
            let text = format!("only a ManyToMany goes through a join model; this is a {}", kind.name());
            refuse(attr.through.as_ref().map(ToTokens::to_token_stream), &text);
            refuse(attr.through_fields.as_ref().map(|fields| fields.word.to_token_stream()), &text);
            let text = format!("only a ManyToMany is written as a set of keys; this is a {}", kind.name());
            refuse(attr.keys.as_ref().map(ToTokens::to_token_stream), &text);
            refuse(attr.read_only.as_ref().map(ToTokens::to_token_stream), &text);
        }
        if kind != RelationKind::BelongsTo {
            let text = "a delete is decided where the key lies: write `on_delete` on the BelongsTo";
            refuse(attr.on_delete.as_ref().map(|on_delete| on_delete.word.to_token_stream()), text);
        }
        if !kind.to_many() {
            let text = "only a HasMany or ManyToMany is listed below a row's path; use `include`";
            refuse(attr.sub_resource.as_ref().map(ToTokens::to_token_stream), text);
        }
    }
}

/// A relation joins by a column of this struct.
fn own_columns(model: &Model, diagnostics: &mut Diagnostics) {
    let fields: Vec<String> = model.columns.iter().map(|column| plain(&column.field)).collect();
    let candidates: Vec<&str> = fields.iter().map(String::as_str).collect();
    for relation in &model.relations {
        let (own, None) = &relation.own else { continue };
        let named = match relation.kind {
            RelationKind::BelongsTo => relation.attr.foreign_key.as_ref(),
            RelationKind::HasOne | RelationKind::HasMany => relation.attr.key.as_ref(),
            RelationKind::ManyToMany => None,
        };
        let hint = nearest(own, &candidates).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        match (named, relation.kind) {
            (Some(named), _) => diagnostics.error(named, format!("`{}` has no field `{own}`{hint}", model.ident)),
            (None, RelationKind::BelongsTo) => {
                let text = format!(
                    "`{}` belongs to a {} by a field `{own}`; add it, or name another with `#[relation(foreign_key = …)]`",
                    model.ident,
                    relation.target_name()
                );
                diagnostics.error(&relation.field, text);
            }
            (None, RelationKind::ManyToMany) if model.key().len() > 1 => {
                diagnostics.error(&relation.field, "a many-to-many joins models with a key of one column");
            }
            (None, _) if model.key().len() > 1 => {
                let text = "the key has several columns; name the one that is referred to with `#[relation(key = …)]`";
                diagnostics.error(&relation.field, text);
            }
            // A model without a key is a mistake of its own.
            (None, _) => {}
        }
    }
}

/// A column that is never NULL cannot be set to NULL.
fn delete_actions(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let (Some(on_delete), Some(own)) = (&relation.attr.on_delete, relation.own.1) else { continue };
        let column = &model.columns[own];
        if on_delete.action == DeleteAction::SetNull && !column.nullable {
            let text =
                format!("`{}` is never NULL; make it an `Option`, or write `cascade` or `restrict`", relation.own.0);
            diagnostics.error(&on_delete.word, text);
        }
    }
}

/// `NewAuthor` has one field for each column and key set. Where the names in bodies are equal too, that was reported.
fn input_fields(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let Some(keys) = &relation.keys else { continue };
        let clash = |column: &Column| column.field == keys.field && column.api_name != keys.api_name;
        if model.columns.iter().any(clash) {
            let text = format!("`{}` is a column already; name the key set by `keys = \"…\"`", keys.field);
            diagnostics.error(blame(relation.attr.keys.as_ref(), &relation.field), text);
        }
    }
}
