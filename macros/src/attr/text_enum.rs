//! `#[text_enum(…)]`, on the enum and on its variants.

use syn::{Attribute, LitStr};

use super::items;
use crate::diagnostics::Diagnostics;
use crate::naming::Case;

/// What `#[text_enum(…)]` says.
#[derive(Default)]
pub(crate) struct TextEnumAttr {
    pub(crate) rename_all: Option<Case>,
}

impl TextEnumAttr {
    pub(crate) fn read(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut read = Self::default();
        for item in items("text_enum", attrs, diagnostics) {
            let result = match item.name.to_string().as_str() {
                "rename_all" => item.case().map(|case| read.rename_all = Some(case)),
                _ => Err(item.unknown("text_enum", &["rename_all"])),
            };
            diagnostics.take(result);
        }
        read
    }

    /// What `#[text_enum(…)]` on a variant says.
    pub(crate) fn read_rename(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Option<LitStr> {
        let mut rename = None;
        for item in items("text_enum", attrs, diagnostics) {
            let result = match item.name.to_string().as_str() {
                "rename" => item.text("on_leave").map(|text| rename = Some(text)),
                _ => Err(item.unknown("variant", &["rename"])),
            };
            diagnostics.take(result);
        }
        rename
    }
}
