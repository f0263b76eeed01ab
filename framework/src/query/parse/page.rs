//! `page=2&per_page=20&count=none`, `cursor=`.

use super::Mistakes;
use super::filter::invalid;
use crate::error::InputError;
use crate::model::ResourceMeta;
use crate::query::{CountMode, Page, Walk, cursor};

/// The parameters that say which part of a list is asked for; they can be judged only together.
#[derive(Default)]
pub(super) struct PageParameters {
    page: Option<u64>,
    per_page: Option<u32>,
    cursor: Option<Walk>,
    /// Whether one of the two was refused, so that their offset says nothing.
    refused: bool,
}

impl PageParameters {
    pub(super) fn read_page(&mut self, text: &str) -> Result<(), Mistakes> {
        match whole(text) {
            Some(page) if page >= 1 => self.page = Some(page),
            _ => return Err(self.refuse("page", text, "expected a whole number from 1")),
        }
        Ok(())
    }

    pub(super) fn read_per_page(&mut self, resource: &ResourceMeta, text: &str) -> Result<(), Mistakes> {
        let most = resource.max_per_page;
        match whole(text).and_then(|rows| u32::try_from(rows).ok()).filter(|rows| (1..=most).contains(rows)) {
            Some(rows) => self.per_page = Some(rows),
            None => return Err(self.refuse("per_page", text, &format!("expected a whole number from 1 to {most}"))),
        }
        Ok(())
    }

    pub(super) fn read_cursor(&mut self, text: &str) -> Result<(), Mistakes> {
        self.cursor = Some(if text.is_empty() { Walk::Start } else { Walk::From(text.to_owned()) });
        if text.is_empty() || cursor::is_formed(text) { Ok(()) } else { Err(vec![cursor::invalid()]) }
    }

    /// The page, and from where the list is walked if it is not read by page.
    pub(super) fn finish(self, resource: &ResourceMeta) -> Result<(Page, Option<Walk>), InputError> {
        if self.page.is_some() && self.cursor.is_some() {
            let detail = "given together with `page`; a list is read by page or walked by cursor";
            return Err(InputError::parameter("cursor", "conflicting_parameters", detail));
        }
        let page = Page { page: self.page.unwrap_or(1), per_page: self.per_page.unwrap_or(resource.per_page) };
        if page.offset() > resource.max_offset && !self.refused {
            let detail = format!(
                "page {} begins after {} rows and a page may skip {} at most; walk the list by `cursor` instead, or narrow it with filters",
                page.page,
                page.offset(),
                resource.max_offset
            );
            return Err(InputError::parameter("page", "out_of_range", detail));
        }
        Ok((page, self.cursor))
    }

    fn refuse(&mut self, name: &str, text: &str, expected: &str) -> Mistakes {
        self.refused = true;
        vec![invalid(name, text, expected)]
    }
}

/// Reads the value of `count`.
pub(super) fn count(text: &str) -> Result<CountMode, Mistakes> {
    [CountMode::Exact, CountMode::Estimated, CountMode::None]
        .into_iter()
        .find(|mode| mode.name() == text)
        .ok_or_else(|| vec![invalid("count", text, "expected exact, estimated or none")])
}

/// Digits only: no sign, no space, nothing that overflows.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
