//! The pairs of a query string.

use super::given::Given;
use crate::error::InputError;

/// Different parameters at most.
pub(super) const MAX_PARAMETERS: usize = 200;
/// Pairs at most, repetitions included; far more than any list of values needs.
const MAX_PAIRS: usize = 5_000;
/// Characters of a name that an error repeats.
const SHOWN: usize = 100;

/// A parameter and what it is given as.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) given: Given,
}

/// Decodes `application/x-www-form-urlencoded` text strictly: an escape that is none is an error, never a guess.
pub(super) fn decode(query: &str, ignored: &[String], errors: &mut Vec<InputError>) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for (index, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if index >= MAX_PAIRS {
            errors.push(too_many());
            return parameters;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decode_part(name) else {
            errors.push(malformed(name, "the name"));
            continue;
        };
        if ignored.iter().any(|pattern| is_ignored(&name, pattern)) {
            continue;
        }
        let Some(value) = decode_part(value) else {
            errors.push(malformed(&name, "the value"));
            continue;
        };
        let known = parameters.iter_mut().find(|parameter| parameter.name == name);
        if let Some(Parameter { given: Given::Texts(texts), .. }) = known {
            texts.push(value);
        } else if parameters.len() < MAX_PARAMETERS {
            parameters.push(Parameter { name, given: Given::Texts(vec![value]) });
        } else {
            errors.push(too_many());
            return parameters;
        }
    }
    parameters
}

/// The name as an error repeats it, which is not for as long as a client likes.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

fn is_ignored(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn too_many() -> InputError {
    InputError::request("too_many", format!("too many parameters; a query takes {MAX_PARAMETERS} at most"))
}

fn malformed(name: &str, what: &str) -> InputError {
    let detail = format!("{what} is not UTF-8 in percent-encoding; write % as %25");
    InputError::parameter(shown(name), "malformed", detail)
}

fn decode_part(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? * 16 + hex(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_is_a_space_and_escapes_are_bytes_of_utf8() {
        assert_eq!(decode_part("a+b%20c%2B").as_deref(), Some("a b c+"));
        assert_eq!(decode_part("%E6%BC%A2").as_deref(), Some("漢"));
        for bad in ["%", "%2", "%zz", "%+1", "%FF", "%E6%BC", "%ED%A0%80"] {
            assert_eq!(decode_part(bad), None, "{bad}");
        }
    }

    #[test]
    fn ignored_parameters_are_not_even_decoded() {
        let mut errors = Vec::new();
        let ignored = ["utm_*".to_owned(), "fbclid".to_owned()];
        let parameters = decode("utm_source=%FF&fbclid=1&fbclid_=2&&page", &ignored, &mut errors);
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["fbclid_", "page"]);
        assert!(errors.is_empty());
    }

    #[test]
    fn a_long_name_is_shown_in_part() {
        assert_eq!(shown("short"), "short");
        assert_eq!(shown(&"é".repeat(101)), "é".repeat(100) + "…");
    }
}
