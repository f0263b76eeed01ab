//! A binary of this workspace as a process: one that serves, or one that runs to its end.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::client::Client;

/// A debug build fills its first database before it is ready.
const READY_WITHIN: Duration = Duration::from_secs(180);
const ENDS_WITHIN: Duration = Duration::from_secs(300);

/// A command of one of this workspace's binaries, run in an empty folder, without the settings of the caller's
/// environment.
#[derive(Debug)]
pub struct Program {
    command: Command,
    folder: TempDir,
}

impl Program {
    /// The workspace's binary `name`, built if need be.
    ///
    /// # Panics
    ///
    /// It does not build.
    pub fn new(name: &str) -> Self {
        Self::at(binaries().join(name))
    }

    /// Any other program.
    ///
    /// # Panics
    ///
    /// The folder for temporary files cannot be written.
    pub fn at(path: impl AsRef<Path>) -> Self {
        let folder = TempDir::with_prefix("couplet-program.").expect("a temporary folder");
        let mut command = Command::new(path.as_ref());
        command.current_dir(folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            let setting = ["DATABASE_URL", "REDIS_URL", "BIND", "RUST_LOG"].iter().any(|setting| name == *setting);
            if setting || name.to_string_lossy().starts_with("COUPLET_") {
                command.env_remove(&name);
            }
        }
        Self { command, folder }
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// It cannot be started, or has not ended after five minutes.
    pub async fn run(self) -> Finished {
        self.start().finish(ENDS_WITHIN).await
    }

    /// Starts it on a free port and waits until `/health/ready` says 200. It must print its address, as in
    /// `http://127.0.0.1:41234`.
    ///
    /// # Panics
    ///
    /// With what it printed, if it ends or is not ready in time.
    pub async fn serve(self) -> Service {
        let mut process = self.env("BIND", "127.0.0.1:0").start();
        match timeout(READY_WITHIN, process.ready()).await {
            Ok(Some(client)) => Service { process, client },
            Ok(None) => panic!("it ended instead of serving: {}", process.finish(ENDS_WITHIN).await),
            Err(_) => panic!("not ready after {READY_WITHIN:?}:\n{}", process.output.text()),
        }
    }

    fn start(mut self) -> Process {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", self.command));
        let output = Output::default();
        let mut readers = JoinSet::new();
        readers.spawn(output.clone().collect(child.stdout.take().expect("stdout is piped")));
        readers.spawn(output.clone().collect(child.stderr.take().expect("stderr is piped")));
        Process { child, output, readers, _folder: self.folder }
    }
}

/// A program that serves; it is killed when this is dropped.
pub struct Service {
    process: Process,
    client: Client,
}

impl Service {
    /// A client of it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        self.process.output.text()
    }

    /// Tells it to end with SIGTERM and waits until it has.
    ///
    /// # Panics
    ///
    /// It has not ended after `within`.
    pub async fn stop(self, within: Duration) -> Finished {
        let id = self.process.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            kill_process(id, Signal::TERM).expect("the child is ours and not yet waited for");
        }
        self.process.finish(within).await
    }
}

/// How a program ended, and what it printed.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed to stdout and stderr.
    pub output: String,
    /// How long that took from the moment when it was waited for.
    pub took: Duration,
}

impl Finished {
    /// The result itself, if the exit code is the one expected.
    ///
    /// # Panics
    ///
    /// With the output, if it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(self.status.code() == Some(code), "expected exit code {code}, got: {self}");
        self
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {:?}\n{}", self.status, self.took, self.output)
    }
}

struct Process {
    child: Child,
    output: Output,
    readers: JoinSet<()>,
    _folder: TempDir,
}

impl Process {
    /// A client once the program is ready, `None` if it ends before.
    async fn ready(&mut self) -> Option<Client> {
        let mut address = self.output.address.subscribe();
        let base = tokio::select! {
            base = address.wait_for(Option::is_some) => base.ok()?.clone()?,
            _ = self.child.wait() => return None,
        };
        let client = Client::new(base);
        while self.child.try_wait().ok()?.is_none() {
            let asked = client.request(reqwest::Method::GET, "/health/ready").send().await;
            if asked.is_ok_and(|answer| answer.status() == 200) {
                return Some(client);
            }
            sleep(Duration::from_millis(20)).await;
        }
        None
    }

    async fn finish(mut self, within: Duration) -> Finished {
        let began = Instant::now();
        let ended = timeout(within, async {
            let status = self.child.wait().await.expect("the child is ours");
            while self.readers.join_next().await.is_some() {}
            status
        });
        match ended.await {
            Ok(status) => Finished { status, output: self.output.text(), took: began.elapsed() },
            Err(_) => panic!("still running after {within:?}:\n{}", self.output.text()),
        }
    }
}

/// What a program prints, and the first address in it.
#[derive(Clone)]
struct Output {
    text: Arc<Mutex<String>>,
    address: watch::Sender<Option<String>>,
}

impl Default for Output {
    fn default() -> Self {
        Self { text: Arc::default(), address: watch::Sender::new(None) }
    }
}

impl Output {
    async fn collect(self, stream: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if self.address.borrow().is_none()
                && let Some(found) = address(&line)
            {
                self.address.send_replace(Some(found));
            }
            let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&line);
            text.push('\n');
        }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn address(line: &str) -> Option<String> {
    const BASE: &str = "http://127.0.0.1:";
    let (_, rest) = line.split_once(BASE)?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty()).then(|| format!("{BASE}{port}"))
}

/// The folder with the workspace's binaries. `cargo test` does not build those of other packages; the whole workspace
/// is named, because a part of it would want its dependencies with other features, and build them again.
fn binaries() -> &'static Path {
    static BINARIES: OnceLock<PathBuf> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = std::process::Command::new(cargo);
        build.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        let test = std::env::current_exe().expect("the test's own path");
        let folder = test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "the binaries do not build");
        folder.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::signal::unix::{SignalKind, signal};

    use super::*;

    /// Plays a service when the tests below start this test binary.
    #[tokio::test]
    #[ignore = "runs until SIGTERM"]
    async fn service() {
        let mut term = signal(SignalKind::terminate()).unwrap();
        let listener = TcpListener::bind(std::env::var("BIND").unwrap()).await.unwrap();
        println!("serving http://{}/docs", listener.local_addr().unwrap());
        loop {
            tokio::select! {
                connection = listener.accept() => {
                    let (mut stream, _) = connection.unwrap();
                    let _ = stream.read(&mut [0; 1024]).await.unwrap();
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await.unwrap();
                }
                _ = term.recv() => return,
            }
        }
    }

    fn this() -> Program {
        let program = Program::at(std::env::current_exe().unwrap());
        ["--ignored", "--exact", "--nocapture", "program::tests::service"].into_iter().fold(program, Program::arg)
    }

    #[tokio::test]
    async fn a_service_answers_until_it_is_told_to_end() {
        let service = this().serve().await;
        let client = service.client().clone();
        client.get("/").await.expect(200);
        let finished = service.stop(Duration::from_secs(10)).await.expect(0);
        assert!(finished.output.contains("serving http://127.0.0.1:"), "{finished}");
        assert!(client.request(reqwest::Method::GET, "/").send().await.is_err(), "nobody listens");
    }

    #[tokio::test]
    #[should_panic(expected = "it ended instead of serving")]
    async fn a_service_that_ends_is_shown_with_its_output() {
        Program::at("/bin/sh").arg("-c").arg("echo no port >&2; exit 1").serve().await;
    }

    #[tokio::test]
    async fn a_command_runs_to_its_end_in_an_empty_folder() {
        let finished = Program::at("/bin/sh").arg("-c").arg("ls; echo $WORD; exit 3").env("WORD", "said").run().await;
        assert_eq!(finished.expect(3).output, "said\n");
    }

    #[test]
    fn an_address_is_found_in_a_line_of_a_log() {
        assert_eq!(address("API  http://127.0.0.1:41234/docs").unwrap(), "http://127.0.0.1:41234");
        assert_eq!(address(r#"{"url":"http://127.0.0.1:80"}"#).unwrap(), "http://127.0.0.1:80");
        assert_eq!(address("http://127.0.0.1:/"), None);
        assert_eq!(address("http://0.0.0.0:80"), None);
    }
}
