//! Enums whose variants are stored and shown as text.

use super::json;
use super::row::{DecodeError, Row};
use super::value::Value;

/// An enum without fields whose variants are stored and shown as text. Derive it.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// #[derive(Debug, PartialEq, TextEnum)]
/// pub enum Status {
///     Active,
///     OnLeave,
/// }
///
/// assert_eq!(Status::NAMES, ["active", "on_leave"]);
/// assert_eq!(Status::from_name("on_leave"), Some(Status::OnLeave));
/// assert_eq!(Status::Active.name(), "active");
/// ```
pub trait TextEnum: Sized + Send + Sync + 'static {
    /// The texts of the variants, in order.
    const NAMES: &'static [&'static str];

    /// The text of this variant.
    fn name(&self) -> &'static str;

    /// The variant of that text.
    fn from_name(name: &str) -> Option<Self>;
}

/// `ColumnValue::decode_option` of an enum.
#[doc(hidden)]
pub fn decode<T: TextEnum>(row: &dyn Row, index: usize) -> Result<Option<T>, DecodeError> {
    let Some(text) = row.text(index)? else { return Ok(None) };
    let unknown = || DecodeError::new(index, format!("{text:?} is none of {}", T::NAMES.join(", ")));
    T::from_name(text).map(Some).ok_or_else(unknown)
}

/// `ColumnValue::to_value` of an enum.
#[doc(hidden)]
pub fn to_value<T: TextEnum>(value: &T) -> Value {
    Value::Text(value.name().to_owned())
}

/// `ColumnValue::write_json` of an enum.
#[doc(hidden)]
pub fn write_json<T: TextEnum>(value: &T, out: &mut Vec<u8>) {
    json::string(value.name(), out);
}
