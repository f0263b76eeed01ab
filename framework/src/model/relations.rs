//! Relation fields: what was loaded for a row, or nothing yet.

use std::fmt;

use super::{DecodeError, Model, Related};
use crate::error::{Error, Result};

/// `Model::build` of the related model.
type Build<T> = fn(&Related<'_>) -> Result<Vec<T>, DecodeError>;

/// A field that holds `$held`, or nothing while the relation was not included.
macro_rules! relation_field {
    ($(#[$doc:meta])* $name:ident<$of:ident>($held:ty)) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<$of>(Option<$held>);

        impl<$of> $name<$of> {
            /// Whether the relation was included.
            #[must_use]
            pub fn is_loaded(&self) -> bool {
                self.0.is_some()
            }
        }

        impl<$of> Default for $name<$of> {
            fn default() -> Self {
                Self(None)
            }
        }

        impl<$of: fmt::Debug> fmt::Debug for $name<$of> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match &self.0 {
                    Some(related) => related.fmt(f),
                    None => f.write_str("<not loaded>"),
                }
            }
        }
    };
}

macro_rules! to_one {
    ($(#[$doc:meta])* $name:ident) => {
        relation_field! { $(#[$doc])* $name<T>(Option<Box<T>>) }

        impl<T: Model> $name<T> {
            /// The related row, `None` where there is none.
            ///
            /// # Errors
            ///
            /// [`Error::NotLoaded`] if the relation was not included; never a silent `None`.
            pub fn loaded(&self) -> Result<Option<&T>> {
                self.0.as_ref().map(Option::as_deref).ok_or(Error::NotLoaded { model: T::META.name })
            }
        }

        // Functions instead of bounds: rustc would report a type that is no model here too, in other words.
        impl<T> $name<T> {
            #[doc(hidden)]
            pub fn fill(&mut self, related: &Related<'_>, build: Build<T>) -> Result<(), DecodeError> {
                self.0 = Some(build(related)?.pop().map(Box::new));
                Ok(())
            }

            #[doc(hidden)]
            pub fn write_member(&self, name: &str, out: &mut Vec<u8>, write: fn(&T, &mut Vec<u8>)) {
                let Some(related) = &self.0 else { return };
                super::json::member(name, out);
                match related {
                    Some(row) => write(row, out),
                    None => out.extend_from_slice(b"null"),
                }
            }
        }
    };
}

macro_rules! to_many {
    ($(#[$doc:meta])* $name:ident) => {
        relation_field! { $(#[$doc])* $name<T>(Vec<T>) }

        impl<T: Model> $name<T> {
            /// The related rows.
            ///
            /// # Errors
            ///
            /// [`Error::NotLoaded`] if the relation was not included; never a silently empty list.
            pub fn loaded(&self) -> Result<&[T]> {
                self.0.as_deref().ok_or(Error::NotLoaded { model: T::META.name })
            }
        }

        // As above.
        impl<T> $name<T> {
            #[doc(hidden)]
            pub fn fill(&mut self, related: &Related<'_>, build: Build<T>) -> Result<(), DecodeError> {
                self.0 = Some(build(related)?);
                Ok(())
            }

            #[doc(hidden)]
            pub fn write_member(&self, name: &str, out: &mut Vec<u8>, write: fn(&T, &mut Vec<u8>)) {
                let Some(related) = &self.0 else { return };
                super::json::member(name, out);
                super::json::array(related, out, write);
            }
        }
    };
}

to_one! {
    /// One row that this one refers to by a key of its own: a review belongs to a book.
    BelongsTo
}
to_one! {
    /// One row that refers to this one: a user has one profile.
    HasOne
}
to_many! {
    /// The rows that refer to this one: a book has many reviews.
    HasMany
}
to_many! {
    /// The rows that a join model connects with this one: books and their authors.
    ManyToMany
}
