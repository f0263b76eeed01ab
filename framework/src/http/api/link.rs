//! Relative references in answers: `Link` of lists, `Location` of created rows.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::crud::{self, PageMeta};
use crate::error::Result;
use crate::model::{Loaded, ModelMeta};

/// What may stand in a path segment as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters of a cursor in a header at most; proxies refuse long heads. The body has a longer one all the same.
const LONGEST: usize = 1024;

/// The `Link` header of a page (RFC 8288): `first`, `prev`, `next`, and `last` where the total is known, by page or by cursor
/// as was asked. The other parameters of the request are kept.
pub(super) fn pages(path: &str, query: &str, meta: &PageMeta) -> String {
    let mut links = Links { text: String::with_capacity(256), path, query };
    let Some(page) = meta.page else {
        links.add("cursor", "", "first");
        for (cursor, rel) in [(&meta.prev_cursor, "prev"), (&meta.next_cursor, "next")] {
            if let Some(cursor) = cursor.as_ref().filter(|cursor| cursor.len() <= LONGEST) {
                links.add("cursor", cursor, rel);
            }
        }
        return links.text;
    };
    let mut add = |page: u64, rel: &str| links.add("page", itoa::Buffer::new().format(page), rel);
    add(1, "first");
    if page > 1 {
        add(page - 1, "prev");
    }
    if meta.has_more {
        add(page + 1, "next");
    }
    if let Some(pages) = meta.pages() {
        add(pages.max(1), "last");
    }
    links.text
}

/// The links of one list.
struct Links<'a> {
    text: String,
    path: &'a str,
    query: &'a str,
}

impl Links<'_> {
    /// Adds a link to the place that is called so, with the other parameters of the request.
    fn add(&mut self, name: &str, place: &str, rel: &str) {
        let start = if self.text.is_empty() { "<" } else { ", <" };
        for part in [start, self.path, "?", name, "=", place] {
            self.text.push_str(part);
        }
        for pair in self.query.split('&').filter(|pair| !pair.is_empty() && !is_place(pair)) {
            self.text.push('&');
            self.text.push_str(pair);
        }
        for part in [">; rel=\"", rel, "\""] {
            self.text.push_str(part);
        }
    }
}

fn is_place(pair: &str) -> bool {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    // However it was written, it was read as this.
    let is = |place: &str| percent_decode_str(name).eq(place.bytes());
    is("page") || is("cursor")
}

/// The path of the one row of `loaded`: `/books/7`.
pub(super) fn row(path: &str, model: &'static ModelMeta, loaded: &Loaded) -> Result<String> {
    let mut location = path.to_owned();
    for value in crud::values(model, loaded.row(0), model.key)? {
        location.push('/');
        location.extend(utf8_percent_encode(&value.to_text(), SEGMENT));
    }
    Ok(location)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{CountMode, Page};

    fn meta(page: u64, has_more: bool, total: Option<u64>) -> PageMeta {
        PageMeta { total, count: CountMode::Exact, ..PageMeta::new(Page { page, per_page: 20 }, has_more) }
    }

    #[test]
    fn links_keep_the_other_parameters() {
        assert_eq!(
            pages("/books", "language=eng&page=2&title__icontains=a%26b", &meta(2, true, Some(100))),
            "</books?page=1&language=eng&title__icontains=a%26b>; rel=\"first\", \
             </books?page=1&language=eng&title__icontains=a%26b>; rel=\"prev\", \
             </books?page=3&language=eng&title__icontains=a%26b>; rel=\"next\", \
             </books?page=5&language=eng&title__icontains=a%26b>; rel=\"last\""
        );
    }

    #[test]
    fn a_link_has_one_place_however_the_request_wrote_its_own() {
        assert_eq!(pages("/books", "p%61ge=2&%6Canguage=eng", &meta(2, false, None)).matches("age=").count(), 4);
        assert!(!pages("/books", "p%61ge=2&%63ursor=x", &meta(1, false, None)).contains('%'));
    }

    #[test]
    fn a_list_that_is_not_counted_has_no_last_page() {
        assert_eq!(
            pages("/books", "", &meta(1, true, None)),
            "</books?page=1>; rel=\"first\", </books?page=2>; rel=\"next\""
        );
    }

    #[test]
    fn a_walk_has_links_by_cursor() {
        let walked = PageMeta {
            page: None,
            next_cursor: Some("n".to_owned()),
            prev_cursor: Some("p".to_owned()),
            ..meta(1, true, Some(100))
        };
        assert_eq!(
            pages("/books", "cursor=c&language=eng", &walked),
            "</books?cursor=&language=eng>; rel=\"first\", </books?cursor=p&language=eng>; rel=\"prev\", \
             </books?cursor=n&language=eng>; rel=\"next\""
        );
        let long = PageMeta { next_cursor: Some("n".repeat(LONGEST + 1)), prev_cursor: None, ..walked };
        assert_eq!(pages("/books", "cursor", &long), "</books?cursor=>; rel=\"first\"");
    }

    #[test]
    fn the_last_page_of_an_empty_list_is_its_first() {
        assert!(pages("/books", "", &meta(1, false, Some(0))).ends_with("</books?page=1>; rel=\"last\""));
    }
}
