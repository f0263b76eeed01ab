//! A Redis server for tests, and what can happen to one.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The script's exit code where Redis is not installed.
const NOT_INSTALLED: i32 = 69;

/// Time for a server to answer.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A Redis server of the test's own, on a port and in a folder of its own. It keeps nothing on disk unless it is told to.
///
/// It hangs on a pipe that this process holds, so that it is gone when the process is, however that ends.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    keeper: Child,
    id: Pid,
}

impl RedisServer {
    /// Starts a server. `None` where Redis is not installed; the tests that need it say so once and are skipped.
    ///
    /// # Panics
    ///
    /// Redis is installed and does not start, as all below.
    pub async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// Starts a server with more options, such as `["--requirepass", "hunter2"]`.
    pub async fn start_with(options: &[&str]) -> Option<Self> {
        // A port that was free may be taken before the server has it.
        for _ in 0..20 {
            let mut server = Self::down()?.with(options);
            if server.launch().await {
                return Some(server);
            }
        }
        panic!("redis-server finds no port");
    }

    /// A server that is not running yet, but has its port. `None` where Redis is not installed.
    pub fn down() -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        Some(Self {
            folder: TempDir::with_prefix("couplet-redis.").expect("a temporary folder"),
            port: port.expect("a free port").port(),
            options: Vec::new(),
            running: None,
        })
    }

    /// The same with more options.
    #[must_use]
    pub fn with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|option| (*option).to_owned()));
        self
    }

    /// The URL that `REDIS_URL` takes.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Lets it hang, with SIGSTOP: it accepts connections and bytes, and answers nothing.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on, with SIGCONT.
    pub fn cont(&self) {
        self.signal(Signal::CONT);
    }

    /// Starts it on its port again, empty.
    pub async fn restart(&mut self) {
        self.kill();
        let _ = std::fs::remove_file(self.dump());
        assert!(self.launch().await, "redis-server does not start on port {}", self.port);
    }

    /// Starts it on its port again, with what it held when `dump` was [saved](Self::save). It may still be loading it.
    pub async fn restart_from(&mut self, dump: &[u8]) {
        self.kill();
        std::fs::write(self.dump(), dump).expect("the folder can be written");
        assert!(self.launch().await, "redis-server does not start on port {}", self.port);
    }

    /// What it holds, as it writes it to disk.
    pub async fn save(&self) -> Vec<u8> {
        assert_eq!(self.command(&["SAVE"]).await, "+OK");
        std::fs::read(self.dump()).expect("the server has written it")
    }

    /// Sends a command over a connection of its own. The answer is as it came, without the line's end: `+OK`, `:1`,
    /// `-ERR ..`; of a text it is the text.
    pub async fn command(&self, words: &[&str]) -> String {
        self.command_as(None, words).await
    }

    /// Sends a command as one who knows the password.
    pub async fn command_as(&self, password: Option<&str>, words: &[&str]) -> String {
        let asking = async {
            let mut connection = TcpStream::connect(self.address()).await?;
            if let Some(password) = password {
                ask(&mut connection, &["AUTH", password]).await?;
            }
            ask(&mut connection, words).await
        };
        let answer = timeout(READY_WITHIN, asking).await;
        answer.unwrap_or_else(|_| panic!("no answer to {words:?}")).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    fn dump(&self) -> PathBuf {
        self.folder.path().join("dump.rdb")
    }

    fn signal(&self, signal: Signal) {
        let running = self.running.as_ref().expect("it is running");
        kill_process(running.id, signal).expect("the server is ours and not yet waited for");
    }

    /// Runs it until it answers; false if it ends before.
    async fn launch(&mut self) -> bool {
        let mut command = keeper();
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--loglevel", "warning", "--logfile", "redis.log", "--dir"]).arg(self.folder.path());
        let mut keeper = command.args(&self.options).spawn().expect("bash runs the script");
        let mut line = String::new();
        let stdout = keeper.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the script prints UTF-8");
        let id = line.trim_end().parse().ok().and_then(Pid::from_raw).expect("the script prints a process id");
        let running = self.running.insert(Running { keeper, id });
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let answering = async {
            while running.keeper.try_wait().expect("the script is ours").is_none() {
                // An error is an answer, as while it is loading.
                if let Ok(mut connection) = TcpStream::connect(address).await
                    && ask(&mut connection, &["PING"]).await.is_ok()
                {
                    return true;
                }
                sleep(Duration::from_millis(5)).await;
            }
            false
        };
        let answers = timeout(READY_WITHIN, answering).await.unwrap_or_else(|_| panic!("redis-server does not answer"));
        if !answers {
            self.running = None;
        }
        answers
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn keeper() -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/redis.sh"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn is_installed() -> bool {
    static TOLD: Once = Once::new();
    let status = keeper().arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    if status.expect("bash runs the script").code() != Some(NOT_INSTALLED) {
        return true;
    }
    // Past the test runner, which keeps what a passing test prints to itself.
    TOLD.call_once(|| drop(writeln!(std::io::stderr(), "Redis is not installed: its tests are skipped")));
    false
}

/// Sends a command and reads its answer: a line, or a text.
async fn ask(connection: &mut TcpStream, words: &[&str]) -> std::io::Result<String> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command += &format!("${}\r\n{word}\r\n", word.len());
    }
    connection.write_all(command.as_bytes()).await?;
    let line = line(connection).await?;
    match line.strip_prefix('$').and_then(|length| length.parse::<usize>().ok()) {
        None => Ok(line),
        Some(length) => {
            let mut text = vec![0; length + 2];
            connection.read_exact(&mut text).await?;
            text.truncate(length);
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
    }
}

async fn line(connection: &mut TcpStream) -> std::io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(connection.read_u8().await?);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_killed_comes_back_empty_or_as_it_was_saved() {
        let Some(mut server) = RedisServer::start().await else { return };
        assert_eq!(server.command(&["SET", "a", "one"]).await, "+OK");
        let dump = server.save().await;
        server.kill();
        assert!(TcpStream::connect(server.address()).await.is_err(), "nobody listens");
        server.restart().await;
        assert_eq!(server.command(&["GET", "a"]).await, "$-1");
        server.restart_from(&dump).await;
        assert_eq!(server.command(&["GET", "a"]).await, "one");
    }

    #[tokio::test]
    async fn a_server_that_hangs_goes_on_where_it_was() {
        let Some(server) = RedisServer::start().await else { return };
        server.stop();
        let asked = server.command(&["INCR", "n"]);
        tokio::pin!(asked);
        assert!(timeout(Duration::from_millis(50), &mut asked).await.is_err(), "it accepts and does not answer");
        server.cont();
        assert_eq!(asked.await, ":1");
    }

    #[tokio::test]
    async fn a_server_goes_with_its_value() {
        let Some(server) = RedisServer::start_with(&["--requirepass", "hunter2"]).await else { return };
        let address = server.address();
        assert_eq!(server.command(&["PING"]).await, "-NOAUTH Authentication required.");
        assert_eq!(server.command_as(Some("hunter2"), &["PING"]).await, "+PONG");
        drop(server);
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
    }
}
