//! What an app's modules import: `use couplet::prelude::*;`.

pub use chrono::{DateTime, NaiveDate, Utc};
pub use rust_decimal::Decimal;
pub use uuid::Uuid;

pub use crate::app::App;
pub use crate::crud::Records;
pub use crate::db::{Database, Transaction};
pub use crate::error::{Error, Result};
pub use crate::model::{BelongsTo, HasMany, HasOne, Json, ManyToMany, Model, Patch, Resource, TextEnum};
pub use couplet_macros::{Model, Resource, TextEnum};
