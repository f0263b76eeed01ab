//! Unique keys as Rust code names them.

use super::token::Field;
use crate::model::{ColumnValue, Model};

/// The columns of a unique key of `M`: `Author::EMAIL`, or a tuple of up to four columns.
pub trait UniqueKey<M: Model>: Send {
    /// Their indexes.
    fn columns(self) -> Vec<usize>;
}

impl<M: Model, T: ColumnValue> UniqueKey<M> for Field<M, T> {
    fn columns(self) -> Vec<usize> {
        vec![self.index()]
    }
}

macro_rules! several {
    ($($name:ident $index:tt),*) => {
        impl<M: Model, $($name: ColumnValue),*> UniqueKey<M> for ($(Field<M, $name>,)*) {
            fn columns(self) -> Vec<usize> {
                vec![$(self.$index.index()),*]
            }
        }
    };
}

several!(A 0, B 1);
several!(A 0, B 1, C 2);
several!(A 0, B 1, C 2, D 3);
