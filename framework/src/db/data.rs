//! Values that travel with a database handle to whatever works on it.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Values by their types, at most one of each; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Data(Arc<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Data {
    /// With `value` in place of another one of its type.
    pub(super) fn with<T: Send + Sync + 'static>(&self, value: T) -> Self {
        let mut values = (*self.0).clone();
        values.insert(TypeId::of::<T>(), Arc::new(value));
        Self(Arc::new(values))
    }

    /// The value of that type, if there is one.
    pub(super) fn find<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
    }

    /// The value of that type.
    pub(super) fn get<T: Send + Sync + 'static>(&self) -> Result<&T> {
        self.find().ok_or_else(|| {
            let name = type_name::<T>();
            Error::other(format!("there is no data of type {name}; hand it to the app with `App::data(..)`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_type() {
        let (none, data) = (Data::default(), Data::default().with(7_i32).with("seven"));
        assert_eq!((data.get::<i32>().expect("a number"), data.get::<&str>().expect("a text")), (&7, &"seven"));
        assert_eq!((data.find::<i32>(), data.find::<u8>()), (Some(&7), None));
        assert_eq!(data.with(8_i32).get::<i32>().expect("the later one"), &8);
        let missing = none.get::<i32>().expect_err("nothing is there").to_string();
        assert_eq!(missing, "there is no data of type i32; hand it to the app with `App::data(..)`");
    }
}
