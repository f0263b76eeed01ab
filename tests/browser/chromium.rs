//! Chromium without a window, driven through its DevTools protocol.
//!
//! The protocol runs over two pipes, so neither a driver nor a port nor a WebSocket is needed:
//! <https://chromedevtools.github.io/devtools-protocol/>.

use std::{env, path::PathBuf, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// An answer that takes longer than this will not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Chromium that is installed on this machine.
pub(crate) struct Chromium {
    program: PathBuf,
}

impl Chromium {
    pub(crate) fn find() -> Option<Self> {
        let path = env::var_os("PATH")?;
        let program = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)))
            .find(|program| program.is_file())?;
        Some(Self { program })
    }

    /// Starts a fresh browser that reaches this machine only.
    pub(crate) async fn open_tab(&self) -> Tab {
        let profile = TempDir::new().unwrap();
        // Chromium reads commands from descriptor 3 and writes to 4; the shell lends it ours.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null"])
            .arg(&self.program)
            .args(["--remote-debugging-pipe", "--headless", "--no-first-run", "--disable-gpu", "--disable-quic"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // Its sandbox cannot be had by root or in most containers, and the pages are our own.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,1000"])
            // It asks for updates and hints even so; then no name has an address.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();

        let mut tab = Tab {
            commands: process.stdin.take().unwrap(),
            messages: BufReader::new(process.stdout.take().unwrap()),
            process,
            _profile: profile,
            session: None,
            last_id: 0,
            events: Vec::new(),
        };
        let target = tab.command("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        tab.session = Some(tab.command("Target.attachToTarget", attach).await["sessionId"].clone());
        for domain in ["Page", "Network", "Log", "Runtime"] {
            tab.command(&format!("{domain}.enable"), json!({})).await;
        }
        tab
    }
}

/// The one tab of a browser, which ends with it.
pub(crate) struct Tab {
    process: Child,
    commands: ChildStdin,
    messages: BufReader<ChildStdout>,
    session: Option<Value>,
    last_id: u64,
    /// What happened since the last navigation.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Tab {
    /// Opens a page and returns when it and its scripts are loaded.
    pub(crate) async fn navigate(&mut self, url: &str) {
        self.events.clear();
        let answer = self.command("Page.navigate", json!({ "url": url })).await;
        assert_eq!(answer.get("errorText"), None, "{url} cannot be opened");
        while self.events_of("Page.loadEventFired").next().is_none() {
            let event = self.message().await;
            self.events.push(event);
        }
    }

    /// Returns when the expression is true in the page.
    pub(crate) async fn wait_for(&mut self, expression: &str) {
        self.evaluate(&format!(
            "new Promise((resolve, reject) => {{
                const end = performance.now() + 30000;
                (function look() {{
                    if ({expression}) resolve();
                    else if (performance.now() > end) reject('the page never came to it; it says: '
                        + document.body.innerText);
                    else requestAnimationFrame(look);
                }})();
            }})"
        ))
        .await;
    }

    /// The value of an expression in the page, or of the promise it gives.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.command("Runtime.evaluate", parameters).await;
        let failure = &answer["exceptionDetails"]["exception"];
        assert!(failure.is_null(), "{failure} came of {expression}; the console's errors: {:#?}", self.errors());
        answer["result"]["value"].clone()
    }

    /// The address of each request since the navigation.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.events_of("Network.requestWillBeSent").map(|event| text(&event["request"]["url"])).collect()
    }

    /// Errors in the console since the navigation: refused requests and uncaught exceptions too.
    pub(crate) fn errors(&self) -> Vec<String> {
        let logged = self.events_of("Log.entryAdded").map(|event| &event["entry"]).filter(|e| e["level"] == "error");
        let printed = self.events_of("Runtime.consoleAPICalled").filter(|event| event["type"] == "error");
        let thrown = self.events_of("Runtime.exceptionThrown");
        logged.chain(printed).chain(thrown).map(Value::to_string).collect()
    }

    pub(crate) async fn close(mut self) {
        self.session = None;
        self.command("Browser.close", json!({})).await;
        timeout(PATIENCE, self.process.wait()).await.expect("the browser ends when it is told to").unwrap();
    }

    fn events_of(&self, method: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["method"] == method).map(|event| &event["params"])
    }

    async fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut command = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = session.clone();
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).await.unwrap();
        loop {
            let message = self.message().await;
            if message["id"] == self.last_id {
                assert_eq!(message.get("error"), None, "{method}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    async fn message(&mut self) -> Value {
        let mut message = Vec::new();
        let read = self.messages.read_until(0, &mut message);
        timeout(PATIENCE, read).await.expect("the browser answers").unwrap();
        assert_eq!(message.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&message).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
