//! Whole apps on real sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use couplet_macros::{Model, Resource};

use super::clap::Command;
use super::{App, cli};
use crate::config::Config;
use crate::crud::Records;
use crate::db::Database;
use crate::error::Result;
use crate::sql::{Dialect, Migration};

/// A label.
#[derive(Model, Resource)]
pub(super) struct Label {
    /// The key.
    pub id: i64,
    /// What it says.
    #[field(filter)]
    pub name: String,
}

fn config() -> Config {
    let mut config = Config::default();
    config.server.bind = "127.0.0.1:0".parse().expect("an address");
    config.database.url = "sqlite::memory:".into();
    config
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut socket = TcpStream::connect(address).await.expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("read");
    answer
}

#[tokio::test]
async fn a_pattern_that_is_no_regular_expression_stops_the_start() {
    /// A code.
    #[derive(Model)]
    pub(super) struct Code {
        /// The key.
        pub id: i64,
        /// What it says.
        #[field(pattern = "(")]
        pub text: String,
    }
    let Err(error) = App::new(config()).model::<Code>().start().await else { unreachable!("it has no meaning") };
    assert!(error.to_string().starts_with("the pattern of Code.text is no regular expression"), "{error}");
}

#[tokio::test]
async fn a_filter_whose_path_leads_nowhere_stops_the_start() {
    /// A box in a box.
    #[derive(Model, Resource)]
    #[model(table = "boxes")]
    #[resource(filter = ["outer.label.nam", "outer.outer.size"])]
    pub(super) struct Box {
        /// The key.
        pub id: i64,
        /// What it says.
        pub size: i32,
        /// The label on it.
        pub label_id: i64,
        /// The label on it.
        #[relation]
        pub label: crate::model::BelongsTo<Label>,
        /// What it stands in.
        pub outer_id: Option<i64>,
        /// What it stands in.
        #[relation]
        pub outer: crate::model::BelongsTo<Box>,
    }
    let Err(error) = App::new(config()).resource::<Box>().start().await else { unreachable!("the paths are wrong") };
    assert_eq!(
        error.to_string(),
        "the filter \"outer.label.nam\" of Box leads nowhere: Label has no filter \"nam\"; did you mean \"name\"? filters: name\n\
         the filter \"outer.outer.size\" of Box leads nowhere: Box.size declares no filter; add `#[field(filter)]` to it"
    );
}

/// What an app with [`Label`] does not take.
mod clashing {
    use super::{Model, Resource};

    /// Another label.
    #[derive(Model, Resource)]
    #[model(table = "others")]
    #[resource(path = "others")]
    pub(crate) struct Label {
        /// The key.
        pub id: i64,
    }

    /// A label of the same table.
    #[derive(Model)]
    #[model(table = "labels")]
    pub(crate) struct Sticker {
        /// The key.
        pub id: i64,
    }

    /// Named as a page of labels.
    #[derive(Model)]
    pub(crate) struct LabelPage {
        /// The key.
        pub id: i64,
    }

    /// A resource that stands in the framework's way.
    #[derive(Model, Resource)]
    #[resource(path = "metrics")]
    pub(crate) struct Metric {
        /// The key.
        pub id: i64,
    }
}

#[tokio::test]
async fn what_clashes_stops_the_start() {
    async fn refused(app: App) -> String {
        match app.start().await {
            Err(error) => error.to_string(),
            Ok(_) => unreachable!("a clash stops the start"),
        }
    }
    let app = || App::new(config()).resource::<Label>();
    let said = refused(app().resource::<clashing::Label>()).await;
    assert_eq!(said, "two models are named `Label`; rename one of the structs");
    let said = refused(app().model::<clashing::Sticker>()).await;
    assert!(said.starts_with("`Label` and `Sticker` both have the table `labels`"), "{said}");
    let said = refused(app().model::<clashing::LabelPage>()).await;
    assert!(said.contains("two schemas of the specification are named LabelPage"), "{said}");
    let said = refused(app().resource::<clashing::Metric>()).await;
    assert!(said.starts_with("GET /metrics is served by the framework itself"), "{said}");
}

#[tokio::test]
async fn a_view_may_come_before_the_tables_that_it_shows() {
    /// Labels by their first letter.
    #[derive(Model)]
    #[model(view)]
    pub(super) struct Initial {
        /// The letter.
        #[field(key)]
        pub letter: String,
    }
    let migration = Migration {
        dialect: Dialect::Sqlite,
        version: 1,
        description: "initials",
        sql: "CREATE VIEW initials AS SELECT DISTINCT CAST(substr(name, 1, 1) AS TEXT) AS letter FROM labels",
    };
    let app = App::new(config()).resource::<Label>().model::<Initial>().migrations(&[migration]);
    let app = app.start().await.expect("started");
    Label::create(NewLabel::new("poetry"), app.database()).await.expect("created");
    let initials = Initial::query().fetch(app.database()).await.expect("read").items;
    assert_eq!(initials[0].letter, "p");
    app.stop().await.expect("stopped");
}

#[tokio::test]
async fn two_apps_live_in_one_process_and_share_nothing() {
    let one = App::new(config()).resource::<Label>().start().await.expect("started");
    let two = App::new(config()).start().await.expect("started");
    let list = get(one.address(), "/labels").await;
    assert!(list.starts_with("HTTP/1.1 200 OK"), "{list}");
    assert!(list.to_lowercase().contains("server-timing: db;desc=\""), "{list}");
    assert!(get(two.address(), "/labels").await.starts_with("HTTP/1.1 404 "));
    let (metrics, other) = (get(one.address(), "/metrics").await, get(two.address(), "/metrics").await);
    let counted = r#"http_requests_total{endpoint="/labels",method="GET",status_code="200"} 1"#;
    assert!(metrics.contains(counted) && !other.contains(counted), "{metrics}");
    assert!(get(one.address(), "/").await.contains("location: /docs"));
    one.stop().await.expect("stopped");
    two.stop().await.expect("stopped");
}

#[tokio::test]
async fn metrics_move_to_the_private_listener() {
    let mut config = config();
    config.server.admin_bind = Some(config.server.bind);
    let app = App::new(config).start().await.expect("started");
    assert!(get(app.address(), "/metrics").await.starts_with("HTTP/1.1 404 "));
    let metrics = get(app.admin_address().expect("bound"), "/metrics").await;
    assert!(metrics.contains("process_resident_memory_bytes"), "{metrics}");
    app.stop().await.expect("stopped");
}

#[tokio::test]
async fn an_empty_database_is_seeded_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    config.database.url = format!("sqlite://{}", folder.path().join("app.db").display()).into();
    let seeds = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let seeds = Arc::clone(&seeds);
        let app = App::new(config.clone()).resource::<Label>().seed(async move |database: Database| {
            seeds.fetch_add(1, Ordering::Relaxed);
            Label::create(NewLabel { name: "first".to_owned() }, &database).await.map(drop)
        });
        let app = app.start().await.expect("started");
        assert!(get(app.address(), "/labels").await.contains(r#""name":"first""#));
        app.stop().await.expect("stopped");
    }
    assert_eq!(seeds.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_app_whose_database_is_not_there_yet_is_live_and_not_ready() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut config = config();
    config.database.url = format!("postgres://me:hunter2@{}/app", closed.local_addr().expect("an address")).into();
    drop(closed);
    let app = App::new(config).resource::<Label>().start().await.expect("started");
    assert!(get(app.address(), "/health/live").await.starts_with("HTTP/1.1 200 "));
    let ready = get(app.address(), "/health/ready").await;
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains(r#""database":"down""#), "{ready}");
    let list = get(app.address(), "/labels").await;
    assert!(list.starts_with("HTTP/1.1 503 ") && list.contains("retry-after: 1"), "{list}");
    assert!(!list.contains("hunter2"));
    app.stop().await.expect("stopped");
}

async fn run(app: App, arguments: &[&str]) -> Result<()> {
    cli::run(app, std::iter::once("app").chain(arguments.iter().copied()).map(Into::into)).await
}

#[tokio::test]
async fn the_command_line_is_refused_in_one_line() {
    let error = run(App::new(config()), &["migrat"]).await.expect_err("no such command").to_string();
    assert!(error.contains("migrat") && error.contains("migrate") && !error.contains('\n'), "{error}");
    run(App::new(config()), &["--help"]).await.expect("help is no error");
}

#[tokio::test]
async fn a_command_gets_its_arguments_and_a_database_with_tables() {
    let command = || Command::new("import").arg(clap::Arg::new("goodbooks").long("goodbooks").required(true));
    let app = App::new(config()).resource::<Label>().command(command(), async |context| {
        assert_eq!(context.arguments.get_one::<String>("goodbooks").map(String::as_str), Some("data"));
        Label::create(NewLabel { name: "imported".to_owned() }, &context.database).await.map(drop)
    });
    run(app, &["import", "--goodbooks", "data"]).await.expect("the command succeeds");

    let twice = App::new(config()).command(command(), async |_| Ok(())).command(command(), async |_| Ok(()));
    let error = run(twice, &[]).await.expect_err("a clash").to_string();
    assert_eq!(error, "two commands are named `import`; rename one of them");
}

#[tokio::test]
async fn a_chunked_body_is_refused_once_it_is_too_large() {
    let mut config = config();
    config.server.body_limit = 1024;
    let app = App::new(config).resource::<Label>().start().await.expect("started");
    let mut socket = TcpStream::connect(app.address()).await.expect("connected");
    let head =
        "POST /labels HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("400\r\n{}\r\n", " ".repeat(0x400));
    socket.write_all(format!("{head}{chunk}1\r\n \r\n").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("read");
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("application/problem+json"), "{answer}");
    app.stop().await.expect("stopped");
}
