//! A place where an app is served, which may be empty for a while.

use couplet_tests::Client;
use tokio::sync::watch;

/// Who serves there now. Two with different `life` are not the same process.
#[derive(Debug, Clone)]
pub struct Serving {
    pub life: usize,
    pub client: Client,
    /// What its connections to PostgreSQL are called.
    pub name: String,
}

/// An instance that workers ask, and that a nemesis may kill and start again.
#[derive(Debug)]
pub struct Instance(watch::Sender<Option<Serving>>);

/// How a request ended.
pub enum Answered {
    Status(u16, serde_json::Value),
    /// The process was killed before the answer came.
    Killed(Serving),
    /// No answer, though nobody killed it.
    Broken(String),
}

impl Instance {
    pub fn new(serving: Option<Serving>) -> Self {
        Self(watch::Sender::new(serving))
    }

    pub fn set(&self, serving: Option<Serving>) {
        self.0.send_replace(serving);
    }

    /// Who serves, as soon as somebody does.
    pub async fn serving(&self) -> Serving {
        let mut serving = self.0.subscribe();
        serving.wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }

    fn is(&self, life: usize) -> bool {
        self.0.borrow().as_ref().is_some_and(|serving| serving.life == life)
    }

    /// Asks whoever serves there.
    pub async fn ask(&self, serving: Serving, request: reqwest::RequestBuilder) -> Answered {
        let answered = async {
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        };
        match answered.await {
            Ok((status, bytes)) => Answered::Status(status, serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(_) if !self.is(serving.life) => Answered::Killed(serving),
            Err(error) => Answered::Broken(format!("{error:?}")),
        }
    }
}
