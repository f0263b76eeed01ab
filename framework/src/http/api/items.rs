//! Reading the body of a request that writes many rows: `{"items": [{..}, ..]}`.

use poem::Request;
use serde_json::{Map, Value as JsonValue};

use super::body::{self, Body};
use super::problem;
use super::unique::Unique;
use crate::crud::validate::capped;
use crate::error::{Error, InputError, Location};
use crate::query::parse::shown;

/// Reads at most `most` items, each a JSON object, of a body of at most `depth` levels.
///
/// # Errors
///
/// As of a single row's body; 422 with every item that is no object.
pub(super) async fn read(
    request: &mut Request,
    types: &[&str],
    depth: usize,
    most: usize,
) -> poem::Result<Vec<Map<String, JsonValue>>> {
    let bytes = body::bytes(request, types).await?;
    let body = body::json::<Body<Body<Body<Unique>>>>(&bytes, depth)?;
    items(body, most).map_err(|errors| problem(Error::Invalid(capped(errors))))
}

fn items(body: Body<Body<Body<Unique>>>, most: usize) -> Result<Vec<Map<String, JsonValue>>, Vec<InputError>> {
    let Body::Object(members) = body else {
        let at = Location::Pointer(String::new());
        let detail = "expected a JSON object, as in {\"items\": [..]}".to_owned();
        return Err(vec![InputError { at, code: "invalid_value", detail }]);
    };
    let (mut list, mut errors) = (None, Vec::new());
    for (name, value) in members {
        if name == "items" {
            list = Some(value);
        } else {
            let name = shown(&name);
            let detail = format!("unknown field \"{name}\"; accepted: items");
            errors.push(InputError::field(&name, "unknown_field", detail));
        }
    }
    let mut rows = Vec::new();
    match list {
        None => errors.push(InputError::field("items", "required", "\"items\" is required")),
        Some(Body::List(items)) if items.len() > most => {
            let detail = format!("expected at most {most} items, not {}", items.len());
            errors.push(InputError::field("items", "too_many", detail));
        }
        Some(Body::List(items)) => {
            for (place, item) in items.into_iter().enumerate() {
                match item {
                    Body::Object(members) => {
                        rows.push(members.into_iter().map(|(name, value)| (name, value.0)).collect());
                    }
                    Body::List(_) | Body::Other => {
                        errors.push(InputError::request("invalid_value", "expected a JSON object").of_item(place));
                    }
                }
            }
        }
        Some(_) => errors.push(InputError::field("items", "invalid_value", "expected an array of objects")),
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, Vec<String>> {
        let body = body::json::<Body<Body<Body<Unique>>>>(text.as_bytes(), 32).expect("JSON");
        let place = |error: InputError| match error.at {
            Location::Pointer(pointer) => format!("{pointer} {}", error.code),
            other => format!("{other:?} {}", error.code),
        };
        items(body, 3).map(|rows| rows.len()).map_err(|errors| errors.into_iter().map(place).collect())
    }

    #[test]
    fn every_item_that_is_no_object_is_named() {
        assert_eq!(read(r#"{"items": []}"#), Ok(0));
        assert_eq!(read(r#"{"items": [{}, {"a": {"b": [1]}}]}"#), Ok(2));
        let expected = ["/item unknown_field", "/items/0 invalid_value", "/items/2 invalid_value"];
        assert_eq!(read(r#"{"items": [1, {}, [{}]], "item": 1}"#), Err(expected.map(str::to_owned).to_vec()));
        for (bad, expected) in [
            ("[]", " invalid_value"),
            ("1", " invalid_value"),
            ("{}", "/items required"),
            (r#"{"items": {}}"#, "/items invalid_value"),
            (r#"{"items": [{}, {}, {}, {}]}"#, "/items too_many"),
        ] {
            assert_eq!(read(bad), Err(vec![expected.to_owned()]), "{bad}");
        }
    }

    #[test]
    fn a_member_that_is_twice_is_refused_however_deep() {
        for twice in [
            r#"{"items": [], "items": []}"#,
            r#"{"items": [{"a": 1, "a": 2}]}"#,
            r#"{"items": [{"a": [{"b": 1, "b": 2}]}]}"#,
        ] {
            assert!(body::json::<Body<Body<Body<Unique>>>>(twice.as_bytes(), 32).is_err(), "{twice}");
        }
    }
}
