//! Which columns are read where only some fields are asked for.

pub use crate::model::Fields;

use super::list::{Include, IncludeCount, ListQuery, Sort};
use super::row::RowQuery;
use crate::model::{ModelMeta, RelationMeta};

impl ListQuery {
    /// The columns that are read, in the order of the model; `None` for all of them.
    #[must_use]
    pub fn columns(&self) -> Option<Vec<usize>> {
        columns(self.model, self.fields.as_ref(), &self.include, &self.include_count, &self.sort)
    }
}

impl RowQuery {
    /// As [`ListQuery::columns`], of a row of `model`; with the version, which the row's entity tag is made of.
    #[must_use]
    pub fn columns(&self, model: &'static ModelMeta) -> Option<Vec<usize>> {
        let mut columns = columns(model, self.fields.as_ref(), &self.include, &self.include_count, &[])?;
        columns.extend(model.version());
        columns.sort_unstable();
        columns.dedup();
        Some(columns)
    }
}

impl Include {
    /// As [`ListQuery::columns`], of the related rows.
    #[must_use]
    pub fn columns(&self) -> Option<Vec<usize>> {
        columns((self.relation.target)(), self.fields.as_ref(), &self.children, &[], &self.sort)
    }
}

/// What is asked for and what is needed to answer it: the key, by which rows are told apart; what related rows are found by;
/// and what the rows are sorted by, since that says where a page ends. A computed field needs the whole row.
fn columns(
    model: &'static ModelMeta,
    fields: Option<&Fields>,
    include: &[Include],
    include_count: &[IncludeCount],
    sort: &[Sort],
) -> Option<Vec<usize>> {
    let fields = fields.filter(|fields| fields.computed.is_empty())?;
    let sorted = |index: &usize| sort.iter().any(|term| term.column.name == model.columns[*index].name);
    let included = include.iter().map(|include| include.relation);
    let relations: Vec<&RelationMeta> = included.chain(include_count.iter().map(|count| count.relation)).collect();
    let joined = |index: &usize| relations.iter().any(|relation| relation.link.local().contains(index));
    let needed = |index: &usize| fields.columns.contains(index) || model.key.contains(index) || sorted(index);
    Some((0..model.columns.len()).filter(|index| needed(index) || joined(index)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS};

    fn include(index: usize) -> Include {
        Include::new(&BOOKS, index, 100)
    }

    fn title() -> Option<Fields> {
        Some(Fields { columns: vec![1], computed: Vec::new() })
    }

    #[test]
    fn only_what_is_needed_is_read() {
        let books = ListQuery { fields: title(), ..ListQuery::new(&BOOKS) };
        assert_eq!(books.columns(), Some(vec![0, 1]), "the key is needed");
        let sort = vec![Sort { column: &BOOKS.columns[6], descending: true }];
        let books = ListQuery { sort, include: vec![include(1)], ..books };
        assert_eq!(books.columns(), Some(vec![0, 1, 5, 6]), "so are the series' key and the order");
        assert_eq!(ListQuery::new(&BOOKS).columns(), None);
        let row = RowQuery { fields: title(), ..RowQuery::default() };
        assert_eq!(row.columns(&BOOKS), Some(vec![0, 1]));
    }

    #[test]
    fn of_related_rows_the_keys_of_the_next_level_are_needed() {
        let authors = Include { fields: Some(Fields { columns: vec![3], computed: Vec::new() }), ..include(0) };
        assert_eq!(authors.columns(), Some(vec![0, 3]));
        assert!(std::ptr::eq((authors.relation.target)(), &AUTHORS));
        let reviews = Include { fields: Some(Fields { columns: vec![2], computed: Vec::new() }), ..include(2) };
        let book = &(reviews.relation.target)().relations[0];
        let reviews = Include { children: vec![Include { relation: book, index: 0, ..include(0) }], ..reviews };
        assert_eq!(reviews.columns(), Some(vec![0, 1, 2]), "the book's key");
    }

    #[test]
    fn a_computed_field_needs_the_whole_row() {
        let fields = Some(Fields { columns: vec![1], computed: vec![0] });
        assert_eq!(ListQuery { fields, ..ListQuery::new(&BOOKS) }.columns(), None);
    }
}
