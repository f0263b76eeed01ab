//! `title__icontains=dune`, `genre__in=sf&genre__in=crime`, `q=desert`.

use serde_json::Value as JsonValue;

use super::given::{Given, Refused, once};
use super::parameters::{Parameter, shown};
use super::{MAX_SUGGESTIONS, Mistakes};
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
    let texts = match &parameter.given {
        Given::Texts(texts) if operator.takes_list() => texts,
        Given::Texts(_) => {
            return once(parameter, |text| {
                let value =
                    value(column.ty, operator, text).map_err(|detail| vec![invalid(&parameter.name, text, &detail)])?;
                Ok(Filter::compare(column, operator, vec![value]))
            });
        }
        Given::Json(json) => {
            let values = typed(column, operator, json);
            return values
                .map(|values| Filter::compare(column, operator, values))
                .map_err(|refused| refused.into_iter().map(|it| it.of(parameter)).collect());
        }
    };
    if texts.len() > MAX_VALUES {
        return Err(vec![too_many(texts.len()).of(parameter)]);
    }
    let mut values = Vec::with_capacity(texts.len());
    for text in texts {
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

/// Reads the typed values of a filter in a body.
pub(super) fn typed(column: &ColumnMeta, operator: Operator, json: &JsonValue) -> Result<Vec<Value>, Vec<Refused>> {
    if !operator.takes_list() {
        let value = typed_value(column, operator, json);
        return value.map(|value| vec![value]).map_err(|detail| vec![Refused::whole("invalid_value", detail)]);
    }
    let JsonValue::Array(items) = json else {
        return Err(vec![Refused::whole("invalid_value", "expected an array of values")]);
    };
    if items.len() > MAX_VALUES {
        return Err(vec![too_many(items.len())]);
    }
    let (mut values, mut refused) = (Vec::with_capacity(items.len()), Vec::new());
    for (place, item) in items.iter().enumerate() {
        match typed_value(column, operator, item) {
            Ok(value) => values.push(value),
            Err(detail) if refused.len() < MAX_SUGGESTIONS => {
                refused.push(Refused::item(place, "invalid_value", detail));
            }
            Err(_) => {}
        }
    }
    if refused.is_empty() { Ok(values) } else { Err(refused) }
}

fn typed_value(column: &ColumnMeta, operator: Operator, json: &JsonValue) -> Result<Value, String> {
    match operator {
        Operator::IsNull => json.as_bool().map(Value::Bool).ok_or_else(|| "expected true or false".to_owned()),
        _ if json.as_str().is_some_and(|text| is_long(operator, text)) => Err(long_needle()),
        _ => Value::from_json(column.ty, json).map_err(|detail| match json {
            JsonValue::Null if column.filter.contains(&Operator::IsNull) => {
                format!("{detail}; `isnull` asks for NULL")
            }
            _ => detail,
        }),
    }
}

fn too_many(values: usize) -> Refused {
    Refused::whole("too_many", format!("{values} values; a list takes {MAX_VALUES} at most"))
}

/// Whether it is too long to be looked for inside a column.
fn is_long(operator: Operator, text: &str) -> bool {
    let is_needle =
        matches!(operator, Operator::Contains | Operator::IContains | Operator::StartsWith | Operator::IStartsWith);
    is_needle && text.chars().count() > MAX_NEEDLE
}

fn long_needle() -> String {
    format!("expected at most {MAX_NEEDLE} characters")
}

/// Reads `q`; nothing is searched for where it is empty.
pub(super) fn search(model: &'static ModelMeta, text: &str) -> Result<Option<Filter>, Mistakes> {
    if text.chars().count() > MAX_SEARCH {
        let detail = format!("expected at most {MAX_SEARCH} characters");
        return Err(vec![InputError::parameter("q", "invalid_value", detail)]);
    }
    let text = Value::parse_text(ColumnType::Text, text).map_err(|detail| vec![invalid("q", text, &detail)])?;
    let columns = model.search_columns().collect();
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
        _ if is_long(operator, text) => Err(long_needle()),
        _ => Value::parse_text(ty, text),
    }
}
