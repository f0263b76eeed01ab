//! What an app's modules import: `use couplet::prelude::*;`.
//!
//! The types of values are poem-openapi's too, for the bodies of endpoints written by hand:
//!
//! ```
//! use couplet::prelude::*;
//! use poem_openapi::Object;
//! use poem_openapi::types::{ParseFromJSON, ToJSON};
//!
//! /// What a customer has paid.
//! #[derive(Object)]
//! struct Payment {
//!     id: Uuid,
//!     amount: Decimal,
//!     at: DateTime<Utc>,
//!     due: NaiveDate,
//! }
//!
//! let price = Decimal::parse_from_json_string("\"19.95\"").expect("a decimal");
//! assert_eq!(price.to_json_string(), "\"19.95\"");
//! ```

pub use chrono::{DateTime, NaiveDate, Utc};
pub use rust_decimal::Decimal;
pub use uuid::Uuid;

pub use crate::app::App;
pub use crate::cache::TieredCache;
pub use crate::crud::{Committed, Draft, HookContext, Hooks, Records, sql};
pub use crate::db::{Database, Transaction};
pub use crate::error::{Error, Result};
pub use crate::model::{BelongsTo, HasMany, HasOne, Json, ManyToMany, Model, Patch, Resource, TextEnum};
pub use crate::query::Deleted;
pub use couplet_macros::{Model, Resource, TextEnum};
