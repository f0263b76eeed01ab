//! Mistakes in what writes take beside a row: versions, keys of requests, many rows, unique keys, children, hooks.

use super::{Case, bare, case, json, with_body};

/// A request with a JSON body and further headers; without a body where that is empty.
fn sent(method: &str, target: &str, headers: &str, body: &str, status: u16, codes: &'static str) -> Case {
    match body {
        "" => {
            case(format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n"), status, codes)
        }
        body => {
            let headers = format!("content-type: application/json\r\n{headers}");
            case(with_body(method, target, &headers, body.as_bytes()), status, codes)
        }
    }
}

pub fn features() -> Vec<Case> {
    [reads(), bulk(), items_of_seats(), upserts(), nested(), versions(), keys(), deleted(), generated_and_hooks()]
        .into_iter()
        .flatten()
        .collect()
}

/// Lists and searches of what is kept, filtered by relations, included and counted.
fn reads() -> Vec<Case> {
    let mut cases: Vec<Case> = READS.iter().map(|(target, codes)| bare("GET", target, 400, codes)).collect();
    let searches = SEARCHES.iter().map(|(body, status, codes)| json("POST", "/seats/search", body, *status, codes));
    cases.extend(searches);
    let terms = |times: usize| vec!["{\"flag\": true}"; times].join(",");
    let search =
        |filter: String, codes| json("POST", "/things/search", format!("{{\"filter\": {filter}}}"), 422, codes);
    cases.extend([
        search(format!("{{\"or\": [{}]}}", terms(51)), "too_many"),
        search("{\"and\": [{\"or\": [{\"not\": {\"and\": [{\"not\": {\"flag\": true}}]}}]}]}".to_owned(), "too_deep"),
        search("{\"not\": {\"not\": {\"not\": {\"not\": {\"not\": {\"flag\": true}}}}}}".to_owned(), "too_deep"),
        search(
            format!("{{\"name__in\": [{}]}}", ["\"\\u0000\""; 3].join(",")),
            "invalid_value invalid_value invalid_value",
        ),
    ]);
    cases
}

const READS: &[(&str, &str)] = &[
    ("/seats?guests=Ann", "unknown_parameter"),
    ("/seats?guests.=Ann", "unknown_parameter"),
    ("/seats?guests.nam=Ann", "unknown_parameter"),
    ("/seats?guests.note=x", "unknown_parameter"),
    ("/seats?guests.id=1", "unknown_parameter"),
    ("/seats?guests.name__startswith=A", "unknown_operator"),
    ("/seats?guests.age=old", "invalid_value"),
    ("/seats?guests.age__gte=2147483648", "invalid_value"),
    ("/seats?guests.age__isnull=1", "invalid_value"),
    ("/seats?guests.age__in=1&guests.age__in=2", "unknown_operator"),
    ("/seats?guest.name=Ann", "unknown_parameter"),
    ("/seats?GUESTS.NAME=Ann", "unknown_parameter"),
    ("/seats?guests.seat.code=a1", "unknown_parameter"),
    ("/seats?guests.name__in=%00", "invalid_value"),
    ("/seats?guests.name__icontains=%zz", "malformed"),
    ("/seats?guests..name=Ann", "unknown_parameter"),
    ("/seats?owner.name=Ada", "unknown_parameter"),
    ("/seats?version=1", "unknown_parameter"),
    ("/seats?fields=id", "unknown_parameter"),
    ("/seats?q=a", "unknown_parameter"),
    ("/seats?deleted=maybe", "invalid_value"),
    ("/seats?deleted=", "invalid_value"),
    ("/seats?deleted=ONLY", "invalid_value"),
    ("/seats?deleted=only&deleted=only", "duplicate_parameter"),
    ("/seats/1?deleted=maybe", "invalid_value"),
    ("/things?deleted=only", "unknown_parameter"),
    ("/seats/1/guests?deleted=only", "unknown_parameter"),
    ("/seats?sort=guests", "unknown_field"),
    ("/seats?sort=version", "unknown_field"),
    ("/seats?sort=deleted_at", "unknown_field"),
    ("/seats?include=guests&include.guests.limit=0", "invalid_value"),
    ("/seats?include=guests&include.guests.limit=101", "invalid_value"),
    ("/seats?include=guests&include.guests.limit=", "invalid_value"),
    ("/seats?include=guests&include.guests.limit=1e1", "invalid_value"),
    ("/seats?include=guests&include.guests.sort=note", "unknown_field"),
    ("/seats?include=guests&include.guests.sort=nope", "unknown_field"),
    ("/seats?include=guests&include.guests.sort=age", "unknown_field"),
    ("/seats?include=guests&include.guests.note=x", "unknown_parameter"),
    ("/seats?include=guests&include.guests.offset=1", "unknown_parameter"),
    ("/seats?include=guests&include.guests.fields=id", "unknown_parameter"),
    ("/seats?include=guests&include.guests.age=x&include.guests.limit=0", "invalid_value invalid_value"),
    ("/seats?include=guests&include.guests.name__like=A", "unknown_operator"),
    ("/seats?include=guests&include.owner.name=Ada", "not_included"),
    ("/seats?include=guests&include.nope.limit=1", "unknown_relation"),
    ("/seats?include=guests.seat&include.guests.seat.code=a1", "too_deep"),
    ("/seats?include=guests&include.guests.deleted=only", "unknown_parameter"),
    ("/seats?include_count=owner", "unknown_relation"),
    ("/seats?include_count=nope", "unknown_relation"),
    ("/seats?include_count=guests,", "unknown_relation"),
    ("/seats?include_count=guests.seat", "unknown_relation"),
    ("/seats/1?include_count=owner&include=nope&page=1", "unknown_relation unknown_relation unknown_parameter"),
    ("/things?fields=id,,name", "unknown_field"),
    ("/things?fields=*", "unknown_field"),
    ("/things?fields=owner.name", "unknown_field"),
    ("/things?include=labels&include.labels.fields=nope", "unknown_field"),
    ("/things?include=labels&include.labels.fields=name,name", "invalid_value"),
    ("/things?include=labels&include.labels.fields=", "unknown_field"),
];

const SEARCHES: &[(&str, u16, &str)] = &[
    (r#"{"filter": {"guests.name": 1}}"#, 422, "invalid_value"),
    (r#"{"filter": {"guests": {"name": "Ann"}}}"#, 422, "unknown_field"),
    (r#"{"filter": {"guests.note": "x"}}"#, 422, "unknown_field"),
    (r#"{"filter": {"guests.age__gte": "30"}}"#, 422, "invalid_value"),
    (r#"{"filter": {"guests.age__in": [1]}}"#, 422, "unknown_operator"),
    (r#"{"filter": {"and": [1, null, "x", []]}}"#, 422, "invalid_value invalid_value invalid_value invalid_value"),
    (r#"{"filter": {"or": "x"}}"#, 422, "invalid_value"),
    (r#"{"filter": {"not": null}}"#, 422, "invalid_value"),
    (r#"{"filter": {"code": "a1", "code": "a2"}}"#, 400, "invalid_json"),
    (r#"{"filter": {"or": [{"not": {"code": "a", "code": "b"}}]}}"#, 400, "invalid_json"),
    (r#"{"filter": {}, "filter": {}}"#, 400, "invalid_json"),
    (r#"{"per_page": 0}"#, 422, "invalid_value"),
    (r#"{"per_page": "20"}"#, 422, "invalid_value"),
    (r#"{"cursor": 1}"#, 422, "invalid_value"),
    (r#"{"cursor": null}"#, 422, "invalid_value"),
    (r#"{"cursor": "abc"}"#, 422, "invalid_cursor"),
    (r#"{"cursor": "", "page": 1}"#, 422, "conflicting_parameters"),
    (r#"{"count": null}"#, 422, "invalid_value"),
    (r#"{"deleted": "maybe"}"#, 422, "invalid_value"),
    (r#"{"deleted": true}"#, 422, "invalid_value"),
    (r#"{"sort": {"code": "asc"}}"#, 422, "invalid_value"),
    (r#"{"sort": null}"#, 422, "invalid_value"),
    (r#"{"include": "guests"}"#, 422, "invalid_value"),
    (r#"{"include": [1, "nope"]}"#, 422, "invalid_value unknown_relation"),
    (r#"{"include_count": "guests"}"#, 422, "invalid_value"),
    (r#"{"include_count": ["owner"]}"#, 422, "unknown_relation"),
    (r#"{"fields": ["id"]}"#, 422, "unknown_field"),
    (r#"{"include": ["guests"], "include.guests.sort": "name"}"#, 422, "invalid_value"),
    (r#"{"include": ["guests"], "include.guests.sort": ["note"]}"#, 422, "unknown_field"),
    (r#"{"include": ["guests"], "include.guests.age": "30"}"#, 422, "invalid_value"),
    (r#"{"include": ["guests"], "include.guests.limit": 0}"#, 422, "invalid_value"),
    (r#"{"include": {"guests": {"limit": 1}}}"#, 422, "invalid_value"),
    (r#"{"q": "a"}"#, 422, "unknown_field"),
];

/// Many rows of a resource that wants no version.
fn bulk() -> Vec<Case> {
    let create = |body: &str, status, codes| json("POST", "/tickets/bulk", body, status, codes);
    let update = |body: &str, status, codes| json("PATCH", "/tickets/bulk", body, status, codes);
    let delete = |body: &str, status, codes| json("POST", "/tickets/bulk/delete", body, status, codes);
    let many = format!("{{\"items\": [{}]}}", vec!["{}"; 10_001].join(","));
    let wrong = format!("{{\"items\": [{}]}}", vec!["{}"; 200].join(","));
    vec![
        bare("POST", "/tickets/bulk", 415, ""),
        bare("GET", "/tickets/bulk", 405, ""),
        bare("DELETE", "/tickets/bulk", 405, ""),
        bare("GET", "/tickets/bulk/delete", 405, ""),
        json("POST", "/things/bulk", "{\"items\": []}", 405, ""),
        json("POST", "/tickets/bulk?page=1", "{\"items\": []}", 400, "unknown_parameter"),
        json("PATCH", "/tickets/bulk?on_conflict=id", "{\"items\": []}", 400, "unknown_parameter"),
        json("POST", "/tickets/bulk/delete?force=1", "{\"items\": []}", 400, "unknown_parameter"),
        create("", 400, "invalid_json"),
        create("{\"items\": [{\"text\": \"x\"}", 400, "invalid_json"),
        create("{\"items\": [], \"items\": []}", 400, "invalid_json"),
        create("{\"items\": [{\"text\": \"x\", \"text\": \"y\"}]}", 400, "invalid_json"),
        create("{\"items\": [{\"text\": {\"a\": 1, \"a\": 2}}]}", 400, "invalid_json"),
        create("[]", 422, "invalid_value"),
        create("[{\"text\": \"x\"}]", 422, "invalid_value"),
        create("null", 422, "invalid_value"),
        create("{}", 422, "required"),
        create("{\"item\": []}", 422, "unknown_field required"),
        create("{\"text\": \"x\"}", 422, "unknown_field required"),
        create("{\"items\": null}", 422, "invalid_value"),
        create("{\"items\": {}}", 422, "invalid_value"),
        create("{\"items\": {\"0\": {\"text\": \"x\"}}}", 422, "invalid_value"),
        create("{\"items\": \"x\"}", 422, "invalid_value"),
        create("{\"items\": [1]}", 422, "invalid_value"),
        create("{\"items\": [null, {\"text\": \"x\"}, [], \"x\"]}", 422, "invalid_value invalid_value invalid_value"),
        create(&many, 422, "too_many"),
        create(&wrong, 422, "required required required required"),
        create(
            "{\"items\": [{}, {\"text\": \"\"}, {\"text\": 1}, {\"txt\": \"x\"}]}",
            422,
            "required length invalid_value unknown_field",
        ),
        create("{\"items\": [{\"text\": \"x\", \"version\": 1}]}", 422, "read_only"),
        create("{\"items\": [{\"text\": \"x\", \"id\": 1}]}", 422, "read_only"),
        create("{\"items\": [{\"text\": \"\\u0000\"}]}", 422, "invalid_value"),
        update("{\"items\": [{\"text\": \"x\"}]}", 422, "required"),
        update("{\"items\": [{\"id\": \"1\", \"text\": \"x\"}]}", 422, "invalid_value"),
        update("{\"items\": [{\"id\": null}]}", 422, "invalid_value"),
        update("{\"items\": [{\"id\": 9223372036854775808}]}", 422, "invalid_value"),
        update("{\"items\": [{\"id\": 1, \"text\": \"x\"}, {\"id\": 1}]}", 422, "duplicate"),
        update(
            "{\"items\": [{\"id\": 1}, {\"id\": 2}, {\"id\": 1}, {\"id\": 1}, {\"id\": 2}]}",
            422,
            "duplicate duplicate duplicate",
        ),
        update(
            "{\"items\": [{\"id\": 1, \"text\": \"\"}, {\"text\": 1}, {\"id\": 2, \"text\": null}]}",
            422,
            "length required invalid_value not_null",
        ),
        update("{\"items\": [{\"id\": 1, \"version\": \"1\"}]}", 422, "invalid_value"),
        update("{\"items\": [{\"id\": 1, \"version\": null}]}", 422, "invalid_value"),
        update(
            "{\"items\": [{\"id\": 8, \"text\": \"x\"}, {\"id\": 1, \"text\": \"x\"}, {\"id\": 9, \"text\": \"x\"}]}",
            404,
            "not_found not_found",
        ),
        update("{\"items\": [{\"id\": 9}]}", 404, "not_found"),
        update("{\"items\": [{\"id\": 1, \"text\": \"x\", \"version\": 7}]}", 412, "stale"),
        update("{\"items\": [{\"id\": 1, \"version\": -1, \"text\": \"x\"}]}", 412, "stale"),
        delete("{\"items\": [1]}", 422, "invalid_value"),
        delete("{\"items\": [{}]}", 422, "required"),
        delete("{\"items\": [{\"id\": 1, \"text\": \"once\"}]}", 422, "unknown_field"),
        delete("{\"items\": [{\"id\": 1}, {\"id\": 1}]}", 422, "duplicate"),
        delete("{\"items\": [{\"id\": 8}, {\"id\": 1}, {\"id\": 9}]}", 404, "not_found not_found"),
        delete("{\"items\": [{\"id\": 1, \"version\": 2}]}", 412, "stale"),
        delete("{\"ids\": [1]}", 422, "unknown_field required"),
        delete(&many, 422, "too_many"),
    ]
}

/// Many rows whose versions must be named, with what refers to others and may be there once.
fn items_of_seats() -> Vec<Case> {
    let create = |body: &str, status, codes| json("POST", "/seats/bulk", body, status, codes);
    let update = |body: &str, status, codes| json("PATCH", "/seats/bulk", body, status, codes);
    let delete = |body: &str, status, codes| json("POST", "/seats/bulk/delete", body, status, codes);
    let owner = "018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f";
    vec![
        create(r#"{"items": [{"code": "b1", "aisle": 2}, {"code": "a1", "aisle": 2}]}"#, 409, "unique"),
        create(r#"{"items": [{"code": "b1", "aisle": 2}, {"code": "b1", "aisle": 2}]}"#, 409, "unique"),
        create(
            r#"{"items": [{"code": "b1", "aisle": 1, "place": 1}, {"code": "a2", "aisle": 2}]}"#,
            409,
            "unique unique unique",
        ),
        create(
            &format!(
                r#"{{"items": [{{"code": "b1", "aisle": 2}}, {{"code": "b2", "aisle": 2, "owner_id": "{owner}"}}]}}"#
            ),
            409,
            "foreign_key",
        ),
        create(r#"{"items": [{"code": "b1", "aisle": 2, "guests": [{"name": ""}, 1]}]}"#, 422, "length invalid_value"),
        create(
            r#"{"items": [{"code": "b1", "aisle": 2, "guests": [{"name": "Bo", "name": "Cy"}]}]}"#,
            400,
            "invalid_json",
        ),
        create(r#"{"items": [{"code": "b1", "aisle": 2, "guests": [{"name": "Ann"}]}]}"#, 409, "unique"),
        create(r#"{"items": [{"code": "b1", "aisle": 2, "guests": [{"name": "Bo"}, {"name": "Bo"}]}]}"#, 409, "unique"),
        create(
            r#"{"items": [{"code": "b1", "aisle": 2, "guests": [{"name": "Bo"}, {"name": "Ann"}]}]}"#,
            409,
            "unique",
        ),
        create(r#"{"items": [{"code": "b1", "aisle": 1, "place": 2}]}"#, 409, "unique unique"),
        create(r#"{"items": [{"code": "a1", "aisle": 2}]}"#, 409, "unique"),
        create(
            r#"{"items": [{"code": "b1", "aisle": 2}, {"code": "b2", "aisle": 2, "guests": [{"name": "Bo"}]}, {"code": "b3", "aisle": 2, "guests": [{"name": "Cy"}, {"name": "Bo"}]}]}"#,
            409,
            "unique",
        ),
        create(r#"{"items": [{"code": "b1", "aisle": 2}, {"code": "no", "aisle": 2}]}"#, 422, "refused"),
        create(r#"{"items": [{"code": "b1", "aisle": 2}, {"code": "mine", "aisle": 2}]}"#, 403, ""),
        update(r#"{"items": [{"id": 1, "price": 2}]}"#, 422, "required"),
        update(r#"{"items": [{"id": 1, "version": 1, "doubled": 4}]}"#, 422, "read_only"),
        update(r#"{"items": [{"id": 1, "version": 1, "deleted_at": null}]}"#, 422, "read_only"),
        update(
            r#"{"items": [{"id": 1, "version": 1, "price": 2}, {"id": 2, "version": 7, "price": 2}]}"#,
            412,
            "stale",
        ),
        update(r#"{"items": [{"id": 4, "version": 2, "price": 2}]}"#, 404, "not_found"),
        update(r#"{"items": [{"id": 9, "version": 1}, {"id": 2, "version": 7}]}"#, 404, "not_found"),
        update(r#"{"items": [{"id": 1, "version": 1}, {"id": 2, "version": 1, "code": "a1"}]}"#, 409, "unique"),
        update(
            &format!(
                r#"{{"items": [{{"id": 1, "version": 1, "price": 2}}, {{"id": 2, "version": 1, "owner_id": "{owner}"}}]}}"#
            ),
            409,
            "foreign_key",
        ),
        update(r#"{"items": [{"id": 1, "version": 1, "price": 9}]}"#, 403, ""),
        update(r#"{"items": [{"id": 1, "version": 1, "guests": []}]}"#, 422, "read_only"),
        delete(r#"{"items": [{"id": 1}, {"id": 2, "version": 1}]}"#, 422, "required"),
        delete(r#"{"items": [{"id": 1, "version": 7}, {"id": 2, "version": 1}]}"#, 412, "stale"),
        delete(r#"{"items": [{"id": 4, "version": 2}]}"#, 404, "not_found"),
        delete(r#"{"items": [{"id": 2, "version": 1}, {"id": 3, "version": 1}]}"#, 409, "in_use"),
    ]
}

fn upserts() -> Vec<Case> {
    let seat = |query: &str, body: &str, status, codes| json("POST", &format!("/seats?{query}"), body, status, codes);
    let items =
        |query: &str, body: &str, status, codes| json("POST", &format!("/seats/bulk?{query}"), body, status, codes);
    let good = r#"{"code": "a1", "aisle": 1}"#;
    vec![
        seat("on_conflict=", good, 400, "unknown_field"),
        seat("on_conflict=id", good, 400, "unknown_field"),
        seat("on_conflict=cod", good, 400, "unknown_field"),
        seat("on_conflict=aisle", good, 400, "unknown_field"),
        seat("on_conflict=place,aisle", good, 422, "required"),
        seat("on_conflict=code,code", good, 400, "unknown_field"),
        seat("on_conflict=%00", good, 400, "unknown_field"),
        seat("on_conflict=%FF", good, 400, "malformed"),
        seat("on_conflict=code&on_conflict=code", good, 400, "duplicate_parameter"),
        seat("on_conflict=code&page=1", good, 400, "unknown_parameter"),
        seat("conflict=code", good, 400, "unknown_parameter"),
        json("POST", "/things?on_conflict=code", "{}", 400, "unknown_parameter"),
        seat("on_conflict=code", r#"{"aisle": 1}"#, 422, "required"),
        seat("on_conflict=aisle,place", r#"{"code": "a1", "aisle": 1}"#, 422, "required"),
        seat("on_conflict=code", r#"{"code": null, "aisle": 1}"#, 422, "not_null"),
        seat("on_conflict=code", r#"{"code": "a1", "aisle": 1, "price": 10, "version": 1}"#, 422, "read_only range"),
        seat("on_conflict=code", r#"{"code": "a1", "aisle": 1, "guests": []}"#, 422, "read_only"),
        seat("on_conflict=code", r#"{"code": "a1", "aisle": 1, "place": 2}"#, 409, "unique unique"),
        seat("on_conflict=code", r#"{"code": "a1", "aisle": 1, "price": 9}"#, 403, ""),
        items("on_conflict=nope", r#"{"items": []}"#, 400, "unknown_field"),
        items("on_conflict=code", r#"{"items": [{"aisle": 1}]}"#, 422, "required"),
        items(
            "on_conflict=code",
            r#"{"items": [{"code": "a1", "aisle": 1}, {"code": "b1", "aisle": 2}, {"code": "a1", "aisle": 2}]}"#,
            422,
            "duplicate",
        ),
        items(
            "on_conflict=aisle,place",
            r#"{"items": [{"code": "b1", "aisle": 5, "place": 1}, {"code": "b2", "aisle": 5, "place": 1}]}"#,
            422,
            "duplicate",
        ),
        json("POST", "/guests?on_conflict=name", r#"{"name": "Ann", "seat_id": 9}"#, 409, "foreign_key"),
    ]
}

fn nested() -> Vec<Case> {
    let seat = |guests: &str, status, codes| {
        json("POST", "/seats", format!(r#"{{"code": "b1", "aisle": 2, "guests": {guests}}}"#), status, codes)
    };
    let many = |times: usize| format!("[{}]", vec![r#"{"name": "x"}"#; times].join(","));
    vec![
        seat("null", 422, "invalid_value"),
        seat("{}", 422, "invalid_value"),
        seat("\"Ann\"", 422, "invalid_value"),
        seat("[1, null]", 422, "invalid_value invalid_value"),
        seat("[[]]", 422, "invalid_value"),
        seat(r#"[{"name": "x"}, {}]"#, 422, "required"),
        seat(r#"[{"name": "x", "seat_id": 1}]"#, 422, "read_only"),
        seat(r#"[{"name": "x", "seat": {}}]"#, 422, "unknown_field"),
        seat(r#"[{"name": "x", "note": "y"}]"#, 422, "unknown_field"),
        seat(r#"[{"name": "x", "id": 7}]"#, 422, "read_only"),
        seat(r#"[{"name": ""}, {"name": "x", "age": 151}, {"nam": "x"}]"#, 422, "length range unknown_field required"),
        seat(r#"[{"name": "x", "name": "y"}]"#, 400, "invalid_json"),
        seat(&many(1001), 422, "too_many"),
        seat(&many(2), 409, "unique"),
        seat(r#"[{"name": "Ann"}]"#, 409, "unique"),
        json("POST", "/seats", r#"{"guests": [{"name": ""}]}"#, 422, "required required length"),
        json("POST", "/seats", r#"{"code": "b1", "aisle": 2, "guest": []}"#, 422, "unknown_field"),
        json("POST", "/seats", r#"{"code": "b1", "aisle": 2, "owner": {"name": "Eve"}}"#, 422, "unknown_field"),
        json("POST", "/guests", r#"{"name": "Bo", "seat_id": 1, "seat": {"code": "x"}}"#, 422, "unknown_field"),
        sent("PATCH", "/seats/1", "if-match: *\r\n", r#"{"guests": [{"name": "Bo"}]}"#, 422, "read_only"),
        sent("PUT", "/seats/1", "if-match: *\r\n", r#"{"code": "a1", "aisle": 1, "guests": []}"#, 422, "read_only"),
        json(
            "POST",
            "/owners",
            r#"{"name": "Eve", "things": [{"name": "hat", "label_ids": ["none"]}]}"#,
            409,
            "foreign_key",
        ),
        json("POST", "/owners", r#"{"name": "Eve", "things": [{"name": "hat", "code": "abc"}]}"#, 409, "unique"),
    ]
}

fn versions() -> Vec<Case> {
    let change = r#"{"price": 2}"#;
    let patch =
        |tags: &str, status, codes| sent("PATCH", "/seats/1", &format!("if-match: {tags}\r\n"), change, status, codes);
    let get = |tags: &str| sent("GET", "/seats/1", &format!("if-none-match: {tags}\r\n"), "", 400, "malformed");
    vec![
        patch("1", 400, "malformed"),
        patch("", 400, "malformed"),
        patch("\"1", 400, "malformed"),
        patch("'1'", 400, "malformed"),
        patch("w/\"1\"", 400, "malformed"),
        patch("\"1\" \"2\"", 400, "malformed"),
        patch("\"1\", *", 400, "malformed"),
        patch("\"a b\"", 400, "malformed"),
        patch("W/\"1\"", 412, "stale"),
        patch("\"2\"", 412, "stale"),
        patch("\"01x\"", 412, "stale"),
        patch("\"99999999999999999999\"", 412, "stale"),
        patch("\"\"", 412, "stale"),
        json("PATCH", "/seats/1", change, 428, ""),
        json("PUT", "/seats/1", r#"{"code": "a1", "aisle": 1}"#, 428, ""),
        bare("DELETE", "/seats/1", 428, ""),
        bare("POST", "/seats/4/restore", 428, ""),
        json("PATCH", "/seats/9", change, 428, ""),
        sent("PATCH", "/seats/9", "if-match: \"1\"\r\n", change, 404, ""),
        sent("PATCH", "/seats/x", "if-match: \"1\"\r\n", change, 400, "invalid_value"),
        // rules of a model with hooks are checked once its row is there
        sent("PATCH", "/seats/1", "if-match: \"2\"\r\n", r#"{"price": 10}"#, 412, "stale"),
        sent("PATCH", "/seats/1", "if-match: \"1\"\r\n", r#"{"price": 10}"#, 422, "range").asking(),
        sent("PATCH", "/tickets/1", "if-match: \"2\"\r\n", r#"{"text": ""}"#, 422, "length"),
        sent("PUT", "/seats/1", "if-match: \"2\"\r\n", r#"{"code": "a1", "aisle": 1}"#, 412, "stale"),
        sent("DELETE", "/seats/1", "if-match: \"2\"\r\n", "", 412, "stale"),
        sent("DELETE", "/seats/1", "if-match: 1\r\n", "", 400, "malformed"),
        sent("POST", "/seats/4/restore", "if-match: \"1\"\r\n", "", 412, "stale"),
        sent("PATCH", "/tickets/1", "if-match: \"2\"\r\n", r#"{"text": "x"}"#, 412, "stale"),
        sent("PATCH", "/tickets/1", "if-match: \"1\"\r\n", r#"{"text": "x", "version": 2}"#, 422, "read_only"),
        // without a version there are no tags
        sent("PATCH", "/things/1", "if-match: \"1\"\r\n", r#"{"name": "x"}"#, 412, "stale"),
        sent("PATCH", "/things/9", "if-match: \"1\"\r\n", r#"{"name": "x"}"#, 404, ""),
        sent("PATCH", "/things/1", "if-match: 1\r\n", r#"{"name": "x"}"#, 400, "malformed"),
        sent("DELETE", "/things/1", "if-match: \"1\"\r\n", "", 412, "stale"),
        get("1"),
        get("\""),
        get("\"1\", x"),
        get(""),
    ]
}

/// Keys of requests.
fn keys() -> Vec<Case> {
    let post = |key: &str, body: &str, status, codes| {
        sent("POST", "/tickets", &format!("idempotency-key: {key}\r\n"), body, status, codes)
    };
    let good = r#"{"text": "x"}"#;
    vec![
        post("", good, 400, "invalid_value"),
        post(&"k".repeat(256), good, 400, "invalid_value"),
        post("two words", good, 400, "invalid_value"),
        post("a\tb", good, 400, "invalid_value"),
        post("\u{e9}", good, 400, "invalid_value"),
        post("a\u{1}b", good, 400, "-"),
        post("a\r\nidempotency-key: b", good, 400, "duplicate_parameter"),
        post("a\r\nidempotency-key: a", good, 400, "duplicate_parameter"),
        post("used", good, 422, "idempotency_key_reused").asking(),
        sent("POST", "/tickets/bulk", "idempotency-key: \r\n", r#"{"items": []}"#, 400, "invalid_value"),
        sent("PATCH", "/tickets/bulk", "idempotency-key: \r\n", r#"{"items": []}"#, 400, "invalid_value"),
        sent("POST", "/labels/old/restore", "idempotency-key: \r\n", "", 400, "invalid_value"),
        post("fresh", r#"{"text": ""}"#, 422, "length"),
    ]
}

/// Rows that stay when they are deleted.
fn deleted() -> Vec<Case> {
    vec![
        bare("GET", "/seats/4", 404, ""),
        bare("GET", "/seats/4/guests", 404, ""),
        bare("GET", "/seats/1?deleted=only", 404, ""),
        sent("DELETE", "/seats/4", "if-match: *\r\n", "", 404, ""),
        sent("PATCH", "/seats/4", "if-match: *\r\n", r#"{"price": 2}"#, 404, ""),
        sent("PUT", "/seats/4", "if-match: \"2\"\r\n", r#"{"code": "x", "aisle": 1}"#, 404, ""),
        sent("POST", "/seats/9/restore", "if-match: *\r\n", "", 404, ""),
        bare("POST", "/seats/x/restore", 400, "invalid_value"),
        bare("POST", "/labels/none/restore", 404, ""),
        bare("POST", "/labels/old/restore?deleted=only", 400, "unknown_parameter"),
        bare("GET", "/labels/old/restore", 405, ""),
        bare("POST", "/things/1/restore", 404, ""),
        bare("POST", "/guests?deleted=only", 400, "unknown_parameter"),
    ]
}

/// What the database computes, and what an app refuses by itself.
fn generated_and_hooks() -> Vec<Case> {
    let seat = |body: &str, status, codes| json("POST", "/seats", body, status, codes);
    let patch = |body: &str, status, codes| sent("PATCH", "/seats/1", "if-match: \"1\"\r\n", body, status, codes);
    vec![
        seat(r#"{"code": "b1", "aisle": 2, "doubled": 2}"#, 422, "read_only"),
        seat(r#"{"code": "b1", "aisle": 2, "doubled": null}"#, 422, "read_only"),
        seat(r#"{"code": "b1", "aisle": 2, "version": 1}"#, 422, "read_only"),
        seat(r#"{"code": "b1", "aisle": 2, "deleted_at": "2024-05-06T07:08:09Z"}"#, 422, "read_only"),
        seat(r#"{"code": "b1", "aisle": 1, "place": 1}"#, 409, "unique unique"),
        seat(r#"{"code": "no", "aisle": 2}"#, 422, "refused"),
        seat(r#"{"code": "no to all", "aisle": 2, "price": 0}"#, 422, "length range refused"),
        seat(r#"{"code": "mine", "aisle": 2}"#, 403, ""),
        patch(r#"{"doubled": 2}"#, 422, "read_only"),
        patch(r#"{"version": 2}"#, 422, "read_only"),
        patch(r#"{"code": "no"}"#, 422, "refused").asking(),
        patch(r#"{"code": "a2"}"#, 409, "unique"),
        patch(r#"{"place": 2}"#, 409, "unique unique"),
        patch(r#"{"price": 9}"#, 403, ""),
        sent("DELETE", "/seats/3", "if-match: \"1\"\r\n", "", 409, "in_use"),
    ]
}
