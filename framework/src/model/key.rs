//! Primary keys.

use uuid::Uuid;

use super::ColumnValue;
use super::value::Value;

/// A primary key: one value, or a tuple of several for a composite key.
pub trait Key: Clone + Send + Sync + 'static {
    /// The values, one for each key column, in their order.
    fn values(&self) -> Vec<Value>;
}

macro_rules! single {
    ($($ty:ty),*) => {$(
        impl Key for $ty {
            fn values(&self) -> Vec<Value> {
                vec![self.to_value()]
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
        }
    };
}

single!(i16, i32, i64, String, Uuid, chrono::NaiveDate);
composite!(A 0, B 1);
composite!(A 0, B 1, C 2);
composite!(A 0, B 1, C 2, D 3);
