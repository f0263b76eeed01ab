//! Input that is wrong in every way: each request has its exact status and codes, no statement is executed for what
//! cannot be read, and the server answers afterwards as before.

use couplet_tests::on_each_database;

use super::raw::exchange;
use super::support::start;

/// A request, the status of its answer and the codes of the mistakes that it names.
struct Case {
    request: Vec<u8>,
    status: u16,
    codes: &'static str,
}

fn case(request: impl AsRef<[u8]>, status: u16, codes: &'static str) -> Case {
    Case { request: request.as_ref().to_vec(), status, codes }
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

/// Query strings of a list; all are 400.
const QUERIES: &[(&str, &str)] = &[
    // pages
    ("page=0", "invalid_value"),
    ("page=-1", "invalid_value"),
    ("page=", "invalid_value"),
    ("page=1.0", "invalid_value"),
    ("page=+1", "invalid_value"),
    ("page=one", "invalid_value"),
    ("page=9223372036854775808", "out_of_range"),
    ("page=18446744073709551615", "out_of_range"),
    ("page=18446744073709551616", "invalid_value"),
    ("page=1e400", "invalid_value"),
    ("page=NaN", "invalid_value"),
    ("page=%D9%A1", "invalid_value"),
    ("page=5002", "out_of_range"),
    ("page=1&page=2", "duplicate_parameter"),
    ("per_page=0", "invalid_value"),
    ("per_page=-1", "invalid_value"),
    ("per_page=101", "invalid_value"),
    ("per_page=4294967297", "invalid_value"),
    ("page=0&per_page=0", "invalid_value invalid_value"),
    ("count=", "invalid_value"),
    ("count=EXACT", "invalid_value"),
    ("count=1%3B+DROP+TABLE+things", "invalid_value"),
    // escapes and bytes
    ("name=%", "malformed"),
    ("name=%4", "malformed"),
    ("name=%zz", "malformed"),
    ("name=%FF", "malformed"),
    ("name=%C0%AF", "malformed"),
    ("name=%ED%A0%80", "malformed"),
    ("%FF=1", "malformed"),
    ("name=%00", "invalid_value"),
    ("name=a%00b", "invalid_value"),
    ("name__icontains=%00", "invalid_value"),
    ("name__in=a&name__in=%00", "invalid_value"),
    ("q=%00", "invalid_value"),
    ("sort=%00", "unknown_field"),
    ("include=%00", "unknown_relation"),
    ("code=%00", "invalid_value"),
    ("%00=1", "unknown_parameter"),
    // names
    ("nam=lamp", "unknown_parameter"),
    ("name__=lamp", "unknown_operator"),
    ("name__like=lamp", "unknown_operator"),
    ("name__gte=lamp", "unknown_operator"),
    ("__eq=1", "unknown_parameter"),
    ("=1", "unknown_parameter"),
    ("=", "unknown_parameter"),
    ("cursor=abc", "unknown_parameter"),
    ("fields=id", "unknown_parameter"),
    ("name=a&name=b", "duplicate_parameter"),
    ("owner.name=Ada", "unknown_parameter"),
    ("name[]=a", "unknown_parameter"),
    ("name%5B%24ne%5D=a", "unknown_parameter"),
    // what is hidden is unknown
    ("note=x", "unknown_parameter"),
    ("nope=x", "unknown_parameter"),
    ("note__isnull=true", "unknown_parameter"),
    ("nope__isnull=true", "unknown_parameter"),
    ("password=x", "unknown_parameter"),
    ("password__icontains=a", "unknown_parameter"),
    ("loud=X", "unknown_parameter"),
    ("sort=note", "unknown_field"),
    ("sort=nope", "unknown_field"),
    ("sort=-password", "unknown_field"),
    ("sort=loud", "unknown_field"),
    ("sort=extra", "unknown_field"),
    ("include=note", "unknown_relation"),
    // order
    ("sort=", "unknown_field"),
    ("sort=,", "unknown_field unknown_field"),
    ("sort=--name", "unknown_field"),
    ("sort=-", "unknown_field"),
    ("sort=NAME", "unknown_field"),
    ("sort=name,name", "invalid_value"),
    ("sort=name,-name", "invalid_value"),
    ("sort=name&sort=id", "duplicate_parameter"),
    ("sort=name+desc", "unknown_field"),
    ("sort=(select+1)", "unknown_field"),
    ("sort=name;DROP+TABLE+things", "unknown_field"),
    ("sort=owner.name", "unknown_field"),
    // related rows
    ("include=", "unknown_relation"),
    ("include=owner,", "unknown_relation"),
    ("include=own", "unknown_relation"),
    ("include=owner..things", "unknown_relation"),
    ("include=.owner", "unknown_relation"),
    ("include=owner.note", "unknown_relation"),
    ("include=owner.things.owner.things", "too_deep"),
    ("include=owner.things.owner.things.owner.things.owner", "too_deep"),
    ("include=owner&include=labels", "duplicate_parameter"),
    ("include=owner'--", "unknown_relation"),
    // values of each type
    ("flag=yes", "invalid_value"),
    ("flag=", "invalid_value"),
    ("flag=TRUE", "invalid_value"),
    ("small=32768", "invalid_value"),
    ("small=-32769", "invalid_value"),
    ("small=1.5", "invalid_value"),
    ("small__in=1&small__in=x", "invalid_value"),
    ("small__in=1,2", "invalid_value"),
    ("medium=2147483648", "invalid_value"),
    ("medium=0x10", "invalid_value"),
    ("large=9223372036854775808", "invalid_value"),
    ("large=1e400", "invalid_value"),
    ("large=1+OR+1%3D1", "invalid_value"),
    ("ratio=NaN", "invalid_value"),
    ("ratio=inf", "invalid_value"),
    ("ratio__gte=1e400", "invalid_value"),
    ("ratio=1,5", "invalid_value"),
    ("price=1e3", "invalid_value"),
    ("price=NaN", "invalid_value"),
    ("price=12345678901234567890123456789", "invalid_value"),
    ("price=1.", "invalid_value"),
    ("moment=0000-01-01T00:00:00Z", "invalid_value"),
    ("moment=10000-01-01T00:00:00Z", "invalid_value"),
    ("moment=2024-05-06", "invalid_value"),
    ("moment=2024-05-06T07:08:09+02:00", "invalid_value"),
    ("moment=2024-02-30T00:00:00Z", "invalid_value"),
    ("moment=infinity", "invalid_value"),
    ("moment=now", "invalid_value"),
    ("day=0000-00-00", "invalid_value"),
    ("day=10000-01-01", "invalid_value"),
    ("day=2023-02-29", "invalid_value"),
    ("day=today", "invalid_value"),
    ("mark=1", "invalid_value"),
    ("mark={018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f}", "invalid_value"),
    ("mark=018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0g", "invalid_value"),
    ("color=green", "invalid_value"),
    ("color=RED", "invalid_value"),
    ("color='red'", "invalid_value"),
    ("medium__isnull=1", "invalid_value"),
    ("medium__isnull=", "invalid_value"),
    ("name__isnull=true", "unknown_operator"),
    ("picture=aGk%3D", "unknown_operator"),
];

/// Bodies of a create.
const BODIES: &[(&[u8], u16, &str)] = &[
    // no JSON
    (b"", 400, "invalid_json"),
    (b" \r\n\t", 400, "invalid_json"),
    (b"{", 400, "invalid_json"),
    (b"{\"name\": \"x\"} {}", 400, "invalid_json"),
    (b"{\"name\": \"x\",}", 400, "invalid_json"),
    (b"{'name': 'x'}", 400, "invalid_json"),
    (b"{\"name\": NaN}", 400, "invalid_json"),
    (b"{\"name\": \"x\", \"ratio\": Infinity}", 400, "invalid_json"),
    (b"{\"name\": \"x\", \"ratio\": 1e400}", 400, "invalid_json"),
    (b"{\"name\": \"x\", \"small\": 01}", 400, "invalid_json"),
    (b"{\"name\": \"\xff\"}", 400, "invalid_json"),
    (b"{\"\xc0\xaf\": 1}", 400, "invalid_json"),
    (b"{\"name\": \"\\ud800\"}", 400, "invalid_json"),
    (b"{\"name\": \"\\udc00\\ud800\"}", 400, "invalid_json"),
    (b"{\"name\": \"\n\"}", 400, "invalid_json"),
    (b"\xef\xbb\xbf{\"name\": \"x\"}", 400, "invalid_json"),
    (b"\x00", 400, "invalid_json"),
    (b"name=x", 400, "invalid_json"),
    (b"{\"name\": \"x\", \"name\": \"y\"}", 400, "invalid_json"),
    (b"{\"name\": \"x\", \"n\\u0061me\": \"y\"}", 400, "invalid_json"),
    // no object
    (b"null", 422, "invalid_value"),
    (b"[]", 422, "invalid_value"),
    (b"[{\"name\": \"x\"}]", 422, "invalid_value"),
    (b"\"name\"", 422, "invalid_value"),
    (b"1", 422, "invalid_value"),
    // members
    (b"{}", 422, "required"),
    (b"{\"name\": null}", 422, "not_null"),
    (b"{\"name\": \"\"}", 422, "length"),
    (b"{\"name\": \"123456789012345678901\"}", 422, "length"),
    (b"{\"name\": 1}", 422, "invalid_value"),
    (b"{\"name\": [\"x\"]}", 422, "invalid_value"),
    (b"{\"name\": {\"$ne\": null}}", 422, "invalid_value"),
    (b"{\"name\": \"a\\u0000b\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"a\\u0000\": 1}", 422, "unknown_field"),
    (b"{\"name\": \"x\", \"nam\": 1}", 422, "unknown_field"),
    (b"{\"Name\": \"x\"}", 422, "unknown_field required"),
    (b"{\"name\": \"x\", \"__proto__\": {}}", 422, "unknown_field"),
    (b"{\"name\": \"x\", \"\": 1}", 422, "unknown_field"),
    // what clients may not set
    (b"{\"name\": \"x\", \"id\": 7}", 422, "read_only"),
    (b"{\"name\": \"x\", \"id\": null}", 422, "read_only"),
    (b"{\"name\": \"x\", \"created_at\": \"2024-05-06T07:08:09Z\"}", 422, "read_only"),
    (b"{\"name\": \"x\", \"loud\": \"X\"}", 422, "read_only"),
    (b"{\"name\": \"x\", \"serial\": 1}", 422, "read_only"),
    (b"{\"name\": \"x\", \"note\": \"x\"}", 422, "unknown_field"),
    (b"{\"name\": \"x\", \"owner\": {\"name\": \"Eve\"}}", 422, "unknown_field"),
    (b"{\"name\": \"x\", \"labels\": []}", 422, "unknown_field"),
    // types
    (b"{\"name\": \"x\", \"flag\": 1}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"flag\": \"true\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"flag\": null}", 422, "not_null"),
    (b"{\"name\": \"x\", \"small\": 32768}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"small\": 1.0}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"small\": \"1\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"medium\": 2147483648}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"medium\": 11}", 422, "range"),
    (b"{\"name\": \"x\", \"large\": 9223372036854775808}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"large\": 99999999999999999999999}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"large\": -1e300}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"ratio\": \"NaN\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"ratio\": -0.1}", 422, "range"),
    (b"{\"name\": \"x\", \"price\": \"NaN\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"price\": \"1e3\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"price\": 0.12345678901234567}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"price\": \"12345678901234567890123456789\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"moment\": \"10000-01-01T00:00:00Z\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"moment\": \"2016-12-31T23:59:60Z\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"moment\": 1714979289}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"day\": \"0000-00-00\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"day\": \"10000-01-01\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"mark\": \"garbage\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"mark\": 1}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"code\": \"ABC\"}", 422, "pattern"),
    (b"{\"name\": \"x\", \"code\": \"abc\\n\"}", 422, "pattern"),
    (b"{\"name\": \"x\", \"color\": \"green\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"color\": 0}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"picture\": \"a\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"picture\": \"aGVsbG8gd29ybGQ=\"}", 422, "length"),
    (b"{\"name\": \"x\", \"extra\": {\"a\": \"\\u0000\"}}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"extra\": {\"\\u0000\": 1}}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"password\": \"short\"}", 422, "length"),
    // keys of others
    (b"{\"name\": \"x\", \"label_ids\": null}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"label_ids\": \"old\"}", 422, "invalid_value"),
    (b"{\"name\": \"x\", \"label_ids\": [1, \"\\u0000\"]}", 422, "invalid_value invalid_value"),
    (b"{\"name\": \"x\", \"label_ids\": [\"none of these\"]}", 409, "foreign_key"),
    (b"{\"name\": \"x\", \"owner_id\": \"018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f\"}", 409, "foreign_key"),
    (b"{\"name\": \"x\", \"code\": \"abc\"}", 409, "unique"),
    (b"{\"nam\": 1, \"small\": \"x\", \"id\": 2}", 422, "unknown_field read_only required invalid_value"),
];

/// Methods and targets.
const TARGETS: &[(&str, &str, u16, &str)] = &[
    ("GET", "/things/0", 404, ""),
    ("GET", "/things/-1", 404, ""),
    ("GET", "/things/x", 400, "invalid_value"),
    ("GET", "/things/1.0", 400, "invalid_value"),
    ("GET", "/things/%31%20", 400, "invalid_value"),
    ("GET", "/things/9223372036854775808", 400, "invalid_value"),
    ("GET", "/things/1'%20OR%20'1'='1", 400, "invalid_value"),
    ("GET", "/things/%00", 400, "invalid_value"),
    ("GET", "/things/1?page=1", 400, "unknown_parameter"),
    ("GET", "/things/x?include=own", 400, "unknown_relation"),
    ("GET", "/owners/1", 400, "invalid_value"),
    ("GET", "/owners/garbage/things", 400, "invalid_value"),
    ("GET", "/owners/018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f", 404, ""),
    ("GET", "/owners/018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f/things", 404, ""),
    ("GET", "/owners/018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f/things?page=0", 400, "invalid_value"),
    ("GET", "/labels/%00", 400, "invalid_value"),
    ("GET", "/labels/none", 404, ""),
    ("GET", "/labels/a/b", 404, ""),
    ("GET", "/thing-labels/x/old", 400, "invalid_value"),
    ("GET", "/thing-labels/x/%00", 400, "invalid_value invalid_value"),
    ("GET", "/thing-labels/1", 404, ""),
    ("GET", "/thing-labels//old", 400, "invalid_value"),
    ("GET", "/things/", 404, ""),
    ("GET", "//things", 404, ""),
    ("GET", "/things//", 404, ""),
    ("GET", "/things/1/", 404, ""),
    ("GET", "/../things", 404, ""),
    ("GET", "/THINGS", 404, ""),
    ("GET", "/nothing?page=0", 404, ""),
    ("GET", "/labels/%FF", 400, "malformed"),
    ("GET", "/labels/%zz", 400, "malformed"),
    ("GET", "/labels/%", 400, "malformed"),
    ("GET", "/labels/%ED%A0%80", 400, "malformed"),
    ("GET", "/cheap?page=0&nope=1", 400, "invalid_value unknown_parameter"),
    ("POST", "/things", 415, ""),
    ("POST", "/things?page=1", 400, "unknown_parameter"),
    ("POST", "/things/1", 405, ""),
    ("POST", "/thing-labels", 405, ""),
    ("PUT", "/things", 405, ""),
    ("PATCH", "/things/1", 415, ""),
    ("DELETE", "/things", 405, ""),
    ("DELETE", "/things/x", 400, "invalid_value"),
    ("DELETE", "/things/9", 404, ""),
    ("DELETE", "/things/1?force=1", 400, "unknown_parameter"),
    ("TRACE", "/things", 405, ""),
    ("PROPFIND", "/things", 405, ""),
    ("FOO", "/things", 405, ""),
    ("get", "/things", 405, ""),
    ("CONNECT", "a:80", 404, ""),
    ("HEAD", "/things?page=0", 400, ""),
    ("HEAD", "/things/9", 404, ""),
    ("HEAD", "/nothing", 404, ""),
    ("OPTIONS", "*", 404, ""),
    ("GET", "http://elsewhere/things?page=0", 400, "invalid_value"),
    ("GET", "things", 404, ""),
];

fn long_and_many() -> Vec<Case> {
    let list = |query: String, status, codes| bare("GET", &format!("/things?{query}"), status, codes);
    let repeated = |term: &str, times: usize| vec![term; times].join("&");
    let names = |times: usize| (0..times).map(|n| format!("a{n}=1")).collect::<Vec<_>>().join("&");
    let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    let cycle = vec!["owner.things"; 500].join(".");
    let long = "x".repeat(16 * 1024);
    vec![
        list(repeated("small__in=1", 501), 400, "too_many"),
        list(repeated("small=1", 1000), 400, "duplicate_parameter"),
        list(repeated("a=1", 5001), 414, ""),
        list(names(1000), 400, "too_many unknown_parameter unknown_parameter unknown_parameter"),
        list(names(10_000), 414, "-"),
        list(format!("include={cycle}"), 400, "too_deep"),
        list(format!("include={}", vec!["owner"; 51].join(",")), 400, "too_many"),
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

fn bodies_in_other_ways() -> Vec<Case> {
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
fn shapes() -> Vec<Case> {
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

fn cases() -> Vec<Case> {
    let lists = QUERIES.iter().map(|(query, codes)| bare("GET", &format!("/things?{query}"), 400, codes));
    let bodies = BODIES.iter().map(|(body, status, codes)| json("POST", "/things", body, *status, codes));
    let targets = TARGETS.iter().map(|(method, target, status, codes)| bare(method, target, *status, codes));
    let mut cases: Vec<Case> = lists.chain(bodies).chain(targets).collect();
    cases.extend(long_and_many());
    cases.extend(bodies_in_other_ways());
    cases.extend(shapes());
    cases
}

on_each_database! {
    async fn bad_requests_get_their_exact_answers(database: TestDatabase) {
        let (app, client) = start(&database).await;
        let cases = cases();
        assert!(cases.len() >= 120);
        let mut wrong = Vec::new();
        for case in &cases {
            let answer = exchange(app.address(), &case.request).await;
            let shown = String::from_utf8_lossy(&case.request[..case.request.len().min(300)]).into_owned();
            if (answer.status, answer.codes().as_str()) != (case.status, case.codes) {
                wrong.push(format!(
                    "expected {} {:?}, got {} {:?}: {shown:?}\n    {}",
                    case.status, case.codes, answer.status, answer.codes(), answer.body
                ));
            }
            if answer.body.contains("HTTP/1.1 ") {
                wrong.push(format!("answered twice: {shown:?}"));
            }
            // Only what can be read is worth a statement.
            let asked = answer.head.contains("db;desc=") && !answer.head.contains("db;desc=\"0 ");
            if asked && !matches!(answer.status, 404 | 409) {
                wrong.push(format!("the database was asked: {shown:?}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));

        let list = client.get("/things?sort=id").await.expect(200);
        assert_eq!(list["/meta/total"], 2, "nothing was written");
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
