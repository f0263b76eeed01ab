use poem::EndpointExt;
use poem::endpoint::make_sync;
use poem::test::{TestClient, TestResponse};
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Value, json};

use super::*;
use crate::http::middleware::Identify;

async fn body(response: TestResponse) -> Value {
    response.assert_content_type(CONTENT_TYPE);
    serde_json::from_slice(&response.0.into_body().into_bytes().await.expect("a body")).expect("JSON")
}

async fn answer(error: impl Fn() -> poem::Error + Send + Sync + 'static) -> TestResponse {
    let endpoint = make_sync(move |_| Err::<(), _>(error())).map_to_response();
    TestClient::new(endpoint.with(Identify)).get("/books").header("x-request-id", "abc").send().await
}

fn every_kind() -> Vec<(Error, u16)> {
    let mistake = || vec![InputError::parameter("sort", "unknown_field", "unknown field \"titel\"")];
    vec![
        (Error::Parameters(mistake()), 400),
        (Error::Invalid(mistake()), 422),
        (Error::Conflict(mistake()), 409),
        (Error::NotFound("Book"), 404),
        (Error::Unavailable("secret".to_owned()), 503),
        (Error::Serialization("secret".to_owned()), 503),
        (Error::DeadlineExceeded, 504),
        (Error::BudgetExceeded("secret".to_owned()), 500),
        (Error::Configuration("secret".to_owned()), 500),
        (Error::Startup("secret".to_owned()), 500),
        (Error::NotLoaded { model: "secret" }, 500),
        (Error::Database("secret".into()), 500),
        (Error::other("secret"), 500),
    ]
}

#[tokio::test]
async fn every_error_has_its_status_and_no_5xx_tells_its_cause() {
    for (error, status) in every_kind() {
        assert_eq!(ResponseError::status(&error).as_u16(), status, "{error}");
        let error = std::sync::Mutex::new(Some(error));
        let response = answer(move || error.lock().expect("no panic").take().expect("asked once").into()).await;
        assert_eq!(response.0.status().as_u16(), status);
        let retry_after = response.0.header("retry-after").map(str::to_owned);
        assert_eq!(retry_after.is_some(), status == 503);
        let text = body(response).await.to_string();
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn a_problem_names_its_request_and_each_mistake() {
    let errors = || {
        vec![
            InputError::parameter("sort", "unknown_field", "unknown field \"titel\""),
            InputError::field("a/b", "too_long", "at most 3 characters"),
            InputError::request("empty", "nothing to change"),
        ]
    };
    let response = answer(move || Error::Invalid(errors()).into()).await;
    response.assert_header("x-request-id", "abc");
    assert_eq!(
        body(response).await,
        json!({
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "the body cannot be accepted: 3 mistakes",
            "instance": "/books",
            "request_id": "abc",
            "errors": [
                {"parameter": "sort", "code": "unknown_field", "detail": "unknown field \"titel\""},
                {"pointer": "/a~1b", "code": "too_long", "detail": "at most 3 characters"},
                {"code": "empty", "detail": "nothing to change"},
            ],
        })
    );
}

#[tokio::test]
async fn errors_of_others_become_problems_with_their_own_status_and_headers() {
    let teapot = answer(|| poem::Error::from_string("short and stout", StatusCode::IM_A_TEAPOT)).await;
    teapot.assert_status(StatusCode::IM_A_TEAPOT);
    assert_eq!(body(teapot).await["detail"], "short and stout");

    let hidden = answer(|| poem::Error::from_string("/etc/secret", StatusCode::INTERNAL_SERVER_ERROR)).await;
    assert!(!body(hidden).await.to_string().contains("secret"));

    let bare = || Response::builder().status(StatusCode::UNAUTHORIZED).header("www-authenticate", "Bearer").finish();
    let bare = answer(move || poem::Error::from_response(bare())).await;
    bare.assert_header("www-authenticate", "Bearer");
    assert_eq!(body(bare).await["title"], "Unauthorized");

    let chosen = || Response::builder().status(StatusCode::CONFLICT).content_type("application/json").body("{}");
    let chosen = answer(move || poem::Error::from_response(chosen())).await;
    chosen.assert_content_type("application/json");
    chosen.assert_text("{}").await;
}

struct ByHand;

#[OpenApi]
impl ByHand {
    /// Twice the number.
    #[oai(path = "/double", method = "get")]
    async fn double(&self, number: Query<i32>) -> Result<Json<i32>, Problem> {
        number.0.checked_mul(2).map(Json).ok_or(Problem::new(StatusCode::CONFLICT))
    }
}

#[tokio::test]
async fn an_endpoint_written_by_hand_answers_with_problems_and_says_so() {
    let service = OpenApiService::new(ByHand, "", "");
    let specification: Value = serde_json::from_str(&service.spec()).expect("JSON");
    let reference = specification.pointer("/paths/~1double/get/responses/default/content");
    assert_eq!(
        reference,
        Some(&json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}))
    );
    assert_eq!(specification.pointer("/components/schemas/Problem"), Some(&Problem::schema()));

    let client = TestClient::new(service.map_to_response().with(Identify));
    client.get("/double?number=4").send().await.assert_text("8").await;
    client.get("/double?number=2147483647").send().await.assert_status(StatusCode::CONFLICT);
    let unreadable = client.get("/double?number=x").send().await;
    unreadable.assert_status(StatusCode::BAD_REQUEST);
    assert_eq!(body(unreadable).await["errors"][0]["parameter"], "number");
}
