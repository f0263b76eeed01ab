//! A page of rows.

use crate::model::{Model, json};
use crate::query::{self, CountMode};

/// A page of rows, as Rust code gets it.
#[derive(Debug, Clone)]
pub struct Page<M> {
    /// The rows.
    pub items: Vec<M>,
    /// Where they lie in the whole list.
    pub meta: PageMeta,
}

/// Where a page lies in the whole list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageMeta {
    /// The page's number, from 1; `None` where the list is walked by cursor.
    pub page: Option<u64>,
    /// Rows of a page.
    pub per_page: u32,
    /// Rows of the whole list; `None` where they were not counted, never a pretended 0.
    pub total: Option<u64>,
    /// How the total came about.
    pub count: CountMode,
    /// Whether there is a next page; known from the rows, not from the total.
    pub has_more: bool,
    /// From where a walk goes on to the rows after these; `None` where there are none.
    pub next_cursor: Option<String>,
    /// From where a walk goes on to the rows before these; `None` where there are none.
    pub prev_cursor: Option<String>,
    /// Paths of included relations that were cut, as in `reviews`.
    pub truncated: Vec<String>,
}

impl PageMeta {
    pub(crate) fn new(page: query::Page, has_more: bool) -> Self {
        let query::Page { page, per_page } = page;
        Self {
            page: Some(page),
            per_page,
            total: None,
            count: CountMode::None,
            has_more,
            next_cursor: None,
            prev_cursor: None,
            truncated: Vec::new(),
        }
    }

    /// The number of pages, `None` where the rows were not counted.
    #[must_use]
    pub fn pages(&self) -> Option<u64> {
        self.total.map(|total| total.div_ceil(u64::from(self.per_page)))
    }

    /// Writes a list answer, `{"items": [..], "meta": {..}}`, with the items as `items` writes them.
    pub(crate) fn write_list<T>(&self, out: &mut Vec<u8>, items: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        out.extend_from_slice(b"{\"items\":");
        let written = items(out);
        out.extend_from_slice(b",\"meta\":");
        self.write_json(out);
        out.push(b'}');
        written
    }

    /// Writes the `meta` of an answer; every key is always there.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        number("page", self.page, out);
        number("per_page", Some(self.per_page.into()), out);
        number("total", self.total, out);
        number("pages", self.pages(), out);
        json::member("count", out);
        json::string(self.count.name(), out);
        json::member("has_more", out);
        out.extend_from_slice(if self.has_more { b"true" } else { b"false" });
        text("next_cursor", self.next_cursor.as_deref(), out);
        text("prev_cursor", self.prev_cursor.as_deref(), out);
        json::member("truncated", out);
        json::array(&self.truncated, out, |path, out| json::string(path, out));
        out.push(b'}');
    }
}

impl<M: Model> Page<M> {
    /// Writes the page as a list answer: `{"items": [..], "meta": {..}}`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        self.meta.write_list(out, |out| json::array(&self.items, out, Model::write_json));
    }
}

fn number(name: &str, value: Option<u64>, out: &mut Vec<u8>) {
    json::member(name, out);
    match value {
        Some(value) => out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

fn text(name: &str, value: Option<&str>, out: &mut Vec<u8>) {
    json::member(name, out);
    match value {
        Some(value) => json::string(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(meta: &PageMeta) -> String {
        let mut out = Vec::new();
        meta.write_json(&mut out);
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn every_key_of_meta_is_always_there() {
        let mut meta = PageMeta::new(query::Page { page: 2, per_page: 20 }, true);
        assert_eq!(
            written(&meta),
            r#"{"page":2,"per_page":20,"total":null,"pages":null,"count":"none","has_more":true,"next_cursor":null,"prev_cursor":null,"truncated":[]}"#
        );
        (meta.total, meta.count, meta.truncated) = (Some(41), CountMode::Exact, vec!["reviews.user".to_owned()]);
        assert!(written(&meta).contains(r#""total":41,"pages":3,"count":"exact""#));
        assert!(written(&meta).ends_with(r#""truncated":["reviews.user"]}"#));
        (meta.page, meta.next_cursor) = (None, Some("AbC-_".to_owned()));
        assert!(written(&meta).starts_with(r#"{"page":null,"per_page":20,"#));
        assert!(written(&meta).contains(r#""next_cursor":"AbC-_","prev_cursor":null"#));
    }

    #[test]
    fn an_empty_list_has_no_pages() {
        let mut meta = PageMeta::new(query::Page { page: 1, per_page: 20 }, false);
        meta.total = Some(0);
        assert_eq!(meta.pages(), Some(0));
    }
}
