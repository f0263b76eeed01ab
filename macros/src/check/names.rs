//! Rules of names, in the database and in the API.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Ident, LitStr};

use crate::attr::blame;
use crate::diagnostics::Diagnostics;
use crate::model::{Column, Model};
use crate::naming::plain;

/// Parameters of a list that no filter can be named like.
const PARAMETERS: &[&str] =
    &["page", "per_page", "cursor", "count", "sort", "q", "fields", "include", "include_count", "deleted"];

/// What combines filters in a search.
const COMBINATORS: &[&str] = &["and", "or", "not"];
/// The option of an include that no filter can be named like; the others are parameters too.
const LIMIT: &str = "limit";

/// Segments that a resource keeps for itself below its path.
const SUB_PATHS: &[&str] = &["bulk", "search", "restore"];

/// The member of a row with the numbers of its related rows.
const COUNTS: &str = "_count";

/// Columns that statements add to those of a table, in any case, since SQLite tells no case apart.
const ADDED_COLUMNS: &[&str] = &["_parent", "_parent_2", "_parent_3", "_parent_4"];

/// PostgreSQL cuts longer names off without an error.
const LONGEST_NAME: usize = 63;

/// Two fields of one column would overwrite each other, and so would a field and what a statement adds.
pub(super) fn database_names(model: &Model, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<&str, &Column> = HashMap::new();
    for column in &model.columns {
        check_length("column", &column.name, &column.name_tokens(), diagnostics);
        if ADDED_COLUMNS.iter().any(|added| column.name.eq_ignore_ascii_case(added)) {
            let (name, better) = (&column.name, column.name.trim_start_matches('_'));
            let text = format!("statements of an include add a column `{name}`; write `column = \"{better}\"`");
            diagnostics.error(column.name_tokens(), text);
        }
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
pub(super) fn api_names(model: &Model, diagnostics: &mut Diagnostics) {
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
        if name == COUNTS {
            let text = format!("`{name}` is the member with the numbers of related rows; use `{attribute} = \"…\"`");
            diagnostics.error(&tokens, text);
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
pub(super) fn reserved_names(model: &Model, diagnostics: &mut Diagnostics) {
    for column in model.columns.iter().filter(|column| column.attr.filter.is_some()) {
        if PARAMETERS.contains(&column.api_name.as_str()) || column.api_name == LIMIT {
            let name = &column.api_name;
            let what = if name == LIMIT { "an option of every include" } else { "a parameter of every list" };
            let text = format!(
                "`{name}` is {what}, so no filter can have this name; add `rename = \"{}_{name}\"`",
                plain(&model.ident).to_lowercase()
            );
            diagnostics.error(column.api_name_tokens(), text);
        }
        if COMBINATORS.contains(&column.api_name.as_str()) {
            let text = "combines filters in a search, so no filter can have this name; add `rename = \"…\"`";
            diagnostics.error(column.api_name_tokens(), format!("`{}` {text}", column.api_name));
        }
    }
    for relation in model.relations.iter().filter(|relation| relation.attr.sub_resource.is_some()) {
        if SUB_PATHS.contains(&relation.api_name.as_str()) {
            let text = format!("`{}` is a path of every resource; add `rename = \"…\"`", relation.api_name);
            diagnostics.error(relation.api_name_tokens(), text);
        }
    }
}

/// `NewAuthor` has one field for each column and key set. Where the names in bodies are equal too, that was reported.
pub(super) fn input_fields(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let Some(keys) = &relation.keys else { continue };
        let clash = |column: &Column| column.field == keys.field && column.api_name != keys.api_name;
        if model.columns.iter().any(clash) {
            let text = format!("`{}` is a column already; name the key set by `keys = \"…\"`", keys.field);
            diagnostics.error(blame(relation.attr.keys.as_ref(), &relation.field), text);
        }
    }
}
