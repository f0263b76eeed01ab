//! Requests as bytes, since client libraries tidy up what is wrong with them.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer, as far as it can be read.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl RawAnswer {
    /// The problem but for the request's id and the path, which is the request's, where the answer is one.
    pub fn problem(&self) -> Option<Value> {
        if !self.head.contains("content-type: application/problem+json") {
            return None;
        }
        let mut problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        if let Some(members) = problem.as_object_mut() {
            members.remove("request_id");
            members.remove("instance");
        }
        Some(problem)
    }

    /// The codes of the mistakes that a problem names, four at most, `-` where the answer is no problem.
    pub fn codes(&self) -> String {
        let Some(problem) = self.problem() else { return "-".to_owned() };
        let errors = problem["errors"].as_array().into_iter().flatten();
        errors.take(4).map(|error| error["code"].as_str().unwrap_or("?")).collect::<Vec<_>>().join(" ")
    }
}

/// Sends `bytes` and reads until the server closes the connection, which the request must ask for or deserve.
///
/// # Panics
///
/// There is no answer within ten seconds.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> RawAnswer {
    let shown = || String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let exchange = async {
        let mut socket = TcpStream::connect(address).await?;
        socket.write_all(bytes).await?;
        let mut answer = Vec::new();
        // A reset after the answer, while part of a refused request is unread, takes nothing away from it.
        if let Err(error) = socket.read_to_end(&mut answer).await
            && answer.is_empty()
        {
            return Err(error);
        }
        Ok(answer)
    };
    let answer = timeout(Duration::from_secs(10), exchange).await;
    let answer = answer.unwrap_or_else(|_| panic!("no answer to {:?}", shown()));
    let answer = answer.unwrap_or_else(|error| panic!("{error} after {:?}", shown()));
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    RawAnswer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}
