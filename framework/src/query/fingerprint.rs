//! What is listed, as bytes that are the same for every way to ask for the same: reordered conditions, reordered or repeated
//! values of a list, a condition that is said twice.

use super::bytes::{write, write_slice};
use crate::model::{ColumnMeta, Link, Operator, RelationMeta, Value};
use crate::query::{Comparison, Filter, ListQuery, subset};

/// The model and which of its rows: all that their number depends on.
#[must_use]
pub fn rows(query: &ListQuery) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    write_slice(query.model.name.as_bytes(), &mut bytes);
    write_slice(&filter(&query.filter), &mut bytes);
    write_slice(query.deleted.name().as_bytes(), &mut bytes);
    bytes
}

/// The rows and their order; not how many of them make a page, nor what is loaded with them.
pub(super) fn list(query: &ListQuery) -> Vec<u8> {
    let mut bytes = rows(query);
    for term in query.order() {
        write_slice(term.column.name.as_bytes(), &mut bytes);
        bytes.push(u8::from(term.descending));
    }
    bytes
}

pub(super) fn filter(of: &Filter) -> Vec<u8> {
    match of {
        Filter::All(filters) => {
            let narrowing = filters.iter().filter(|filter| !filter.is_everything());
            let mut parts = Vec::new();
            narrowing.for_each(|filter| flatten(filter, true, &mut parts));
            combined("all", parts)
        }
        Filter::Any(filters) => {
            let mut parts = Vec::new();
            filters.iter().for_each(|filter| flatten(filter, false, &mut parts));
            combined("any", parts)
        }
        Filter::Not(inner) => node("not", [filter(inner)]),
        Filter::Compare(comparison) => compare(comparison),
        Filter::Related(relation, inner) => node("related", [related(relation), filter(inner)]),
        Filter::LinkedTo(relation, values) => {
            node("linked", [related(relation), node("values", values.iter().map(value))])
        }
        Filter::Search(columns, text) => {
            let mut names: Vec<Vec<u8>> = columns.iter().map(|column| name(column.name)).collect();
            names.sort_unstable();
            node("search", [name(text), node("in", names)])
        }
    }
}

/// Adds the conditions of a conjunction inside a conjunction, or of a disjunction inside a disjunction, one by one.
fn flatten(of: &Filter, all: bool, parts: &mut Vec<Vec<u8>>) {
    match of {
        Filter::All(filters) if all => filters.iter().for_each(|filter| flatten(filter, all, parts)),
        Filter::Any(filters) if !all => filters.iter().for_each(|filter| flatten(filter, all, parts)),
        of => parts.push(filter(of)),
    }
}

/// Conditions in an order of their own, each once; one alone is just itself.
fn combined(how: &str, mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort_unstable();
    parts.dedup();
    if parts.len() == 1 { parts.remove(0) } else { node(how, parts) }
}

fn compare(comparison: &Comparison) -> Vec<u8> {
    let Comparison { column, operator, values } = comparison;
    let mut values: Vec<Vec<u8>> = values.iter().map(value).collect();
    let mut operator = *operator;
    if operator.takes_list() {
        values.sort_unstable();
        values.dedup();
        operator = match (operator, values.len()) {
            (Operator::In, 1) => Operator::Eq,
            (Operator::NotIn, 1) => Operator::Ne,
            (operator, _) => operator,
        };
    }
    node("compare", [name(column.name), name(operator.name()), node("values", values)])
}

/// A relation by its target, the columns that link and the part of the rows: below another model, and in another version of an app,
/// the same name may mean another relation.
pub(super) fn related(of: &RelationMeta) -> Vec<u8> {
    let target = (of.target)();
    let names = |columns: &'static [ColumnMeta], indexes: &[usize]| {
        node("columns", indexes.iter().map(|index| name(columns[*index].name)))
    };
    let foreign = names(target.columns, of.link.foreign());
    let through = match of.link {
        Link::Local { .. } | Link::Foreign { .. } => Vec::new(),
        Link::Through { model, through_local, through_foreign, .. } => {
            let (columns, through) = (model().columns, name(model().name));
            node("through", [through, names(columns, through_local), names(columns, through_foreign)])
        }
    };
    node("relation", [name(of.field), name(target.name), foreign, through, filter(&subset::of(of))])
}

/// Equal values have equal bytes: decimals without the zeros at their end, floats with one zero.
fn value(of: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    match of {
        Value::Decimal(decimal) => write(&Value::Decimal(decimal.normalize()), &mut bytes),
        Value::F64(float) => write(&Value::F64(float + 0.0), &mut bytes),
        other => write(other, &mut bytes),
    }
    bytes
}

fn name(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn node(tag: &str, parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes = name(tag);
    bytes.push(0);
    parts.into_iter().for_each(|part| write_slice(&part, &mut bytes));
    bytes
}
