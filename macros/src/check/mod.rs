//! The rules of a model that one struct alone can break, each a function with its reason. Rules between models are
//! constants in the generated code, since only the compiler knows both.

mod database;
mod field;
mod full_text;
mod key;
mod model;
mod names;
mod nested;
mod relation;
mod soft_delete;
mod version;

use crate::diagnostics::Diagnostics;
use crate::model::Model;

/// Checks every rule.
pub(crate) fn check(model: &Model, diagnostics: &mut Diagnostics) {
    let rules: &[fn(&Model, &mut Diagnostics)] = &[
        key::column_types,
        key::primary_key,
        names::database_names,
        names::api_names,
        names::reserved_names,
        field::access,
        field::generated_values,
        database::generated_columns,
        database::database_defaults,
        database::unique_keys,
        soft_delete::deleted_at,
        version::version,
        field::operators,
        field::types_of_rules,
        field::computed_fields,
        full_text::index,
        full_text::columns,
        relation::relation_attributes,
        relation::join_fields,
        relation::own_columns,
        relation::key_lengths,
        relation::delete_actions,
        nested::nested,
        names::input_fields,
        model::hooks,
        model::shared,
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
