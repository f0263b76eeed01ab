//! What plain SQL takes as values.

use crate::model::{ColumnType, ColumnValue, Value};

/// A value of a placeholder: any that a column can have, and `&str`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be bound to a placeholder",
    label = "not a column type",
    note = "bind a value that a column can have, such as i64, &str, Uuid or DateTime<Utc>, or an Option of one"
)]
pub trait Bind {
    /// Its type, which NULL has too, and the value.
    #[doc(hidden)]
    fn bound(self) -> (ColumnType, Value);
}

impl<T: ColumnValue> Bind for T {
    fn bound(self) -> (ColumnType, Value) {
        (T::TYPE, self.to_value())
    }
}

impl Bind for &str {
    fn bound(self) -> (ColumnType, Value) {
        (ColumnType::Text, Value::Text(self.to_owned()))
    }
}

impl Bind for Option<&str> {
    fn bound(self) -> (ColumnType, Value) {
        (ColumnType::Text, self.map_or(Value::Null, |text| Value::Text(text.to_owned())))
    }
}
