//! Requests that are put together: long ones, framed in odd ways, or no HTTP at all.

use super::{Case, bare, case, chunked, json, with_body};

/// What is long, deep or many.
pub fn long_and_many() -> Vec<Case> {
    let list = |query: String, status, codes| bare("GET", &format!("/things?{query}"), status, codes);
    let search =
        |filter: String, codes| json("POST", "/things/search", format!("{{\"filter\": {filter}}}"), 422, codes);
    let repeated = |term: &str, times: usize| vec![term; times].join("&");
    let names = |times: usize| (0..times).map(|n| format!("a{n}=1")).collect::<Vec<_>>().join("&");
    let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    let cycle = vec!["owner.things"; 500].join(".");
    let long = "x".repeat(16 * 1024);
    let members = (0..60_000).map(|n| format!("\"a{n}\": 1")).collect::<Vec<_>>().join(", ");
    let long_name = "n".repeat(1_000_000);
    vec![
        json(
            "POST",
            "/things",
            format!("{{{members}}}"),
            422,
            "unknown_field unknown_field unknown_field unknown_field",
        ),
        json("PATCH", "/things/1", format!("{{\"{long_name}\": 1}}"), 422, "unknown_field"),
        json("PATCH", "/things/1", format!("{{\"color\": \"{long_name}\"}}"), 422, "invalid_value"),
        json("PATCH", "/things/1", format!("{{\"name\": \"{long_name}\"}}"), 422, "length"),
        json(
            "POST",
            "/things/search",
            format!("{{{members}}}"),
            422,
            "unknown_field unknown_field unknown_field unknown_field",
        ),
        search(format!("{{{members}}}"), "unknown_field unknown_field unknown_field unknown_field"),
        search(format!("{{\"{long_name}\": 1}}"), "unknown_field"),
        search(format!("{{\"or\": [{}]}}", vec!["{}"; 200_000].join(",")), "too_many"),
        search(format!("{{\"or\": [{}]}}", vec!["{\"and\": []}"; 50_000].join(",")), "too_many"),
        search(
            format!("{{\"not\": {{\"not\": {{\"not\": {{\"not\": {{\"or\": [{}]}}}}}}}}}}", vec!["{}"; 60].join(",")),
            "too_deep too_deep too_deep too_deep",
        ),
        search(format!("{{\"small__in\": [{}]}}", vec!["1"; 501].join(",")), "too_many"),
        search(format!("{{\"name__icontains\": \"{long}\"}}"), "invalid_value"),
        json(
            "POST",
            "/things/search",
            format!("{{\"sort\": [{}]}}", vec!["\"nope\""; 100_000].join(",")),
            422,
            "unknown_field unknown_field unknown_field unknown_field",
        ),
        list(repeated("small__in=1", 501), 400, "too_many"),
        list(repeated("small=1", 1000), 400, "duplicate_parameter"),
        list(repeated("a=1", 5001), 414, ""),
        list(names(1000), 400, "too_many unknown_parameter unknown_parameter unknown_parameter"),
        list(names(10_000), 414, "-"),
        list(format!("include={cycle}"), 400, "too_deep"),
        list(format!("include={}", vec!["owner"; 21].join(",")), 400, "too_many"),
        list(
            format!("sort={}", vec!["nope"; 60].join(",")),
            400,
            "unknown_field unknown_field unknown_field unknown_field",
        ),
        list(format!("name__icontains={}", "x".repeat(1001)), 400, "invalid_value"),
        list(format!("q={}", "x".repeat(201)), 400, "invalid_value"),
        list(format!("name={long}"), 414, ""),
        bare("GET", &format!("/{long}"), 404, ""),
        bare("GET", &format!("/labels/{long}"), 414, ""),
        bare("GET", &format!("/labels/{}", "x".repeat(70_000)), 414, "-"),
        json("POST", "/things", deep(100_000), 400, "too_deep"),
        json("POST", "/things", [b"{\"extra\": ", deep(32).as_slice(), b"}"].concat(), 400, "too_deep"),
        json("POST", "/things", vec![b'{'; 1_000_000], 400, "too_deep"),
        json("POST", "/things", vec![b' '; 1024 * 1024], 400, "invalid_json"),
        chunked("POST", "/things", &vec![b' '; 1024 * 1024 + 1], 413, ""),
        case(head_only(1024 * 1024 + 1, ""), 413, ""),
        case(head_only(1024 * 1024 + 1, "expect: 100-continue\r\n"), 413, ""),
        case(head_only(usize::MAX - 2, ""), 413, ""),
        case(
            format!("GET /things HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {}\r\n\r\n", "y".repeat(33 * 1024)),
            431,
            "",
        ),
        case(format!("GET /things HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(200)), 431, "-"),
    ]
}

fn head_only(length: usize, more: &str) -> String {
    format!(
        "POST /things HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n{more}\
         content-length: {length}\r\n\r\n"
    )
}

/// Other media types, operations and framings than those of the table.
pub fn bodies_in_other_ways() -> Vec<Case> {
    let typed = |content_type: &str| {
        with_body("POST", "/things", &format!("content-type: {content_type}\r\n"), br#"{"name": "x"}"#)
    };
    let good = br#"{"name": "x"}"#;
    vec![
        case(with_body("POST", "/things", "", good), 415, ""),
        case(typed(""), 415, ""),
        case(typed("text/plain"), 415, ""),
        case(typed("application/jsonp"), 415, ""),
        case(typed("application/xml"), 415, ""),
        case(typed("application/x-www-form-urlencoded"), 415, ""),
        case(typed("multipart/form-data; boundary=x"), 415, ""),
        case(typed("application/merge-patch+json"), 415, ""),
        case(typed("text/json, application/json"), 415, ""),
        case(typed("\u{fffd}"), 415, ""),
        json("PUT", "/things/1", "{}", 422, "required"),
        json("PUT", "/things/1", r#"{"name": "x", "id": 1}"#, 422, "read_only"),
        json("PUT", "/things/9", r#"{"name": "x"}"#, 404, ""),
        json("PUT", "/labels/old", r#"{"name": "new"}"#, 422, "read_only"),
        json("PATCH", "/things/1", r#"{"name": null}"#, 422, "not_null"),
        json("PATCH", "/things/1", r#"{"id": 2, "note": "x", "loud": "X"}"#, 422, "read_only unknown_field read_only"),
        json("PATCH", "/things/1", "[]", 422, "invalid_value"),
        json("PATCH", "/things/9", r#"{"name": "x"}"#, 404, ""),
        json("PATCH", "/things/x", r#"{"name": 1}"#, 400, "invalid_value"),
        json("PATCH", "/labels/%00", "{}", 400, "invalid_value"),
        json("POST", "/labels", r#"{"name": "old"}"#, 409, "unique"),
        json("POST", "/labels", r#"{"name": "\u0000"}"#, 422, "invalid_value"),
        chunked("POST", "/things", b"{", 400, "invalid_json"),
        chunked("POST", "/things", br#"{"name": 1}"#, 422, "invalid_value"),
    ]
}

/// What proxies and servers could understand differently, and what is no HTTP.
pub fn shapes() -> Vec<Case> {
    let post = |headers: &str, body: &str| {
        format!(
            "POST /things HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}\r\n{body}"
        )
    };
    // Chunks win over a length, and the connection ends with the answer: what follows is not taken for a request.
    let smuggled = |headers: &str| {
        let hidden = "GET /things HTTP/1.1\r\nhost: a\r\n\r\n";
        format!("POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{headers}\r\n0\r\n\r\n{hidden}")
    };
    vec![
        case(post("content-length: 2\r\ncontent-length: 3\r\n", "{}x"), 400, "-"),
        case(post("content-length: 2, 3\r\n", "{}x"), 400, "-"),
        case(post("content-length: -1\r\n", "{}"), 400, "-"),
        case(post("content-length: +2\r\n", "{}"), 400, "-"),
        case(post("content-length: 0x2\r\n", "{}"), 400, "-"),
        case(post("content-length: 99999999999999999999\r\n", "{}"), 400, "-"),
        case(smuggled("content-length: 5\r\ntransfer-encoding: chunked\r\n"), 400, "invalid_json"),
        case(smuggled("transfer-encoding: chunked\r\ncontent-length: 5\r\n"), 400, "invalid_json"),
        case(post("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"), 400, "-"),
        case(post("transfer-encoding: identity\r\n", "{}"), 400, "-"),
        case(post("transfer-encoding: xchunked\r\n", "0\r\n\r\n"), 400, "-"),
        case(post("transfer-encoding : chunked\r\n", "0\r\n\r\n"), 400, "-"),
        case(post("transfer-encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"), 400, "incomplete_body"),
        case(post("transfer-encoding: chunked\r\n", "-1\r\n{}\r\n0\r\n\r\n"), 400, "incomplete_body"),
        case(post("transfer-encoding: chunked\r\n", "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"), 400, "incomplete_body"),
        case(post(" folded: x\r\n", "{}"), 400, "-"),
        case(post("x: a\0b\r\ncontent-length: 2\r\n", "{}"), 400, "-"),
        case(post("x\0: b\r\ncontent-length: 2\r\n", "{}"), 400, "-"),
        case("GET /things\r\n\r\n", 400, "-"),
        case("GET  /things HTTP/1.1\r\nhost: a\r\n\r\n", 400, "-"),
        case("GET /th ings HTTP/1.1\r\nhost: a\r\n\r\n", 400, "-"),
        case("GET /things HTTP/9.9\r\nhost: a\r\n\r\n", 400, "-"),
        case("G\0T /things HTTP/1.1\r\nhost: a\r\n\r\n", 400, "-"),
        case(b"GET /things?name=\xff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400, "-"),
        case(b"GET /labels/\xff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400, "-"),
        case(b"GET /things?name=\0 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400, "-"),
        case("GET /things?page=0 HTTP/1.0\r\n\r\n", 400, "invalid_value"),
        case(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "-"),
        case("hello\r\n\r\n", 400, "-"),
    ]
}
