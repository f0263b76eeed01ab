//! The check of a path such as `authors.status`, as far as two models know it.

use super::column::ColumnMeta;
use super::relation::{const_panic, same};

/// Stops the compilation unless the column that the API calls `name` may be filtered by; for constants in generated code.
///
/// # Panics
///
/// With the compile error `unknown` if there is no such column, or `refused` if it declares no filter.
#[track_caller]
pub const fn check_filter_path(columns: &[ColumnMeta], name: &str, unknown: &'static str, refused: &'static str) {
    let mut index = 0;
    while index < columns.len() {
        if same(columns[index].api_name, name) {
            if columns[index].filter.is_empty() {
                const_panic(refused)
            }
            return;
        }
        index += 1;
    }
    const_panic(unknown)
}
