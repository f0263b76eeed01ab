//! Writes that depend on what is there, each decided by the server in one step.

use std::time::Duration;

use bytes::Bytes;
use rustis::client::{BatchPreparedCommand, Client};
use rustis::commands::{ScriptingCommands, SetCondition, SetExpiration, StringCommands};

use super::Redis;
use super::value::{self, Argument};

/// Stores the value unless there is one that begins otherwise. What is no text or has no end was stored by nobody here, and
/// counts as nothing.
const STORE_UNLESS_CHANGED: &str = "local now = redis.pcall('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) \
     local is_ours = type(now) == 'string' and now ~= '' and redis.call('PTTL', KEYS[1]) ~= -1 \
     if is_ours and now ~= ARGV[1] then return 0 end \
     redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1";

impl Redis {
    /// Stores a value if there is none, or still the one that begins with `seen`, if that is anything. Answers whether it is
    /// known to be stored.
    pub(in crate::cache) async fn set_unless_changed(
        &self,
        key: &str,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> bool {
        let Some(milliseconds) = value::milliseconds(ttl) else { return false };
        if value.len() > value::LARGEST {
            return false;
        }
        let write = async |client: &Client| {
            let arguments = (Argument(seen), Argument(value), milliseconds);
            client.eval::<i64>(STORE_UNLESS_CHANGED, key, arguments).await
        };
        self.run(write).await == Some(1)
    }

    /// The value of `key`; where there is none, `value` becomes it for the time `ttl`.
    pub(in crate::cache) async fn get_or_set(&self, key: &str, value: &[u8], ttl: Duration) -> Option<Bytes> {
        let milliseconds = value::milliseconds(ttl)?;
        let write = async |client: &Client| {
            let mut transaction = client.create_transaction();
            let expiration = SetExpiration::Px(milliseconds);
            transaction.set_with_options(key, Argument(value), SetCondition::NX, expiration).forget();
            transaction.getrange::<Bytes>(key, 0, value::LAST).queue();
            transaction.execute::<Bytes>().await
        };
        self.run(write).await.filter(super::is_value)
    }
}
