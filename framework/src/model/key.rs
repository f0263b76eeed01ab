//! Primary keys.

use uuid::Uuid;

use super::value::Value;
use super::{ColumnValue, DecodeError, ValueRow};

/// A primary key: one value, or a tuple of several for a composite key.
pub trait Key: Clone + Send + Sync + 'static {
    /// The values, one for each key column, in their order.
    fn values(&self) -> Vec<Value>;

    /// The key of these values.
    ///
    /// # Errors
    ///
    /// They are of other types, or too few.
    fn from_values(values: &[Value]) -> Result<Self, DecodeError>;
}

macro_rules! single {
    ($($ty:ty),*) => {$(
        impl Key for $ty {
            fn values(&self) -> Vec<Value> {
                vec![self.to_value()]
            }

            fn from_values(values: &[Value]) -> Result<Self, DecodeError> {
                Self::decode(&ValueRow::new(values), 0)
            }
        }
    )*};
}

macro_rules! composite {
    ($($name:ident $index:tt),*) => {
        impl<$($name: ColumnValue + Clone),*> Key for ($($name,)*) {
            fn values(&self) -> Vec<Value> {
                vec![$(self.$index.to_value()),*]
            }

            fn from_values(values: &[Value]) -> Result<Self, DecodeError> {
                let row = ValueRow::new(values);
                Ok(($($name::decode(&row, $index)?,)*))
            }
        }
    };
}

single!(i16, i32, i64, String, Uuid, chrono::NaiveDate);
composite!(A 0, B 1);
composite!(A 0, B 1, C 2);
composite!(A 0, B 1, C 2, D 3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_values() {
        assert_eq!(i64::from_values(&7_i64.values()).expect("a number"), 7);
        let pair = (7_i64, "a".to_owned());
        assert_eq!(<(i64, String)>::from_values(&pair.values()).expect("two values"), pair);
        assert!(<(i64, String)>::from_values(&7_i64.values()).is_err());
    }
}
