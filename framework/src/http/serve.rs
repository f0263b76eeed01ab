//! Accepts connections and answers their requests, over HTTP/1.1 and HTTP/2 without TLS.
//!
//! poem's own server drops hyper's timers and spins when it cannot accept; this one closes connections that are silent,
//! bounds their number and lets requests finish at shutdown.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Shutdown;
use super::pulse::{Patience, Pulse, Watched};
use crate::config::ServerConfig;
use crate::error::{Error, Result};

const MAX_STREAMS: u32 = 200;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
const FIRST_BYTE_AT_SHUTDOWN: Duration = Duration::from_millis(500);

/// Takes an address to serve on.
///
/// # Errors
///
/// [`Error::Startup`] that names the address and what to do.
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "it is in use; stop the other program or choose another with BIND=host:port",
            io::ErrorKind::PermissionDenied => "not permitted; choose a port from 1024 on with BIND=host:port",
            io::ErrorKind::AddrNotAvailable => "this machine does not have it; choose another with BIND=host:port",
            _ => return Error::Startup(format!("cannot listen on {address}: {error}")),
        };
        Error::Startup(format!("cannot listen on {address}: {advice}"))
    })
}

/// Answers requests with `endpoint` until the shutdown begins and requests in flight are finished or their time is over.
pub async fn serve<E>(listener: TcpListener, endpoint: Arc<E>, config: &ServerConfig, shutdown: Shutdown)
where
    E: Endpoint<Output = Response> + 'static,
{
    let slots = Arc::new(Semaphore::new(max_connections(config)));
    let patience = Patience { header: config.header_timeout, idle: config.idle_timeout };
    let mut connections = JoinSet::new();
    let mut pause = Backoff::default();
    let start = |socket: TcpStream, address, permit, connections: &mut JoinSet<()>| {
        let connection = connection(socket, address, Arc::clone(&endpoint), patience, shutdown.clone());
        connections.spawn(async move {
            connection.await;
            drop(permit);
        });
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.begun() => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((socket, address, permit)) => {
                pause = Backoff::default();
                start(socket, address, permit, &mut connections);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                let pause = pause.next();
                tracing::warn!(%error, ?pause, "cannot accept connections");
                tokio::time::sleep(pause).await;
            }
        }
    }
    // Clients in the backlog believe that they are connected: they get their answer too.
    while let Some(Ok((socket, address, permit))) = futures_util::FutureExt::now_or_never(accept(&listener, &slots)) {
        start(socket, address, permit, &mut connections);
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(config.shutdown_drain, drained).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut off, the time to finish them is over");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (socket, address) = listener.accept().await?;
    Ok((socket, address, permit))
}

async fn connection<E>(socket: TcpStream, remote: SocketAddr, endpoint: Arc<E>, patience: Patience, shutdown: Shutdown)
where
    E: Endpoint<Output = Response> + 'static,
{
    // Answers are written whole; waiting to fill a packet only delays them.
    let _ = socket.set_nodelay(true);
    let local = socket.local_addr().map_or_else(|_| LocalAddr::default(), |local| LocalAddr(Addr::SocketAddr(local)));
    let remote = RemoteAddr(Addr::SocketAddr(remote));
    let pulse = Pulse::new();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let in_flight = pulse.request();
        let request = poem::Request::from((request, local.clone(), remote.clone(), Scheme::HTTP));
        let endpoint = Arc::clone(&endpoint);
        async move {
            let response: hyper::Response<BoxBody<bytes::Bytes, io::Error>> =
                endpoint.get_response(request).await.into();
            drop(in_flight);
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(MAX_STREAMS).max_header_list_size(MAX_HEADER_BYTES);
    let io = TokioIo::new(Watched { socket, pulse: Arc::clone(&pulse) });
    let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(io, service));

    tokio::select! {
        // An error is the client's: it went away or does not speak HTTP.
        _ = connection.as_mut() => return,
        () = silence(&pulse, patience) => return,
        () = shutdown.begun() => {}
    }
    if !pulse.has_begun() {
        // A connection so young may have a request on its way; hyper would close it unread.
        let _ = tokio::time::timeout(FIRST_BYTE_AT_SHUTDOWN, connection.as_mut()).await;
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection.as_mut() => {}
        () = silence(&pulse, patience) => {}
    }
}

/// Ends when the connection has been silent for too long.
async fn silence(pulse: &Pulse, patience: Patience) {
    loop {
        let end = pulse.end(patience);
        if end.is_some_and(|end| end <= Instant::now()) {
            return;
        }
        tokio::time::sleep_until(end.unwrap_or_else(|| Instant::now() + patience.header.min(patience.idle))).await;
    }
}

/// Errors that concern the connection that was to be accepted, not the accepting.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// How long to wait before the next try: 50 ms, doubling to a second.
#[derive(Default)]
struct Backoff(u32);

impl Backoff {
    fn next(&mut self) -> Duration {
        let pause = Duration::from_millis(50 << self.0.min(5)).min(Duration::from_secs(1));
        self.0 += 1;
        pause
    }
}

/// One tenth of the files is left to the database, the log and the rest.
fn max_connections(config: &ServerConfig) -> usize {
    let limit = match config.max_connections {
        0 => open_files().unwrap_or(1024) / 10 * 9,
        limit => limit,
    };
    limit.clamp(1, Semaphore::MAX_PERMITS)
}

/// The soft limit of open files, where the system tells it in `/proc`.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use poem::EndpointExt;
    use poem::endpoint::make;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::config::Config;

    fn config() -> ServerConfig {
        let mut config = Config::default().server;
        config.header_timeout = Duration::from_millis(100);
        config.idle_timeout = Duration::from_millis(100);
        config
    }

    struct Running {
        address: SocketAddr,
        shutdown: Shutdown,
        server: JoinHandle<()>,
    }

    async fn start(endpoint: impl Endpoint + 'static, config: ServerConfig) -> Running {
        let listener = bind("127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (shutdown, endpoint) = (Shutdown::default(), Arc::new(endpoint.map_to_response()));
        let switch = shutdown.clone();
        let server = tokio::spawn(async move { serve(listener, endpoint, &config, switch).await });
        Running { address, shutdown, server }
    }

    /// Sends `text` and reads until the server closes the connection.
    async fn exchange(address: SocketAddr, text: &str) -> String {
        let mut socket = TcpStream::connect(address).await.expect("connected");
        socket.write_all(text.as_bytes()).await.expect("sent");
        read_to_end(socket).await
    }

    async fn read_to_end(mut socket: TcpStream) -> String {
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("read");
        answer
    }

    fn hello() -> impl Endpoint + 'static {
        make(|_| async { "hello" })
    }

    #[tokio::test]
    async fn silent_connections_are_closed_before_during_and_after_a_head() {
        let Running { address, .. } = start(hello(), config()).await;
        assert_eq!(exchange(address, "").await, "");
        assert_eq!(exchange(address, "GET / HTTP/1.1\r\nhost: a\r\n").await, "");
        assert_eq!(exchange(address, "PRI * HTT").await, "");
        let answer = exchange(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
    }

    #[tokio::test]
    async fn a_shutdown_finishes_requests_in_flight_and_those_that_wait_to_be_accepted() {
        let (arrived, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let endpoint = make({
            let (arrived, release) = (Arc::clone(&arrived), Arc::clone(&release));
            move |_| {
                let (arrived, release) = (Arc::clone(&arrived), Arc::clone(&release));
                async move {
                    arrived.notify_one();
                    release.notified().await;
                    "done"
                }
            }
        });
        let mut config = config();
        config.header_timeout = Duration::from_secs(10);
        let Running { address, shutdown, server } = start(endpoint, config).await;
        let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        let first = tokio::spawn(async move { exchange(address, request).await });
        arrived.notified().await;
        let mut second = TcpStream::connect(address).await.expect("connected");
        shutdown.begin();
        second.write_all(request.as_bytes()).await.expect("sent");
        arrived.notified().await;
        release.notify_waiters();
        assert!(first.await.expect("no panic").ends_with("done"));
        assert!(read_to_end(second).await.ends_with("done"));
        server.await.expect("no panic");
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_shutdown_does_not_wait_for_ever() {
        let arrived = Arc::new(Notify::new());
        let signal = Arc::clone(&arrived);
        let endpoint = make(move |_| {
            signal.notify_one();
            std::future::pending::<()>()
        });
        let mut config = config();
        config.shutdown_drain = Duration::from_millis(50);
        let Running { address, shutdown, server } = start(endpoint, config).await;
        let client = tokio::spawn(async move { exchange(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await });
        arrived.notified().await;
        shutdown.begin();
        server.await.expect("no panic");
        assert_eq!(client.await.expect("no panic"), "");
    }

    #[tokio::test]
    async fn connections_beyond_the_cap_wait_for_a_slot() {
        let mut config = config();
        config.max_connections = 1;
        let Running { address, .. } = start(hello(), config).await;
        let _silent = TcpStream::connect(address).await.expect("connected");
        let answer = exchange(address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.ends_with("hello"), "served once the silent one was closed: {answer}");
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_what_to_do() {
        let Running { address, .. } = start(hello(), config()).await;
        let error = bind(address).await.expect_err("in use").to_string();
        assert!(error.starts_with(&format!("cannot listen on {address}: it is in use;")), "{error}");
    }

    #[test]
    fn pauses_double_to_a_second() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..7).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
    }

    #[test]
    fn there_is_room_for_more_than_connections() {
        let limit = open_files().expect("Linux tells");
        assert!(max_connections(&Config::default().server) < limit);
    }
}
