//! Cursors that were given out, and then changed or sent elsewhere.

use couplet_tests::Client;

use super::{Case, bare, json};

/// The cursor to the second page of a list.
async fn next(client: &Client, list: &str) -> String {
    let page = client.get(&format!("{list}&per_page=1")).await.expect(200);
    page["/meta/next_cursor"].as_str().unwrap_or_else(|| panic!("{page}")).to_owned()
}

/// The cursor with another letter in the middle.
fn tampered(cursor: &str) -> String {
    let (before, rest) = cursor.split_at(cursor.len() / 2);
    let other = if rest.starts_with('A') { 'B' } else { 'A' };
    format!("{before}{other}{}", &rest[1..])
}

pub async fn cursors(client: &Client) -> Vec<Case> {
    let things = next(client, "/things?cursor=").await;
    let named = next(client, "/things?cursor=&sort=name").await;
    let of_seat = next(client, "/seats?cursor=&aisle=1").await;
    let list = |query: String, codes| bare("GET", &format!("/things?{query}"), 400, codes);
    let search = |body: serde_json::Value, codes| json("POST", "/things/search", body.to_string(), 422, codes);
    let half = &things[..things.len() / 2];
    vec![
        list(format!("cursor={}", tampered(&things)), "invalid_cursor"),
        list(format!("cursor={half}"), "invalid_cursor"),
        list(format!("cursor={things}A"), "invalid_cursor"),
        list(format!("cursor={things}="), "invalid_cursor"),
        list(format!("cursor=+{things}"), "invalid_cursor"),
        list(format!("cursor={}", things.to_uppercase()), "invalid_cursor"),
        list(format!("cursor={things}{things}"), "invalid_cursor"),
        list(format!("cursor={}", "A".repeat(10_000)), "invalid_cursor"),
        list("cursor=%00".to_owned(), "invalid_cursor"),
        list("cursor=%FF".to_owned(), "malformed"),
        list("cursor=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(), "invalid_cursor"),
        list(format!("cursor={things}&page=2"), "conflicting_parameters"),
        list(format!("cursor={things}&cursor={things}"), "duplicate_parameter"),
        list(format!("cursor={things}&sort=name"), "cursor_mismatch"),
        list(format!("cursor={things}&sort=-id"), "cursor_mismatch"),
        list(format!("cursor={things}&flag=true"), "cursor_mismatch"),
        list(format!("cursor={things}&owner.name=Ada"), "cursor_mismatch"),
        list(format!("cursor={things}&q=lamp"), "cursor_mismatch"),
        list(format!("cursor={named}"), "cursor_mismatch"),
        list(format!("cursor={of_seat}"), "cursor_mismatch"),
        list(format!("cursor={things}&per_page=0&nope=1"), "invalid_value unknown_parameter"),
        bare("GET", &format!("/seats?cursor={things}"), 400, "cursor_mismatch"),
        bare("GET", &format!("/seats?cursor={of_seat}"), 400, "cursor_mismatch"),
        bare("GET", &format!("/seats?cursor={of_seat}&aisle=2"), 400, "cursor_mismatch"),
        bare("GET", &format!("/seats?cursor={of_seat}&aisle=1&deleted=only"), 400, "cursor_mismatch"),
        bare("GET", &format!("/cheap?cursor={things}"), 400, "cursor_mismatch"),
        bare("GET", &format!("/things/1?cursor={things}"), 400, "unknown_parameter"),
        // whether the seat is there is asked first
        bare("GET", &format!("/seats/1/guests?cursor={things}"), 400, "cursor_mismatch").asking(),
        search(json!({"cursor": tampered(&things)}), "invalid_cursor"),
        search(json!({"cursor": half}), "invalid_cursor"),
        search(json!({"cursor": things, "page": 1}), "conflicting_parameters"),
        search(json!({"cursor": things, "filter": {"flag": true}}), "cursor_mismatch"),
        search(json!({"cursor": things, "sort": ["name"]}), "cursor_mismatch"),
        search(json!({"cursor": of_seat}), "cursor_mismatch"),
        search(json!({"cursor": "A".repeat(100_000)}), "invalid_cursor"),
    ]
}
