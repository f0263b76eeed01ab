//! Relation fields: what was loaded for a row, or nothing yet.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{DecodeError, Model, Related};
use crate::error::{Error, Result};

/// `Model::build` of the related model.
type Build<T> = fn(&Related<'_>) -> Result<Vec<T>, DecodeError>;

/// A field that holds `$held`, or nothing while the relation was not included.
///
/// What is held stands behind `dyn Any`, so that the field is `Send` and `Sync` whatever `T` is: rustc would else look into
/// the related model, and into the one after it, and give up on a chain of some thirty models.
macro_rules! relation_field {
    ($(#[$doc:meta])* $name:ident<$of:ident>($held:ty)) => {
        $(#[$doc])*
        pub struct $name<$of> {
            held: Option<Arc<dyn Any + Send + Sync>>,
            count: Option<u64>,
            of: PhantomData<fn() -> $of>,
        }

        impl<$of> $name<$of> {
            /// Whether the relation was included.
            #[must_use]
            pub fn is_loaded(&self) -> bool {
                self.held.is_some()
            }
        }

        impl<$of: 'static> $name<$of> {
            fn held(&self) -> Option<&$held> {
                self.held.as_deref().and_then(<dyn Any + Send + Sync>::downcast_ref)
            }
        }

        impl<$of> Clone for $name<$of> {
            fn clone(&self) -> Self {
                Self { held: self.held.clone(), count: self.count, of: PhantomData }
            }
        }

        impl<$of> Default for $name<$of> {
            fn default() -> Self {
                Self { held: None, count: None, of: PhantomData }
            }
        }

        impl<$of: fmt::Debug + 'static> fmt::Debug for $name<$of> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.held() {
                    Some(related) => related.fmt(f),
                    None => f.write_str("<not loaded>"),
                }
            }
        }
    };
}

macro_rules! to_one {
    ($(#[$doc:meta])* $name:ident) => {
        relation_field! { $(#[$doc])* $name<T>(Option<T>) }

        impl<T: Model> $name<T> {
            /// The related row, `None` where there is none.
            ///
            /// # Errors
            ///
            /// [`Error::NotLoaded`] if the relation was not included; never a silent `None`.
            pub fn loaded(&self) -> Result<Option<&T>> {
                self.held().map(Option::as_ref).ok_or(Error::NotLoaded { model: T::META.name })
            }
        }

        // Functions instead of bounds: rustc would report a type that is no model here too, in other words.
        impl<T: Send + Sync + 'static> $name<T> {
            #[doc(hidden)]
            pub fn fill(&mut self, related: &Related<'_>, build: Build<T>) -> Result<(), DecodeError> {
                self.held = Some(Arc::new(build(related)?.pop()));
                Ok(())
            }

            #[doc(hidden)]
            pub fn write_member(&self, name: &str, out: &mut Vec<u8>, write: fn(&T, &mut Vec<u8>)) {
                let Some(related) = self.held() else { return };
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
                self.held().map(Vec::as_slice).ok_or(Error::NotLoaded { model: T::META.name })
            }

            /// How many related rows there are, whether they were loaded or not.
            ///
            /// # Errors
            ///
            /// [`Error::NotCounted`] if they were not asked to be counted, by `include_count`.
            pub fn count(&self) -> Result<u64> {
                self.count.ok_or(Error::NotCounted { model: T::META.name })
            }
        }

        // As above.
        impl<T: Send + Sync + 'static> $name<T> {
            #[doc(hidden)]
            pub fn fill(&mut self, related: &Related<'_>, build: Build<T>) -> Result<(), DecodeError> {
                match related {
                    Related::Rows { .. } => self.held = Some(Arc::new(build(related)?)),
                    Related::Count(count) => self.count = Some(*count),
                }
                Ok(())
            }

            #[doc(hidden)]
            pub fn counted(&self) -> Option<u64> {
                self.count
            }

            #[doc(hidden)]
            pub fn write_member(&self, name: &str, out: &mut Vec<u8>, write: fn(&T, &mut Vec<u8>)) {
                let Some(related) = self.held() else { return };
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
