//! What a connection is doing, so that one that only costs a slot is closed.
//!
//! hyper's own header timeout counts idle time too and does not begin before the first byte, hence a watch of our own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// How long a connection may be silent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// From a request's first byte, or the connection's begin, to the end of the request's head.
    pub(super) header: Duration,
    /// From the last byte of an answer to the first of the next request.
    pub(super) idle: Duration,
}

/// The signs of life of one connection. Times are milliseconds since `born`, 0 is never.
pub(super) struct Pulse {
    born: Instant,
    in_flight: AtomicU64,
    requests: AtomicU64,
    last_byte: AtomicU64,
    head_began: AtomicU64,
    http2: AtomicBool,
}

impl Pulse {
    pub(super) fn new() -> Arc<Self> {
        let zero = || AtomicU64::new(0);
        Arc::new(Self {
            born: Instant::now(),
            in_flight: zero(),
            requests: zero(),
            last_byte: zero(),
            head_began: zero(),
            http2: AtomicBool::new(false),
        })
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(super) fn request(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_began.store(0, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Whether a byte has come.
    pub(super) fn has_begun(&self) -> bool {
        self.last_byte.load(Ordering::Relaxed) > 0
    }

    /// When the connection is to be closed if nothing happens until then; `None` while requests are in flight.
    pub(super) fn end(&self, patience: Patience) -> Option<Instant> {
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let head_began = self.head_began.load(Ordering::Relaxed);
        let silent_since = self.last_byte.load(Ordering::Relaxed);
        let (since, patience) = match self.requests.load(Ordering::Relaxed) {
            0 => (0, patience.header),
            // HTTP/2 has frames beside requests, so a byte does not mean that a request has begun.
            _ if head_began == 0 || self.http2.load(Ordering::Relaxed) => (silent_since, patience.idle),
            _ => (head_began, patience.header),
        };
        Some(self.born + Duration::from_millis(since) + patience)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn beat(&self) {
        self.last_byte.store(self.now(), Ordering::Relaxed);
    }

    fn received(&self, bytes: &[u8]) {
        if !self.has_begun() && bytes.starts_with(b"PRI ") {
            self.http2.store(true, Ordering::Relaxed);
        }
        self.beat();
        if self.in_flight.load(Ordering::Relaxed) == 0 && self.head_began.load(Ordering::Relaxed) == 0 {
            self.head_began.store(self.now(), Ordering::Relaxed);
        }
    }
}

/// A request that is being answered.
pub(super) struct InFlight(Arc<Pulse>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.beat();
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket that takes its pulse.
pub(super) struct Watched {
    pub(super) socket: TcpStream,
    pub(super) pulse: Arc<Pulse>,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.received(&buf.filled()[before..]);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, buf);
        if matches!(written, Poll::Ready(Ok(_))) {
            self.pulse.beat();
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        if matches!(written, Poll::Ready(Ok(_))) {
            self.pulse.beat();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { header: Duration::from_secs(10), idle: Duration::from_secs(60) };

    #[tokio::test(start_paused = true)]
    async fn patience_is_short_for_a_head_and_long_between_requests() {
        let pulse = Pulse::new();
        let after = |seconds| Some(pulse.born + Duration::from_secs(seconds));
        assert_eq!(pulse.end(PATIENCE), after(10), "nothing has come");
        tokio::time::advance(Duration::from_secs(5)).await;
        pulse.received(b"GET / HT");
        assert_eq!(pulse.end(PATIENCE), after(10), "a first head has the time of the connection");
        let request = pulse.request();
        assert_eq!(pulse.end(PATIENCE), None);
        tokio::time::advance(Duration::from_secs(5)).await;
        drop(request);
        assert_eq!(pulse.end(PATIENCE), after(70));
        tokio::time::advance(Duration::from_secs(20)).await;
        pulse.received(b"G");
        tokio::time::advance(Duration::from_secs(5)).await;
        pulse.received(b"E");
        assert_eq!(pulse.end(PATIENCE), after(40), "ten seconds from the head's first byte");
    }
}
