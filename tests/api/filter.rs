//! Filters: each operator on each type means the same on each database.

use couplet_tests::on_each_database;
use serde_json::{Value, json};

use super::support::*;

/// Three values of each ordered type, from the least to the largest; the last of decimals is the least as a text.
const ORDERED: [(&str, [&str; 3]); 9] = [
    ("small", ["-32768", "0", "32767"]),
    ("medium", ["-2147483648", "0", "2147483647"]),
    ("large", ["-9223372036854775808", "0", "9223372036854775807"]),
    ("float", ["-1.5", "0.1", "1e300"]),
    ("text", ["a", "b & c", "ß🦀"]),
    (
        "uuid",
        [
            "00000000-0000-0000-0000-000000000001",
            "018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ],
    ),
    ("time", ["0001-01-01T00:00:00Z", "2024-05-06T07:08:09.000001Z", "9999-12-31T23:59:59.999999Z"]),
    ("date", ["0001-01-01", "2024-02-29", "9999-12-31"]),
    ("decimal", ["-10.5", "9", "10.10"]),
];

/// A JSON value of the text, as the column takes it.
fn json_of(field: &str, text: &str) -> Value {
    match field {
        "small" | "medium" | "large" | "float" => serde_json::from_str(text).unwrap(),
        _ => json!(text),
    }
}

/// Three rows that hold the first, second and third value of each type.
async fn three_rows(api: &Api) {
    for place in 0..3 {
        let mut body = json!({"aBool": place == 1, "state": if place == 1 { "on_leave" } else { "active" }});
        for (field, values) in ORDERED {
            body[field] = json_of(field, values[place]);
        }
        api.create("/every-types", body).await;
    }
}

async fn ids(api: &Api, parameters: &[(&str, &str)]) -> Vec<String> {
    api.column(&with_query("/every-types", parameters), "id").await
}

on_each_database! {
    async fn each_operator_compares_each_ordered_type(database: TestDatabase) {
        let api = Api::start(&database).await;
        three_rows(&api).await;
        for (field, [low, mid, high]) in ORDERED {
            for (operator, value, expected) in [
                ("", mid, &["2"][..]),
                ("__ne", mid, &["1", "3"]),
                ("__gt", low, &["2", "3"]),
                ("__gte", mid, &["2", "3"]),
                ("__lt", high, &["1", "2"]),
                ("__lte", mid, &["1", "2"]),
                ("__in", high, &["3"]),
                ("__not_in", high, &["1", "2"]),
            ] {
                let parameter = format!("{field}{operator}");
                assert_eq!(ids(&api, &[(&parameter, value)]).await, expected, "{parameter}={value}");
            }
            let (within, without) = (format!("{field}__in"), format!("{field}__not_in"));
            assert_eq!(ids(&api, &[(&within, low), (&within, high)]).await, ["1", "3"], "{within}");
            assert_eq!(ids(&api, &[(&without, low), (&without, high)]).await, ["2"], "{without}");
        }
    }

    async fn booleans_and_enums_are_equal_or_not(database: TestDatabase) {
        let api = Api::start(&database).await;
        three_rows(&api).await;
        for (parameter, value, expected) in [
            ("aBool", "true", &["2"][..]),
            ("aBool", "0", &["1", "3"]),
            ("aBool__ne", "true", &["1", "3"]),
            ("aBool__in", "true", &["2"]),
            ("aBool__not_in", "true", &["1", "3"]),
            ("state", "on_leave", &["2"]),
            ("state__ne", "on_leave", &["1", "3"]),
            ("state__in", "active", &["1", "3"]),
            ("state__not_in", "active", &["2"]),
        ] {
            assert_eq!(ids(&api, &[(parameter, value)]).await, expected, "{parameter}={value}");
        }
        assert_eq!(ids(&api, &[("aBool__in", "true"), ("aBool__in", "false")]).await.len(), 3);
        let problem = api.get("/every-types?state=OnLeave").await.expect(400);
        assert!(problem["/errors/0/detail"].as_str().unwrap().contains("active, on_leave"), "{problem}");
    }

    async fn what_was_written_is_read_back_as_the_contract_writes_it(database: TestDatabase) {
        let api = Api::start(&database).await;
        three_rows(&api).await;
        let rows = api.get("/every-types").await.expect(200);
        for (place, row) in rows["/items"].as_array().unwrap().iter().enumerate() {
            for (field, values) in ORDERED.iter().filter(|(field, _)| *field != "time") {
                assert_eq!(row[field], json_of(field, values[place]), "{field}");
            }
        }
        let times = column(&rows, "time");
        assert!(times.iter().all(|time| time.ends_with('Z')), "{times:?}");
        assert_eq!(times[1], "2024-05-06T07:08:09.000001Z");
    }

    async fn decimals_are_compared_as_numbers_and_times_as_instants(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/every-types", json!({"decimal": "10.10", "time": "2024-05-06T09:08:09+02:00"})).await;
        api.create("/every-types", json!({"decimal": "9", "time": "2024-05-06T07:08:09.5Z"})).await;
        for decimal in ["10.1", "10.100", "0010.10"] {
            assert_eq!(ids(&api, &[("decimal", decimal)]).await, ["1"], "{decimal}");
            assert_eq!(ids(&api, &[("decimal__in", decimal), ("decimal__in", "0")]).await, ["1"], "{decimal}");
            assert_eq!(ids(&api, &[("decimal__ne", decimal)]).await, ["2"], "{decimal}");
        }
        assert_eq!(ids(&api, &[("decimal__gt", "9.5")]).await, ["1"]);
        assert_eq!(api.get("/every-types/1").await["/decimal"], "10.10", "the digits stay as they were written");
        for time in ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09.000Z", "2024-05-06T08:08:09+01:00"] {
            assert_eq!(ids(&api, &[("time", time)]).await, ["1"], "{time}");
            assert_eq!(ids(&api, &[("time__gt", time)]).await, ["2"], "{time}");
        }
    }

    async fn needles_are_literal(database: TestDatabase) {
        let api = Api::start(&database).await;
        for text in ["100%", "1000", "a_b", "axb", r"c:\d", "c:d", r"\%", "'; --"] {
            api.create("/every-types", json!({"text": text})).await;
        }
        for (needle, expected) in
            [("%", &["1", "7"][..]), ("_", &["3"]), ("\\", &["5", "7"]), ("00%", &["1"]), (r"\%", &["7"]), ("'", &["8"])]
        {
            for operator in ["text__contains", "text__icontains", "q"] {
                assert_eq!(ids(&api, &[(operator, needle)]).await, expected, "{operator}={needle}");
            }
        }
        for (needle, expected) in [("100%", &["1"][..]), ("a_", &["3"]), (r"c:\", &["5"]), ("%", &[]), ("", &["1"])] {
            for operator in ["text__startswith", "text__istartswith"] {
                let found = ids(&api, &[(operator, needle), ("per_page", "1")]).await;
                assert_eq!(found, expected, "{operator}={needle}");
            }
        }
    }

    async fn case_counts_unless_the_operator_says_otherwise(database: TestDatabase) {
        let api = Api::start(&database).await;
        for text in ["Dune", "dune", "The DUNE"] {
            api.create("/every-types", json!({"text": text})).await;
        }
        for (parameter, expected) in [
            ("text", &["1"][..]),
            ("text__in", &["1"]),
            ("text__contains", &["1"]),
            ("text__startswith", &["1"]),
            ("text__icontains", &["1", "2", "3"]),
            ("text__istartswith", &["1", "2"]),
        ] {
            assert_eq!(ids(&api, &[(parameter, "Dune")]).await, expected, "{parameter}");
        }
    }

    async fn null_is_equal_to_nothing_and_unequal_to_nothing(database: TestDatabase) {
        let api = Api::start(&database).await;
        three_rows(&api).await;
        api.create("/every-types", json!({})).await;
        for (field, value) in ORDERED[5..].iter().map(|(field, values)| (*field, values[1])).chain([("state", "on_leave")]) {
            let parameter = |operator: &str| format!("{field}__{operator}");
            assert_eq!(ids(&api, &[(&parameter("ne"), value)]).await, ["1", "3"], "{field}");
            assert_eq!(ids(&api, &[(&parameter("not_in"), value)]).await, ["1", "3"], "{field}");
            assert_eq!(ids(&api, &[(&parameter("isnull"), "true")]).await, ["4"], "{field}");
            assert_eq!(ids(&api, &[(&parameter("isnull"), "false")]).await, ["1", "2", "3"], "{field}");
        }
        api.create("/every-types", json!({"json": {"a": 1}})).await;
        assert_eq!(ids(&api, &[("json__isnull", "false")]).await, ["5"]);
        api.get("/every-types?json__isnull=1").await.expect(400);
        api.get("/every-types?text__isnull=true").await.expect(400);
    }

    async fn several_filters_must_all_hold(database: TestDatabase) {
        let api = Api::start(&database).await;
        three_rows(&api).await;
        let both = [("small__gte", "0"), ("float__lt", "1"), ("aBool", "true"), ("text__contains", "b")];
        assert_eq!(ids(&api, &both).await, ["2"]);
        assert_eq!(ids(&api, &[("small__gte", "0"), ("small__lt", "0")]).await, [""; 0]);
        let list = api.get(&with_query("/every-types", &both)).await;
        assert_eq!((&list["/meta/total"], list.statements()), (&json!(1), 1));
    }

    async fn a_value_that_is_none_of_its_type_is_an_error_that_says_what_is(database: TestDatabase) {
        let api = Api::start(&database).await;
        let bad = [
            ("small", "32768"),
            ("medium", "1.0"),
            ("large", "9223372036854775808"),
            ("float", "NaN"),
            ("uuid", "7"),
            ("time", "2024-05-06T07:08:09"),
            ("date", "2023-02-29"),
            ("decimal", "1e3"),
            ("aBool", "yes"),
            ("text", "a\0b"),
        ];
        let problem = api.get(&with_query("/every-types", &bad)).await.expect(400);
        assert_mistakes(&problem, bad.map(|(field, _)| (field, "invalid_value")));
        let problem = api.get("/every-types?small__in=1,2").await.expect(400);
        assert!(problem["/errors/0/detail"].as_str().unwrap().contains("repeat the parameter"), "{problem}");
    }

    async fn fields_that_clients_do_not_see_are_unknown_to_filters(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        let unknown = api.get("/authors?nonsense=x").await.expect(400);
        for hidden in ["note", "password", "initial"] {
            let problem = api.get(&format!("/authors?{hidden}=x")).await.expect(400);
            let as_if = problem["/errors/0"].to_string().replace(&format!("\\\"{hidden}\\\""), "\\\"nonsense\\\"");
            let as_if = as_if.replace(&format!("\"{hidden}\""), "\"nonsense\"");
            assert_eq!(as_if, unknown["/errors/0"].to_string(), "{hidden}");
        }
    }

    async fn filters_go_by_the_names_of_the_api(database: TestDatabase) {
        let api = Api::start(&database).await;
        let edition = |code, number, label| json!({"countryCode": code, "printNumber": number, "label": label});
        api.create("/editions", edition("de", 1, "first")).await;
        api.create("/editions", edition("fr", 1, "première")).await;
        assert_eq!(api.column("/editions?countryCode=fr", "label").await, ["première"]);
        assert_eq!(api.column("/editions?label=first&printNumber__gte=1", "countryCode").await, ["de"]);
        for column in ["country_code", "name"] {
            api.get(&format!("/editions?{column}=fr")).await.expect(400);
        }
    }
}
