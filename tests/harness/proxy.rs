//! A proxy that does to a connection what networks do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// What a proxy does with the bytes of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Hands them on.
    Pass,
    /// Hands answers on so much later.
    Delay(Duration),
    /// Accepts connections and keeps every byte; what it kept comes when the fault is over, as TCP would send it again.
    Blackhole,
    /// Closes connections, and new ones at once.
    Refuse,
    /// Hands half of an answer on and closes the connection.
    Cut,
    /// Hands half of an answer on and resets the connection.
    Reset,
    /// Hands answers on with every byte changed.
    Garble,
}

/// A TCP proxy whose fault can be changed at any time; it is gone when it is dropped.
///
/// # Examples
///
/// ```no_run
/// # async fn example(server: std::net::SocketAddr) {
/// use couplet_tests::{Fault, Proxy};
///
/// let proxy = Proxy::start(server).await;
/// let url = format!("redis://{}", proxy.address());
/// proxy.set(Fault::Blackhole);
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    round_trips: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy to `target` that passes everything.
    ///
    /// # Panics
    ///
    /// No port is free.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let fault = watch::Sender::new(Fault::Pass);
        let round_trips = Arc::default();
        let accepting = tokio::spawn(accept(listener, target, fault.subscribe(), Arc::clone(&round_trips)));
        Self { address, fault, round_trips, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the fault, also of connections that are open.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// How often a client has asked, having had an answer to what it asked before.
    pub fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, fault: watch::Receiver<Fault>, round_trips: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(relay(client, target, fault.clone(), Turns::new(&round_trips)));
        while connections.try_join_next().is_some() {}
    }
}

/// Whose turn it is on a connection to say something.
struct Turns {
    is_asked: AtomicBool,
    round_trips: Arc<AtomicU64>,
}

impl Turns {
    fn new(round_trips: &Arc<AtomicU64>) -> Self {
        Self { is_asked: AtomicBool::new(false), round_trips: Arc::clone(round_trips) }
    }

    fn ask(&self) {
        if !self.is_asked.swap(true, Ordering::Relaxed) {
            self.round_trips.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn answer(&self) {
        self.is_asked.store(false, Ordering::Relaxed);
    }
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Close,
    Reset,
}

async fn relay(mut client: TcpStream, target: SocketAddr, fault: watch::Receiver<Fault>, turns: Turns) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    // Small answers would wait for each other otherwise.
    if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
        return;
    }
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let end = tokio::select! {
        end = requests(from_client, to_server, fault.clone(), &turns) => end,
        end = answers(from_server, to_client, fault.clone(), &turns) => end,
        () = reached(fault, |fault| fault == Fault::Refuse) => End::Close,
    };
    if end == End::Reset {
        client.set_zero_linger().expect("an open socket");
    }
}

/// Waits until the fault is one of those; for ever, if the proxy is gone.
async fn reached(mut fault: watch::Receiver<Fault>, is_it: impl Fn(Fault) -> bool) {
    if fault.wait_for(|fault| is_it(*fault)).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn requests(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, fault: watch::Receiver<Fault>, turns: &Turns) -> End {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut bytes).await else { return End::Close };
        turns.ask();
        reached(fault.clone(), |fault| fault != Fault::Blackhole).await;
        if to.write_all(&bytes[..length]).await.is_err() {
            return End::Close;
        }
    }
}

/// Bytes that are to be written at some time, and whether the connection ends then.
type Due = (Instant, Vec<u8>, Option<End>);

async fn answers(from: ReadHalf<'_>, to: WriteHalf<'_>, fault: watch::Receiver<Fault>, turns: &Turns) -> End {
    let (queue, due) = mpsc::unbounded_channel();
    tokio::select! {
        end = take(from, queue, fault, turns) => end,
        end = give(to, due) => end,
    }
}

async fn take(
    mut from: ReadHalf<'_>,
    queue: mpsc::UnboundedSender<Due>,
    fault: watch::Receiver<Fault>,
    turns: &Turns,
) -> End {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut bytes).await else { return End::Close };
        turns.answer();
        reached(fault.clone(), |fault| fault != Fault::Blackhole).await;
        let (now, read) = (Instant::now(), bytes[..length].to_vec());
        let half = read[..length / 2].to_vec();
        let fault = *fault.borrow();
        let due = match fault {
            Fault::Pass | Fault::Blackhole | Fault::Refuse => (now, read, None),
            Fault::Delay(time) => (now + time, read, None),
            Fault::Cut => (now, half, Some(End::Close)),
            Fault::Reset => (now, half, Some(End::Reset)),
            Fault::Garble => (now, read.iter().map(|byte| byte ^ 0x55).collect(), None),
        };
        // The other end of the queue goes with this one.
        let _ = queue.send(due);
    }
}

async fn give(mut to: WriteHalf<'_>, mut queue: mpsc::UnboundedReceiver<Due>) -> End {
    while let Some((at, bytes, end)) = queue.recv().await {
        sleep_until(at).await;
        if to.write_all(&bytes).await.is_err() {
            return End::Close;
        }
        if let Some(end) = end {
            return end;
        }
    }
    End::Close
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::time::timeout;

    use super::*;

    /// Answers every chunk with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn ask(stream: &mut TcpStream, fault: &str) -> std::io::Result<Vec<u8>> {
        stream.write_all(fault.as_bytes()).await?;
        let mut answer = vec![0; fault.len()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn each_fault_does_what_it_says() {
        let proxy = Proxy::start(echo().await).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream, "pass").await.unwrap(), b"pass");

        proxy.set(Fault::Delay(Duration::from_millis(100)));
        let began = Instant::now();
        assert_eq!(ask(&mut stream, "late").await.unwrap(), b"late");
        assert!(began.elapsed() >= Duration::from_millis(100));

        proxy.set(Fault::Garble);
        assert_ne!(ask(&mut stream, "other").await.unwrap(), b"other");

        proxy.set(Fault::Blackhole);
        let mut asked = Box::pin(ask(&mut stream, "kept"));
        assert!(timeout(Duration::from_millis(50), &mut asked).await.is_err());
        proxy.set(Fault::Pass);
        assert_eq!(asked.await.unwrap(), b"kept");

        proxy.set(Fault::Refuse);
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(refused.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_asked_after_an_answer_is_one_more_round_trip() {
        let proxy = Proxy::start(echo().await).await;
        let mut streams = [(); 2].map(|()| None);
        for expected in 1..=4 {
            let stream = &mut streams[expected % 2];
            if stream.is_none() {
                *stream = Some(TcpStream::connect(proxy.address()).await.unwrap());
            }
            ask(stream.as_mut().unwrap(), "again").await.unwrap();
            assert_eq!(proxy.round_trips(), expected as u64);
        }
    }

    #[tokio::test]
    async fn an_answer_is_cut_or_reset_in_its_middle() {
        let proxy = Proxy::start(echo().await).await;
        for (fault, expected) in [(Fault::Cut, ErrorKind::UnexpectedEof), (Fault::Reset, ErrorKind::ConnectionReset)] {
            proxy.set(fault);
            let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
            assert_eq!(ask(&mut stream, "in two").await.unwrap_err().kind(), expected, "{fault:?}");
        }
    }
}
