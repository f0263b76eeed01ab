//! `authors.status=active`: what a filter may name, columns of related rows included.

use super::{ListOptions, filterable};
use crate::model::nearest::sentence;
use crate::model::{ColumnMeta, ModelMeta, RelationMeta, ResourceMeta};
use crate::query::Filter;

/// A column that a filter may name.
#[derive(Debug, Clone)]
pub struct Filterable {
    /// How queries call it, as in `title` or `authors.status`.
    pub name: &'static str,
    /// The relations that lead to its rows; none for a column of the resource itself.
    pub relations: Vec<&'static RelationMeta>,
    /// The column.
    pub column: &'static ColumnMeta,
}

impl Filterable {
    /// A column of the rows themselves.
    #[must_use]
    pub fn own(column: &'static ColumnMeta) -> Self {
        Self { name: column.api_name, relations: Vec::new(), column }
    }

    /// The names of its filters, one for each operator.
    #[must_use]
    pub fn parameters(&self) -> Vec<String> {
        self.column.filter.iter().map(|operator| operator.parameter(self.name)).collect()
    }
}

/// The columns that a filter of the resource may name: its own, then those of related rows.
pub fn filters(resource: &'static ResourceMeta) -> impl Iterator<Item = Filterable> {
    let model = (resource.model)();
    let related = resource.filter_paths.iter().filter_map(move |path| resolve(model, path).ok());
    filterable(model).map(Filterable::own).chain(related)
}

/// What is wrong with the paths of a resource's filters, which only the whole app can tell.
#[must_use]
pub fn broken_paths(resource: &'static ResourceMeta) -> Vec<String> {
    let model = (resource.model)();
    let broken = |path: &&'static str| {
        let reason = resolve(model, path).err()?;
        Some(format!("the filter \"{path}\" of {} leads nowhere: {reason}", model.name))
    };
    resource.filter_paths.iter().filter_map(broken).collect()
}

/// Follows a path of names of the API.
fn resolve(model: &'static ModelMeta, path: &'static str) -> Result<Filterable, String> {
    let (leading, name) = path.rsplit_once('.').unwrap_or(("", path));
    let (mut model, mut relations) = (model, Vec::new());
    for step in leading.split('.') {
        let Some(relation) = model.relations.iter().find(|relation| relation.api_name == step) else {
            return Err(missing(model, "relation", step, model.relations.iter().map(|it| it.api_name)));
        };
        relations.push(relation);
        model = (relation.target)();
    }
    match filterable(model).find(|column| column.api_name == name) {
        Some(column) => Ok(Filterable { name: path, relations, column }),
        None => match model.columns.iter().find(|column| column.api_name == name && column.readable()) {
            Some(column) => {
                Err(format!("{}.{} declares no filter; add `#[field(filter)]` to it", model.name, column.field))
            }
            None => Err(missing(model, "filter", name, filterable(model).map(|column| column.api_name))),
        },
    }
}

fn missing(model: &ModelMeta, what: &str, name: &str, names: impl Iterator<Item = &'static str>) -> String {
    sentence(&format!("{} has no {what} \"{name}\"", model.name), Some(name), &format!("{what}s"), names)
}

/// Conditions that must all hold. Those on related rows stand below the relation that leads there, so that one row must meet
/// all of them.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    own: Vec<Filter>,
    related: Vec<(&'static RelationMeta, Conditions)>,
}

impl Conditions {
    /// Adds a condition on the rows that `relations` lead to.
    pub(super) fn add(&mut self, relations: &[&'static RelationMeta], filter: Filter) {
        let Some((relation, further)) = relations.split_first() else {
            self.own.push(filter);
            return;
        };
        let place = self.related.iter().position(|(known, _)| std::ptr::eq(*known, *relation)).unwrap_or_else(|| {
            self.related.push((relation, Self::default()));
            self.related.len() - 1
        });
        self.related[place].1.add(further, filter);
    }

    /// All of them as one; related rows that are not shown meet none.
    pub(super) fn into_filter(self, options: &ListOptions) -> Filter {
        let related = self.related.into_iter().map(|(relation, conditions)| {
            let shown = options.shown_of((relation.target)());
            Filter::Related(relation, Box::new(shown.and(conditions.into_filter(options))))
        });
        self.own.into_iter().chain(related).fold(Filter::everything(), Filter::and)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::list;
    use super::*;
    use crate::fixtures::{AUTHORS, BOOK_RESOURCE};
    use crate::model::{Operator, Value};

    fn options() -> ListOptions {
        ListOptions { resource: &BOOK_RESOURCE, ignored: Vec::new(), shown: Arc::default() }
    }

    /// A filter with names in place of tables: `authors(status Eq & name In)`.
    fn shape(filter: &Filter) -> String {
        match filter {
            Filter::All(filters) => filters.iter().map(shape).collect::<Vec<_>>().join(" & "),
            Filter::Compare(it) => format!("{} {:?}", it.column.api_name, it.operator),
            Filter::Related(relation, filter) => format!("{}({})", relation.api_name, shape(filter)),
            other => format!("{other:?}"),
        }
    }

    #[track_caller]
    fn assert_shape(options: &ListOptions, query: &str, expected: &str) {
        let list = list(options, query).unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
        assert_eq!(shape(&list.filter), expected, "{query}");
    }

    #[test]
    fn conditions_below_one_path_hold_for_one_row() {
        assert_shape(
            &options(),
            "authors.status=active&title=x&authors.name__icontains=le&reviews.rating__gte=4",
            "title Eq & authors(status Eq & name IContains) & reviews(rating Gte)",
        );
        assert_shape(&options(), "series.parent.id__in=1&series.id=2", "series(id Eq & parent(id In))");
    }

    #[test]
    fn related_rows_that_are_not_shown_meet_no_condition() {
        let active = Filter::compare(&AUTHORS.columns[3], Operator::Eq, vec![Value::Text("active".to_owned())]);
        let shown = Arc::new([("Author", active)].into());
        assert_shape(&ListOptions { shown, ..options() }, "authors.name=x", "authors(status Eq & name Eq)");
    }

    #[test]
    fn what_is_not_opted_in_is_unknown_and_the_nearest_path_is_named() {
        for (query, code, likely) in [
            ("authors.statu=active", "unknown_parameter", "did you mean \"authors.status\"?"),
            ("authors.secret=x", "unknown_parameter", "accepted: "),
            ("authors.email=x", "unknown_parameter", "accepted: "),
            ("series.parent.parent.id=1", "unknown_parameter", "did you mean \"series.parent.id\"?"),
            ("authors.status__gte=active", "unknown_operator", "authors.status, authors.status__in"),
            ("reviews.rating__lt=5.5", "invalid_value", "expected an integer"),
        ] {
            let errors = list(&options(), query).expect_err(query);
            assert_eq!((errors.len(), errors[0].code), (1, code), "{errors:?}");
            assert!(errors[0].detail.contains(likely), "{errors:?}");
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_says_where_it_ends() {
        static BROKEN: ResourceMeta = ResourceMeta {
            filter_paths: &[
                "authors.status",
                "authros.status",
                "series.parnt.id",
                "authors.statu",
                "authors.email",
                "authors.secret",
                "title",
            ],
            ..BOOK_RESOURCE
        };
        assert_eq!(
            broken_paths(&BROKEN),
            [
                "the filter \"authros.status\" of Book leads nowhere: Book has no relation \"authros\"; did you mean \
                 \"authors\"? relations: authors, series, reviews, cover, tags, drafts",
                "the filter \"series.parnt.id\" of Book leads nowhere: Series has no relation \"parnt\"; did you mean \
                 \"parent\"? relations: parent, children",
                "the filter \"authors.statu\" of Book leads nowhere: Author has no filter \"statu\"; did you mean \
                 \"status\"? filters: id, name, status, created_at",
                "the filter \"authors.email\" of Book leads nowhere: Author.email declares no filter; add \
                 `#[field(filter)]` to it",
                "the filter \"authors.secret\" of Book leads nowhere: Author has no filter \"secret\"; filters: id, \
                 name, status, created_at",
                "the filter \"title\" of Book leads nowhere: Book has no relation \"\"; relations: authors, series, \
                 reviews, cover, tags, drafts",
            ]
        );
        assert!(broken_paths(&BOOK_RESOURCE).is_empty());
    }
}
