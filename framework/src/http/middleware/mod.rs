//! What surrounds every endpoint, one file each.

mod body_limit;
mod catch_panic;
mod compression;
mod cors;
mod deadline;
mod head_limit;
mod request_id;
mod security_headers;

pub use body_limit::{BodyLimit, BodyLimited};
pub use catch_panic::{CatchPanic, PanicsCaught};
pub use compression::{Compressed, Compression};
pub use cors::{Cors, CrossOrigin};
pub use deadline::{Deadline, Deadlined};
pub use head_limit::{HeadLimit, HeadLimited};
pub use request_id::{Identified, Identify, RequestId};
pub use security_headers::{Secured, SecurityHeaders};
