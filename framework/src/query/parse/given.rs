//! What parameters are given as: texts in a query string, typed values in the body of a search. What they mean is the same.

use serde_json::Value as JsonValue;

use super::parameters::{Parameter, shown};
use super::{MAX_SUGGESTIONS, Mistakes};
use crate::error::InputError;

/// What a parameter is given as.
#[derive(Debug, Clone)]
pub(super) enum Given {
    /// Texts of a query string, in their order.
    Texts(Vec<String>),
    /// A member of a body.
    Json(JsonValue),
}

/// What is wrong with a value that has several items, and with which of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) item: Option<usize>,
    pub(super) code: &'static str,
    pub(super) detail: String,
}

impl Refused {
    /// A mistake in one item.
    pub(super) fn item(item: usize, code: &'static str, detail: impl Into<String>) -> Self {
        Self { item: Some(item), code, detail: detail.into() }
    }

    /// A mistake in the value as a whole.
    pub(super) fn whole(code: &'static str, detail: impl Into<String>) -> Self {
        Self { item: None, code, detail: detail.into() }
    }

    /// Where it stands: only a body can point to an item.
    pub(super) fn of(self, parameter: &Parameter) -> InputError {
        let name = shown(&parameter.name);
        match (&parameter.given, self.item) {
            (Given::Texts(_), _) => InputError::parameter(name, self.code, self.detail),
            (Given::Json(_), None) => InputError::field(&name, self.code, self.detail),
            (Given::Json(_), Some(item)) => InputError::field(&name, self.code, self.detail).item(item),
        }
    }
}

/// Reads a parameter that takes one text.
pub(super) fn once<T>(parameter: &Parameter, read: impl FnOnce(&str) -> Result<T, Mistakes>) -> Result<T, Mistakes> {
    let refuse = |code, detail: String| Err(vec![Refused::whole(code, detail).of(parameter)]);
    match &parameter.given {
        Given::Json(JsonValue::String(text)) => read(text),
        Given::Json(_) => refuse("invalid_value", "expected a text".to_owned()),
        Given::Texts(texts) => match texts.as_slice() {
            [text] => read(text),
            texts => refuse("duplicate_parameter", format!("given {} times; it takes one value", texts.len())),
        },
    }
}

/// Reads a parameter that takes a whole number.
pub(super) fn number<T>(parameter: &Parameter, read: impl FnOnce(&str) -> Result<T, Mistakes>) -> Result<T, Mistakes> {
    match &parameter.given {
        Given::Texts(_) => once(parameter, read),
        Given::Json(JsonValue::Number(number)) => read(&number.to_string()),
        Given::Json(_) => Err(vec![Refused::whole("invalid_value", "expected a whole number").of(parameter)]),
    }
}

/// Reads a parameter that takes names: separated by commas in a query string, an array in a body, which may be empty and then
/// says nothing.
pub(super) fn names<T>(
    parameter: &Parameter,
    read: impl FnOnce(&[&str]) -> Result<T, Vec<Refused>>,
) -> Result<Option<T>, Mistakes> {
    let placed = |refused: Vec<Refused>| refused.into_iter().map(|it| it.of(parameter)).collect::<Mistakes>();
    let items = match &parameter.given {
        Given::Texts(_) => {
            return once(parameter, |text| read(&text.split(',').collect::<Vec<_>>()).map(Some).map_err(placed));
        }
        Given::Json(JsonValue::Array(items)) => items,
        Given::Json(_) => return Err(placed(vec![Refused::whole("invalid_value", "expected an array of names")])),
    };
    if items.is_empty() {
        return Ok(None);
    }
    let (mut names, mut places, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (place, item) in items.iter().enumerate() {
        match item.as_str() {
            Some(name) => {
                names.push(name);
                places.push(place);
            }
            None if refused.len() < MAX_SUGGESTIONS => {
                refused.push(Refused::item(place, "invalid_value", "expected a name"));
            }
            None => {}
        }
    }
    let read = match read(&names) {
        Ok(read) if refused.is_empty() => return Ok(Some(read)),
        Ok(_) => Vec::new(),
        Err(more) => more,
    };
    let among_all = |it: Refused| Refused { item: it.item.and_then(|item| places.get(item).copied()), ..it };
    refused.extend(read.into_iter().map(among_all));
    Err(placed(refused))
}
