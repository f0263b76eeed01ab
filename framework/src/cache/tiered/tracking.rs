//! The link over which Redis tells what has changed.
//!
//! A connection of its own, tracked in broadcast mode: Redis pushes the name of every key with the cache's prefix that anyone
//! changes. An answer to a request on the same connection comes behind all pushes that were sent before it, and so each
//! answer proves that what had changed when the request was sent is known. Memory is used as long as the last proof is young.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use rustis::client::{Client, ClientTrackingInvalidationStream, Config, ServerConfig};
use rustis::commands::{ClientTrackingOptions, ClientTrackingStatus, ConnectionCommands, InfoSection, ServerCommands};
use rustis::resp::BulkString;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::local::Local;

/// Time between two proofs.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// Time for an answer; without one the link is lost.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a proof is good for: so long, at most, memory is used after the link has died without a word.
const PROOF: Duration = Duration::from_millis(750);
/// Time between two attempts to connect.
const WAIT: Duration = Duration::from_millis(250);

/// Keeps the link for as long as it is not aborted.
pub(super) async fn keep(local: Arc<Local>, mut config: Config, prefix: String) {
    if matches!(config.server, ServerConfig::Cluster(_)) {
        // A link to each node, all of them proven, would be needed. Without one, every read goes to Redis.
        tracing::info!("values of the cache are not kept in memory before a Redis cluster");
        return;
    }
    config.command_timeout = PATIENCE;
    "couplet-tracking".clone_into(&mut config.connection_name);
    loop {
        let lost = follow(&local, &config, &prefix).await;
        local.doubt();
        tracing::debug!(why = lost, "the link that tells of changed values is lost; memory is not used");
        sleep(WAIT).await;
    }
}

/// Follows what changes until the link is lost, and says why it is.
async fn follow(local: &Local, config: &Config, prefix: &str) -> String {
    let connecting = timeout(config.connect_timeout, connect(config, prefix));
    let (client, mut pushes) = match connecting.await {
        Ok(Ok(link)) => link,
        Ok(Err(error)) => return error.to_string(),
        Err(_) => return "no connection in time".to_owned(),
    };
    // What was asked for before the link was there may have changed without a word.
    local.doubt();
    let mut server = None;
    loop {
        let asked = Instant::now();
        let identity = match identity(&client, local, &mut pushes).await {
            Ok(identity) => identity,
            Err(why) => return why,
        };
        if *server.get_or_insert_with(|| identity.clone()) != identity {
            return "the server has another role or history".to_owned();
        }
        // Handed over before the answer was, and perhaps not yet taken.
        while let Some(push) = pushes.next().now_or_never() {
            let Some(keys) = push else { return "the connection was closed".to_owned() };
            apply(local, keys);
        }
        if pushes.dropped_messages() > 0 {
            return "more has changed than could be told".to_owned();
        }
        local.prove(asked + PROOF);
        let next = sleep_until(asked + HEARTBEAT);
        tokio::pin!(next);
        loop {
            tokio::select! {
                push = pushes.next() => match push {
                    Some(keys) => apply(local, keys),
                    None => return "the connection was closed".to_owned(),
                },
                () = &mut next => break,
            }
        }
    }
}

async fn connect(config: &Config, prefix: &str) -> rustis::Result<(Client, ClientTrackingInvalidationStream)> {
    // The client does not connect again by itself, so what is tracked once is tracked as long as it answers.
    let client = Client::connect(config.clone()).await?;
    let pushes = client.create_client_tracking_invalidation_stream()?;
    let options = ClientTrackingOptions::default().broadcasting().prefix(prefix);
    client.client_tracking(ClientTrackingStatus::On, options).await?;
    Ok((client, pushes))
}

/// What tells a server from one that has other data, asked for while pushes are taken.
async fn identity(
    client: &Client,
    local: &Local,
    pushes: &mut ClientTrackingInvalidationStream,
) -> Result<String, String> {
    let asking = timeout(PATIENCE, async { client.info::<String>([InfoSection::Replication]).await });
    tokio::pin!(asking);
    let answer = loop {
        tokio::select! {
            answer = &mut asking => break answer,
            push = pushes.next() => match push {
                Some(keys) => apply(local, keys),
                None => return Err("the connection was closed".to_owned()),
            },
        }
    };
    match answer {
        Ok(Ok(info)) => {
            let tells = |line: &&str| line.starts_with("role:") || line.starts_with("master_replid:");
            Ok(info.lines().filter(tells).collect())
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// No keys are all keys: that is how Redis tells that it was emptied.
fn apply(local: &Local, keys: Vec<BulkString>) {
    if keys.is_empty() {
        local.all_changed();
    }
    for key in keys {
        // Keys of this cache are text, so others are none of its own.
        if let Ok(key) = std::str::from_utf8(&key) {
            local.changed(key);
        }
    }
}
