//! The documentation pages in a real browser: they show the API, reach only their own server, and can try it out.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod chromium;

use std::time::Duration;

use couplet_tests::Program;
use serde_json::Value;

use chromium::{Chromium, Tab};

/// The text of a page as a reader sees it, in the shadow trees of web components too.
const TEXT: &str = "(function text(node) {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (['SCRIPT', 'STYLE'].includes(node.nodeName)) return '';
    return [...(node.shadowRoot ?? node).childNodes].map(text).join(' ');
})(document.getElementById('ui'))";

/// The first element that a selector matches, in the shadow trees of web components too.
const FIND: &str = "(function find(tree, selector) {
    return tree.querySelector(selector) ?? [...tree.querySelectorAll('*')]
        .map(element => element.shadowRoot && find(element.shadowRoot, selector)).find(Boolean);
})";

const LIST_ANSWERED: &str = "performance.getEntriesByType('resource')
    .some(answer => new URL(answer.name).pathname === '/books' && answer.responseStatus === 200)";

/// Without a browser on this machine it says so and checks nothing.
#[tokio::test]
async fn the_pages_of_the_example_app_work_offline() {
    let Some(browser) = Chromium::find() else {
        println!("skipped: no Chromium found; on Debian, `apt install chromium` brings it");
        return;
    };
    let app = Program::new("example-app").serve().await;
    check_pages(&browser, app.client().base()).await;
    app.stop(Duration::from_secs(10)).await.expect(0);
}

/// Opens every documentation page of the app at `base_url`, which must have `GET /books` in its specification.
async fn check_pages(browser: &Chromium, base_url: &str) {
    let mut tab = browser.open_tab().await;
    let list = list_operation(base_url).await;
    let summary = &list["summary"];
    let tag = list["tags"][0].as_str().unwrap_or_default();

    // Scalar and RapiDoc show an operation only when it is asked for.
    for page in ["/docs", &format!("/docs/scalar#tag/{tag}/GET/books"), "/docs/redoc", "/docs/rapidoc#get-/books"] {
        tab.navigate(&format!("{base_url}{page}")).await;
        tab.wait_for(&format!("{TEXT}.includes({summary})")).await;
        match page.split('#').next() {
            Some("/docs") => try_the_list_in_swagger_ui(&mut tab).await,
            Some("/docs/scalar") => try_the_list_in_scalar(&mut tab).await,
            Some("/docs/rapidoc") => try_the_list_in_rapidoc(&mut tab).await,
            _ => {} // Redoc only shows.
        }
        assert_own_origin(&tab, page, base_url);
        assert_eq!(tab.errors(), Vec::<String>::new(), "{page} reports errors in the console");
    }
    tab.close().await;
}

async fn try_the_list_in_swagger_ui(tab: &mut Tab) {
    let list = "document.querySelector('.opblock-get:has([data-path=\"/books\"])')";
    tab.wait_for(&format!("{list}?.querySelector('.opblock-summary-control')")).await;
    let border = tab.evaluate(&format!("getComputedStyle({list}).borderTopStyle")).await;
    assert_eq!(border, "solid", "the style sheet does not apply");
    tab.evaluate(&format!("{list}.querySelector('.opblock-summary-control').click()")).await;
    // The button is there before the operation's references are resolved, and fails until they are.
    tab.wait_for(&format!("{list}.querySelector('[data-param-name]') && {list}.querySelector('button.execute')")).await;
    tab.evaluate(&format!("{list}.querySelector('button.execute').click()")).await;
    tab.wait_for(&format!("{list}.querySelector('.live-responses-table tbody .response-col_status')")).await;

    let status = format!("{list}.querySelector('.live-responses-table tbody .response-col_status').textContent");
    assert_eq!(tab.evaluate(&status).await.as_str().map(str::trim), Some("200"));
    let body =
        tab.evaluate(&format!("{list}.querySelector('.live-responses-table .highlight-code').textContent")).await;
    assert!(body.as_str().is_some_and(|body| body.contains("\"items\"")), "the answer's body is not shown: {body}");
}

async fn try_the_list_in_scalar(tab: &mut Tab) {
    click(tab, "section[id$='/GET/books'] button.show-api-client-button").await;
    click(tab, ".scalar-app-layout button.z-context-plus.shrink-0").await;
    tab.wait_for(LIST_ANSWERED).await;
}

async fn try_the_list_in_rapidoc(tab: &mut Tab) {
    click(tab, "button[part~=btn-try]").await;
    tab.wait_for(LIST_ANSWERED).await;
}

/// Clicks an element, in a shadow tree too, when it appears.
async fn click(tab: &mut Tab, selector: &str) {
    let found = format!("{FIND}(document, {selector:?})");
    tab.wait_for(&found).await;
    tab.evaluate(&format!("{found}.click()")).await;
}

/// What the specification says about `GET /books`.
async fn list_operation(base_url: &str) -> Value {
    let specification = reqwest::get(format!("{base_url}/openapi.json")).await.unwrap();
    let specification: Value = specification.error_for_status().unwrap().json().await.unwrap();
    let list = &specification["paths"]["/books"]["get"];
    assert!(list["summary"].is_string(), "GET /books has no summary in the specification");
    list.clone()
}

fn assert_own_origin(tab: &Tab, page: &str, base_url: &str) {
    let requests = tab.requests();
    assert!(requests.contains(&format!("{base_url}/openapi.json")), "{page} does not read the specification");
    let own = |url: &&String| url.starts_with(&format!("{base_url}/"));
    let inline = |url: &&String| url.starts_with("data:") || url.starts_with("blob:");
    let foreign: Vec<_> = requests.iter().filter(|url| !own(url) && !inline(url)).collect();
    assert!(foreign.is_empty(), "{page} asks other origins: {foreign:?}");
}
