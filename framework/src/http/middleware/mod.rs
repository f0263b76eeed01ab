//! What surrounds every endpoint, one file each.

mod body_limit;
mod catch_panic;
mod deadline;
mod request_id;

pub use body_limit::{BodyLimit, BodyLimited};
pub use catch_panic::{CatchPanic, PanicsCaught};
pub use deadline::{Deadline, Deadlined};
pub use request_id::{Identified, Identify, RequestId};
