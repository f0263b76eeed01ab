//! `title__icontains=dune`, `genre__in=sf&genre__in=crime`, `q=desert`.

use super::parameters::{Parameter, shown};
use super::{Mistakes, once};
use crate::error::InputError;
use crate::model::{ColumnMeta, ColumnType, ModelMeta, Operator, Value};
use crate::query::Filter;

/// Values of one `__in` or `__not_in` at most.
pub const MAX_VALUES: usize = 500;
/// Characters of a search at most.
pub const MAX_SEARCH: usize = 200;
/// Characters of a text that is looked for inside a column at most; SQLite refuses patterns of 50,000 bytes.
pub const MAX_NEEDLE: usize = 1_000;

/// The columns that a filter may name: those declared so that answers show. To a client all others do not exist.
pub fn filterable(model: &'static ModelMeta) -> impl Iterator<Item = &'static ColumnMeta> {
    model.columns.iter().filter(|column| !column.filter.is_empty() && column.readable())
}

/// Reads the values of a filter.
pub(super) fn parse(
    parameter: &Parameter,
    column: &'static ColumnMeta,
    operator: Operator,
) -> Result<Filter, Mistakes> {
    if !operator.takes_list() {
        return once(parameter, |text| {
            let value =
                value(column.ty, operator, text).map_err(|detail| vec![invalid(&parameter.name, text, &detail)])?;
            Ok(Filter::compare(column, operator, vec![value]))
        });
    }
    if parameter.values.len() > MAX_VALUES {
        let detail = format!("{} values; a list takes {MAX_VALUES} at most", parameter.values.len());
        return Err(vec![InputError::parameter(&parameter.name, "too_many", detail)]);
    }
    let mut values = Vec::with_capacity(parameter.values.len());
    for text in &parameter.values {
        match value(column.ty, operator, text) {
            Ok(value) => values.push(value),
            Err(mut detail) => {
                if text.contains(',') {
                    detail.push_str("; repeat the parameter for several values");
                }
                return Err(vec![invalid(&parameter.name, text, &detail)]);
            }
        }
    }
    Ok(Filter::compare(column, operator, values))
}

/// Reads `q`; nothing is searched for where it is empty.
pub(super) fn search(model: &'static ModelMeta, text: &str) -> Result<Option<Filter>, Mistakes> {
    if text.chars().count() > MAX_SEARCH {
        let detail = format!("expected at most {MAX_SEARCH} characters");
        return Err(vec![InputError::parameter("q", "invalid_value", detail)]);
    }
    let text = Value::parse_text(ColumnType::Text, text).map_err(|detail| vec![invalid("q", text, &detail)])?;
    let columns = model.columns.iter().filter(|column| column.search).collect();
    Ok(match text {
        Value::Text(text) if !text.is_empty() => Some(Filter::Search(columns, text)),
        _ => None,
    })
}

/// A mistake in a value, which is repeated as far as it is short.
pub(super) fn invalid(name: &str, text: &str, detail: &str) -> InputError {
    InputError::parameter(name, "invalid_value", format!("{:?} cannot be taken: {detail}", shown(text)))
}

fn value(ty: ColumnType, operator: Operator, text: &str) -> Result<Value, String> {
    match operator {
        Operator::IsNull => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err("expected true or false".to_owned()),
        },
        Operator::Contains | Operator::IContains | Operator::StartsWith | Operator::IStartsWith
            if text.chars().count() > MAX_NEEDLE =>
        {
            Err(format!("expected at most {MAX_NEEDLE} characters"))
        }
        _ => Value::parse_text(ty, text),
    }
}
