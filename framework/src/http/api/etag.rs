//! Versions of rows as entity tags (RFC 9110, 8.8.3 and 13.1): `"3"` is the row of version 3 as it is, `"3-9f…"` an answer
//! that shows more or less of it. `If-Match` looks at the version only.

use poem::http::{HeaderName, StatusCode, header};
use poem::{Request, Response};

use super::{Mounted, bad_parameters, insert_header};
use crate::crud::decode_error;
use crate::error::{InputError, Result};
use crate::http::problem::Problem;
use crate::model::Loaded;

/// Puts the version of the one row of `row` into the answer, where its model has one.
pub(super) fn insert(response: &mut Response, row: &Loaded) -> Result<()> {
    if let Some(tag) = of(row)? {
        insert_header(response, header::ETAG, &tag);
    }
    Ok(())
}

/// The tag of the one row of `row`, where its model has a version.
pub(super) fn of(row: &Loaded) -> Result<Option<String>> {
    let version = row.meta.version_of(row.row(0)).map_err(decode_error(row.meta))?;
    Ok(version.map(|version| format!("\"{version}\"")))
}

/// What an answer may be used for that has a tag: by who asked for it, and only after asking whether it is still the same.
pub(super) const REVALIDATE: &str = "private, no-cache";

/// What an answer shows beside the row changes without the row's version: its tag gets a hash of the body.
pub(super) async fn tell_apart(response: &mut Response, query: &str) {
    let Some(tag) = tag_of(response).filter(|_| !query.is_empty()) else { return };
    let Ok(body) = response.take_body().into_bytes().await else { return };
    insert_header(response, header::ETAG, &of_body(&tag.opaque, &body));
    response.set_body(body);
}

/// The tag of a row that is shown with more, or less, than itself.
pub(super) fn of_body(tag: &str, body: &[u8]) -> String {
    format!("\"{}-{:016x}\"", tag.trim_matches('"'), fnv1a(body))
}

/// FNV-1a of 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Whether the client has this answer already: its tag is one of `known`.
pub(super) fn is_known(known: Option<&Tags>, response: &Response) -> bool {
    let Some(tag) = tag_of(response) else { return false };
    match known {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::List(tags)) => tags.iter().any(|known| known.opaque == tag.opaque),
    }
}

/// Whether the client names this tag, which has quotes.
pub(super) fn names(known: Option<&Tags>, tag: &str) -> bool {
    match known {
        None | Some(Tags::Any) => false,
        Some(Tags::List(tags)) => tags.iter().any(|known| known.opaque == tag.trim_matches('"')),
    }
}

/// What the client has already, by `If-None-Match`.
///
/// # Errors
///
/// 400 for a header that cannot be read.
pub(super) fn known(request: &Request) -> poem::Result<Option<Tags>> {
    tags(request, &header::IF_NONE_MATCH)
}

/// 304 in place of an answer that the client has.
pub(super) fn not_modified(response: &Response) -> Response {
    let mut answer = Response::builder().status(StatusCode::NOT_MODIFIED).finish();
    if let Some(tag) = response.headers().get(header::ETAG) {
        answer.headers_mut().insert(header::ETAG, tag.clone());
    }
    answer
}

impl Mounted {
    /// What the client has already, by `If-None-Match`, which means nothing where rows have no version.
    ///
    /// # Errors
    ///
    /// 400 for a header that cannot be read.
    pub(super) fn known(&self, request: &Request) -> poem::Result<Option<Tags>> {
        self.model().version().map_or(Ok(None), |_| known(request))
    }

    /// The versions of which `If-Match` wants the row to have one; any where there is no such header, or a `*`.
    ///
    /// # Errors
    ///
    /// 400 for a header that cannot be read, 428 where there is none and the resource requires one.
    pub(super) fn expected(&self, request: &Request) -> poem::Result<Option<Vec<i64>>> {
        match tags(request, &header::IF_MATCH)? {
            Some(Tags::Any) => Ok(None),
            // A weak tag never matches (RFC 9110, 13.1.1), nor does one that is of no version.
            Some(Tags::List(tags)) => Ok(Some(tags.iter().filter(|tag| !tag.weak).filter_map(Tag::version).collect())),
            None if self.resource().require_if_match => {
                let detail = "name the version that the change is meant for: If-Match with the ETag of the row";
                Err(Problem::new(StatusCode::PRECONDITION_REQUIRED).with_detail(detail).into())
            }
            None => Ok(None),
        }
    }
}

/// What `If-Match` and `If-None-Match` name.
#[derive(Debug, PartialEq)]
pub(super) enum Tags {
    Any,
    List(Vec<Tag>),
}

#[derive(Debug, PartialEq)]
pub(super) struct Tag {
    weak: bool,
    opaque: String,
}

impl Tag {
    fn version(&self) -> Option<i64> {
        let digits = self.opaque.split('-').next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok()
    }
}

fn tag_of(response: &Response) -> Option<Tag> {
    let text = response.headers().get(header::ETAG)?.to_str().ok()?;
    let Some(Tags::List(mut tags)) = parse(text) else { return None };
    tags.pop()
}

/// The tags of a header, which may be there several times.
fn tags(request: &Request, name: &HeaderName) -> poem::Result<Option<Tags>> {
    let lines: Vec<_> = request.headers().get_all(name).iter().collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let texts: Option<Vec<&str>> = lines.into_iter().map(|line| line.to_str().ok()).collect();
    match texts.and_then(|texts| parse(&texts.join(","))) {
        Some(tags) => Ok(Some(tags)),
        None => {
            let detail = "expected entity tags such as \"3\", quotes included, with commas between them, or *";
            let name = if *name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
            Err(bad_parameters(vec![InputError::parameter(name, "malformed", detail)]))
        }
    }
}

/// `*`, or tags with commas between them, of which some may be empty.
fn parse(text: &str) -> Option<Tags> {
    let is_space = |letter: char| letter == ' ' || letter == '\t';
    if text.trim_matches(is_space) == "*" {
        return Some(Tags::Any);
    }
    let (mut tags, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start_matches(is_space);
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return (!tags.is_empty()).then_some(Tags::List(tags));
        }
        let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if !opaque.bytes().all(|byte| byte == 0x21 || (0x23..=0x7e).contains(&byte)) {
            return None;
        }
        tags.push(Tag { weak, opaque: opaque.to_owned() });
        rest = after.trim_start_matches(is_space);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tags: &[(bool, &str)]) -> Option<Tags> {
        Some(Tags::List(tags.iter().map(|(weak, opaque)| Tag { weak: *weak, opaque: (*opaque).to_owned() }).collect()))
    }

    #[test]
    fn tags_are_read_as_the_standard_writes_them() {
        assert_eq!(parse("*"), Some(Tags::Any));
        assert_eq!(parse("\"3\""), list(&[(false, "3")]));
        assert_eq!(parse(" W/\"3-a,b\" ,\t\"\",,\"x\" "), list(&[(true, "3-a,b"), (false, ""), (false, "x")]));
        for bad in ["", ",", "3", "\"3", "\"3\"\"4\"", "w/\"3\"", "W/ \"3\"", "\"3\", *", "\"a b\"", "\"\u{e9}\""] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_version_stands_at_the_beginning() {
        let version = |opaque: &str| Tag { weak: false, opaque: opaque.to_owned() }.version();
        assert_eq!((version("3"), version("3-00ff")), (Some(3), Some(3)));
        for none in ["", "-3", "+3", "x", "3x", "99999999999999999999"] {
            assert_eq!(version(none), None, "{none}");
        }
    }

    #[test]
    fn the_hash_is_that_of_the_standard() {
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
