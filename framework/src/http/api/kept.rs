//! An answer as it is kept: a head of lines, and behind it the body as it is sent.

use bytes::Bytes;
use poem::http::{HeaderName, StatusCode, header};
use poem::{Request, Response};

use super::read::TRUNCATED;
use super::{etag, insert_header, link, query_string};
use crate::crud::{self, ListResult, PageMeta};
use crate::error::Result;
use crate::model::Loaded;
use crate::query::CountMode;

/// Bytes of the number that says where the head ends.
const PREFIX: usize = 4;

/// An answer as it is kept.
pub(super) struct Kept(Bytes);

/// The parts of it.
struct Parts<'a> {
    /// The tag of the row's version, where there is one.
    etag: &'a str,
    /// The relations that were cut, which a row has no `meta` to say.
    truncated: &'a str,
    /// Where the rows of a list lie, for its `Link`.
    meta: Option<PageMeta>,
    body: Bytes,
}

impl Kept {
    /// A list.
    pub(super) fn list(result: &ListResult) -> Result<Self> {
        let PageMeta { page, per_page, total, has_more, prev_cursor, next_cursor, .. } = &result.meta;
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let lines = [
            String::new(),
            String::new(),
            number(*page),
            per_page.to_string(),
            number(*total),
            has_more.to_string(),
            text(prev_cursor),
            text(next_cursor),
        ];
        let mut bytes = Vec::with_capacity(4096);
        write_head(&lines, &mut bytes);
        result.write_json(&mut bytes)?;
        Ok(Self(bytes.into()))
    }

    /// A row, whose tag says more than its version if `more` than the row itself was asked for.
    pub(super) fn row(row: &Loaded, truncated: &[String], more: bool) -> Result<Self> {
        let mut body = Vec::with_capacity(512);
        row.write_row(0, &mut body).map_err(crud::decode_error(row.meta))?;
        let tag = etag::of(row)?.map(|tag| if more { etag::of_body(&tag, &body) } else { tag });
        let mut bytes = Vec::with_capacity(body.len() + 128);
        write_head(&[tag.unwrap_or_default(), truncated.join(", ")], &mut bytes);
        bytes.extend_from_slice(&body);
        Ok(Self(bytes.into()))
    }

    /// What was kept; `None` for bytes that are in no such form.
    pub(super) fn read(bytes: Bytes) -> Option<Self> {
        let kept = Self(bytes);
        kept.parts().is_some().then_some(kept)
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The answer, under the tag of its row's version, else under `tag`.
    pub(super) fn response(&self, request: &Request, tag: Option<&str>) -> Option<Response> {
        let parts = self.parts()?;
        let json = Response::builder().status(StatusCode::OK).header(header::CONTENT_TYPE, "application/json");
        let mut response = json.body(parts.body);
        let tag = if parts.etag.is_empty() { tag } else { Some(parts.etag) };
        if let Some(tag) = tag {
            insert_header(&mut response, header::ETAG, tag);
            insert_header(&mut response, header::CACHE_CONTROL, etag::REVALIDATE);
        }
        if !parts.truncated.is_empty() {
            insert_header(&mut response, HeaderName::from_static(TRUNCATED), parts.truncated);
        }
        if let Some(meta) = parts.meta {
            let links = link::pages(request.original_uri().path(), query_string(request), &meta);
            insert_header(&mut response, header::LINK, &links);
        }
        Some(response)
    }

    /// The body alone, as a search answers it.
    pub(super) fn body(&self) -> Option<Bytes> {
        body(&self.0)
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let end = end_of_head(&self.0)?;
        let head = std::str::from_utf8(self.0.get(PREFIX..end)?).ok()?;
        let mut lines = head.split('\n');
        let (etag, truncated) = (lines.next()?, lines.next()?);
        let meta = match lines.next() {
            Some(page) => Some(meta(page, &mut lines)?),
            None => None,
        };
        Some(Parts { etag, truncated, meta, body: body(&self.0)? })
    }
}

/// The body of an answer that was kept as `bytes`.
pub(super) fn body(bytes: &Bytes) -> Option<Bytes> {
    let end = end_of_head(bytes).filter(|end| *end <= bytes.len())?;
    Some(bytes.slice(end..))
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(*bytes.first_chunk::<PREFIX>()?);
    usize::try_from(length).ok()?.checked_add(PREFIX)
}

fn meta<'a>(page: &str, lines: &mut impl Iterator<Item = &'a str>) -> Option<PageMeta> {
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(PageMeta {
        page: number(page)?,
        per_page: lines.next()?.parse().ok()?,
        total: number(lines.next()?)?,
        count: CountMode::None,
        has_more: lines.next()?.parse().ok()?,
        prev_cursor: text(lines.next()?),
        next_cursor: text(lines.next()?),
        truncated: Vec::new(),
    })
}

/// Names, numbers and cursors have no line breaks.
fn write_head(lines: &[String], out: &mut Vec<u8>) {
    let head = lines.join("\n");
    out.extend(u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(head.into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &[&str], body: &str) -> Kept {
        let mut bytes = Vec::new();
        write_head(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), &mut bytes);
        bytes.extend_from_slice(body.as_bytes());
        Kept(bytes.into())
    }

    #[test]
    fn a_list_has_its_links_back() {
        let kept = kept(&["", "", "2", "5", "12", "true", "p", "n"], "{}");
        let request = Request::builder().uri_str("/?title=a&page=2").finish();
        let response = kept.response(&request, Some("\"7f\"")).expect("an answer");
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header(header::ETAG), Some("\"7f\""));
        assert_eq!(header(header::CACHE_CONTROL), Some("private, no-cache"));
        assert_eq!(
            header(header::LINK),
            Some(
                "</?page=1&title=a>; rel=\"first\", </?page=1&title=a>; rel=\"prev\", \
                 </?page=3&title=a>; rel=\"next\", </?page=3&title=a>; rel=\"last\""
            )
        );
        assert_eq!(kept.body().as_deref(), Some(&b"{}"[..]));
    }

    #[test]
    fn a_row_keeps_the_tag_of_its_version() {
        let request = Request::builder().uri_str("/books/1").finish();
        let response = kept(&["\"3\"", "reviews"], "{}").response(&request, Some("\"7f\"")).expect("an answer");
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!((header("etag"), header("x-truncated"), header("link")), (Some("\"3\""), Some("reviews"), None));
        let response = kept(&["", ""], "{}").response(&request, None).expect("an answer");
        assert!(
            !response.headers().contains_key(header::ETAG) && !response.headers().contains_key(header::CACHE_CONTROL)
        );
    }

    #[test]
    fn bytes_of_another_form_are_not_read() {
        for bytes in [&b""[..], b"{}", &[0, 0, 0, 9, b'a'], &[0, 0, 0, 1, b'a'], &[0, 0, 0, 1, 0xff, b'{']] {
            assert!(Kept::read(Bytes::copy_from_slice(bytes)).is_none(), "{bytes:?}");
        }
        assert!(Kept::read(kept(&["", "", "x"], "{}").0).is_none());
        assert!(Kept::read(kept(&["", ""], "{}").0).is_some());
    }
}
