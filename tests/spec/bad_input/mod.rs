//! Input that is wrong in every way: each request has its exact status and codes, no statement is executed for what
//! cannot be read, and the server answers afterwards as before.
//!
//! `problems.txt` has every problem to the letter. After a change of wording `UPDATE_EXPECT=1` writes it anew.

mod cursors;
mod features;
mod seats;
mod shapes;
mod tables;

use couplet_tests::{TestDatabase, on_each_database};
use expect_test::expect_file;
use serde_json::json;

use cursors::cursors;
use features::features;
use seats::{Guest, Seat};
use shapes::{bodies_in_other_ways, long_and_many, shapes};
use tables::{BODIES, QUERIES, SEARCHES, TARGETS};

use super::raw::{RawAnswer, exchange};
use super::support::{app, start, start_app};

/// A request, the status of its answer and the codes of the mistakes that it names.
struct Case {
    request: Vec<u8>,
    status: u16,
    codes: &'static str,
    /// Only rows, hooks or an earlier request show the mistake.
    asks: bool,
}

impl Case {
    fn asking(self) -> Self {
        Self { asks: true, ..self }
    }
}

fn case(request: impl AsRef<[u8]>, status: u16, codes: &'static str) -> Case {
    Case { request: request.as_ref().to_vec(), status, codes, asks: matches!(status, 403 | 404 | 409 | 412) }
}

/// A request without a body.
fn bare(method: &str, target: &str, status: u16, codes: &'static str) -> Case {
    case(format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"), status, codes)
}

fn with_body(method: &str, target: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{content_type}content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn json(method: &str, target: &str, body: impl AsRef<[u8]>, status: u16, codes: &'static str) -> Case {
    case(with_body(method, target, "content-type: application/json\r\n", body.as_ref()), status, codes)
}

fn chunked(method: &str, target: &str, body: &[u8], status: u16, codes: &'static str) -> Case {
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n",
        body.len()
    );
    case([head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat(), status, codes)
}

fn cases() -> Vec<Case> {
    let lists = QUERIES.iter().map(|(query, codes)| bare("GET", &format!("/things?{query}"), 400, codes));
    let bodies = BODIES.iter().map(|(body, status, codes)| json("POST", "/things", body, *status, codes));
    let searches = SEARCHES.iter().map(|(body, status, codes)| json("POST", "/things/search", body, *status, codes));
    let targets = TARGETS.iter().map(|(method, target, status, codes)| bare(method, target, *status, codes));
    let mut cases: Vec<Case> = lists.chain(bodies).chain(searches).chain(targets).collect();
    cases.extend(long_and_many());
    cases.extend(bodies_in_other_ways());
    cases.extend(shapes());
    cases.extend(features());
    cases
}

on_each_database! {
    async fn bad_requests_get_their_exact_answers(database: TestDatabase) {
        let app = app(database.url()).resource::<Seat>().resource::<Guest>();
        let (app, client) = start_app(app).await;
        seats::fill(&client).await;
        let mut cases = cases();
        cases.extend(cursors(&client).await);
        assert!(cases.len() >= 700, "{}", cases.len());
        let mut wrong = Vec::new();
        let mut problems = String::new();
        for case in &cases {
            let answer = exchange(app.address(), &case.request).await;
            let shown = String::from_utf8_lossy(&case.request[..case.request.len().min(300)]).into_owned();
            if (answer.status, answer.codes().as_str()) != (case.status, case.codes) {
                wrong.push(format!(
                    "expected {} {:?}, got {} {:?}: {shown:?}\n    {}",
                    case.status, case.codes, answer.status, answer.codes(), answer.body
                ));
            }
            if answer.body.len() > 64 * 1024 {
                wrong.push(format!("{} bytes of an answer: {shown:?}", answer.body.len()));
            }
            if answer.body.contains("HTTP/1.1 ") {
                wrong.push(format!("answered twice: {shown:?}"));
            }
            problems.push_str(&line(case, &answer));
            // Only what can be read is worth a statement.
            let asked = answer.head.contains("db;desc=") && !answer.head.contains("db;desc=\"0 ");
            if asked && !case.asks {
                wrong.push(format!("the database was asked: {shown:?}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
        expect_file!["problems.txt"].assert_eq(&problems);

        let list = client.get("/things?sort=id").await.expect(200);
        assert_eq!(list["/meta/total"], 2, "nothing was written");
        for (path, rows) in [("/seats?deleted=include", 4), ("/guests", 1), ("/tickets", 2), ("/labels", 2), ("/owners", 1)] {
            assert_eq!(client.get(path).await.expect(200)["/meta/total"], rows, "{path}");
        }
        let seat = client.get("/seats/1").await.expect(200);
        assert_eq!((&seat["/version"], &seat["/price"]), (&json!(1), &json!(1)));
        let metrics = client.get("/metrics").await.expect(200).text();
        let in_progress = metrics.lines().filter(|line| line.starts_with("http_requests_in_progress{"));
        for line in in_progress.filter(|line| !line.contains("/metrics")) {
            assert!(line.ends_with(" 0"), "{line}");
        }
        let failed = metrics.lines().find(|line| line.contains("status_code=\"5"));
        assert_eq!(failed, None);
        app.stop().await.unwrap();
    }
}

/// A request, as far as it can be told apart from the others, and its problem but for the request's id.
fn line(case: &Case, answer: &RawAnswer) -> String {
    let text = String::from_utf8_lossy(&case.request);
    let told = |line: &&str| line.starts_with("if-") || line.starts_with("idempotency-");
    let headers: String = text
        .split("\r\n")
        .take_while(|line| !line.is_empty())
        .filter(told)
        .map(|line| format!("{}\n", line.escape_default()))
        .collect();
    let head = case.request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let body = case.request.windows(4).position(|end| end == b"\r\n\r\n").map_or(&[][..], |at| &case.request[at + 4..]);
    let [head, body] = [head, body].map(|part| part[..part.len().min(120)].escape_ascii().to_string());
    let body = if body.is_empty() { body } else { format!("{body}\n") };
    let problem = answer.problem().map_or(answer.status.to_string(), |problem| problem.to_string());
    format!("{head}\n{headers}{body}{problem}\n\n")
}

#[tokio::test]
async fn a_hidden_column_answers_as_one_that_does_not_exist() {
    let (app, client) = start(&TestDatabase::sqlite()).await;
    let errors = async |name: &str| {
        let mut errors = Vec::new();
        for option in ["{}=x", "{}__isnull=true", "sort={}"] {
            let query = format!("/owners?include=things&include.things.{option}").replace("{}", name);
            errors.push(client.get(&query).await.expect(400)["/errors"].to_string().replace(name, "{}"));
        }
        for query in ["{}=x", "{}__isnull=true", "sort={}", "sort=name,-{}", "include={}", "include=owner.{}"] {
            let answer = client.get(&format!("/things?{}", query.replace("{}", name))).await.expect(400);
            errors.push(answer["/errors"].to_string().replace(name, "{}"));
        }
        for body in [json!({name: "x"}), json!({name: null}), json!({"name": 1, name: {}})] {
            errors.push(client.post("/things", &body).await.expect(422)["/errors"].to_string().replace(name, "{}"));
            errors.push(client.patch("/things/1", &body).await.expect(422)["/errors"].to_string().replace(name, "{}"));
        }
        errors
    };
    assert_eq!(errors("note").await, errors("nope").await);
    app.stop().await.unwrap();
}
