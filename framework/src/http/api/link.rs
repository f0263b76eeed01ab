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
    let kept: String =
        query.split('&').filter(|pair| !pair.is_empty() && !is_place(pair)).flat_map(|p| ["&", p]).collect();
    let reference = |place: String, rel: &str| format!("<{path}?{place}{kept}>; rel=\"{rel}\"");
    let Some(page) = meta.page else {
        let mut links = vec![reference("cursor=".to_owned(), "first")];
        for (cursor, rel) in [(&meta.prev_cursor, "prev"), (&meta.next_cursor, "next")] {
            let cursor = cursor.as_ref().filter(|cursor| cursor.len() <= LONGEST);
            links.extend(cursor.map(|cursor| reference(format!("cursor={cursor}"), rel)));
        }
        return links.join(", ");
    };
    let numbered = |page: u64, rel: &str| reference(format!("page={page}"), rel);
    let mut links = vec![numbered(1, "first")];
    if page > 1 {
        links.push(numbered(page - 1, "prev"));
    }
    if meta.has_more {
        links.push(numbered(page + 1, "next"));
    }
    if let Some(pages) = meta.pages() {
        links.push(numbered(pages.max(1), "last"));
    }
    links.join(", ")
}

fn is_place(pair: &str) -> bool {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    // However it was written, it was read as this.
    let name: Vec<u8> = percent_decode_str(name).collect();
    matches!(name.as_slice(), b"page" | b"cursor")
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
