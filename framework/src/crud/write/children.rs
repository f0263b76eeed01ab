//! Rows that are created with the rows that they belong to.

use super::{Write, apply, create, order};
use crate::db::Session;
use crate::error::{Error, InputError, Location, Result};
use crate::model::{Changes, Edge, Loaded, ModelMeta, RelationMeta};

/// The statements that inserting the children of rows that are inserted together takes at most.
pub(super) fn statements(model: &ModelMeta, rows: &[&Changes]) -> usize {
    let of_relation = |relation: usize| {
        let children: Vec<&Changes> = rows.iter().flat_map(|row| of(row, relation)).collect();
        if children.is_empty() { 0 } else { create::statements((model.relations[relation].target)(), &children) }
    };
    relations(rows.iter().copied()).into_iter().map(of_relation).sum()
}

/// The relations of which at least one of the rows has children.
fn relations<'a>(rows: impl Iterator<Item = &'a Changes>) -> Vec<usize> {
    let mut relations: Vec<usize> = rows.flat_map(|row| row.children.iter().map(|(index, _)| *index)).collect();
    relations.sort_unstable();
    relations.dedup();
    relations
}

fn of(row: &Changes, relation: usize) -> &[Changes] {
    row.children.iter().find(|(index, _)| *index == relation).map_or(&[], |(_, children)| children)
}

/// Inserts the children of `rows`, whose rows `parents` are, and shows them with them, as an include would: those of one
/// relation together, with the hooks of their model.
pub(super) async fn create(parents: &mut [Loaded], rows: &[Changes], session: &mut Session<'_>) -> Result<()> {
    let mut first = 0;
    for loaded in parents {
        let of_loaded = &rows[first..first + loaded.len()];
        for relation in relations(of_loaded.iter()) {
            let family = Family::new(loaded, relation, of_loaded)?;
            let edge = match family.create(session).await {
                Ok(edge) => edge,
                Err(error) => {
                    let item = (rows.len() > 1).then_some(first);
                    return Err(family.places().moved(error, item));
                }
            };
            loaded.edges.push(edge);
        }
        first += of_loaded.len();
    }
    Ok(())
}

/// The children of one relation of some rows.
struct Family {
    index: usize,
    relation: &'static RelationMeta,
    write: Write,
    groups: Vec<std::ops::Range<usize>>,
}

impl Family {
    fn new(parents: &Loaded, index: usize, rows: &[Changes]) -> Result<Self> {
        let relation = &parents.meta.relations[index];
        let (local, foreign) = (relation.link.local(), relation.link.foreign());
        let (mut children, mut groups) = (Vec::new(), Vec::with_capacity(rows.len()));
        for (parent, row) in rows.iter().enumerate() {
            let key = crate::crud::values(parents.meta, parents.row(parent), local)?;
            let start = children.len();
            children.extend(of(row, index).iter().cloned().map(|mut child| {
                child.columns.extend(foreign.iter().copied().zip(key.iter().cloned()));
                child
            }));
            groups.push(start..children.len());
        }
        Ok(Self { index, relation, write: Write::Create(children), groups })
    }

    async fn create(&self, session: &mut Session<'_>) -> Result<Edge> {
        let (target, count) = ((self.relation.target)(), self.write.len());
        let created = match count {
            0 => Vec::new(),
            // Boxed, since children are created as any rows are.
            _ => Box::pin(apply(target, &self.write, session)).await?,
        };
        let related = one(target, created);
        Ok(Edge {
            index: self.index,
            relation: self.relation,
            groups: self.groups.clone(),
            order: (0..count).collect(),
            related,
        })
    }

    fn places(&self) -> Places {
        let of_parent = |(parent, group): (usize, &std::ops::Range<usize>)| {
            (0..group.len()).map(move |place| (parent, place)).collect::<Vec<_>>()
        };
        Places { relation: self.relation, places: self.groups.iter().enumerate().flat_map(of_parent).collect() }
    }
}

/// One [`Loaded`] of several. Children have no children, so there is at most one that has edges.
fn one(target: &'static ModelMeta, mut created: Vec<Loaded>) -> Loaded {
    if created.len() == 1 {
        return created.remove(0);
    }
    let rows = order::joined(created.into_iter().map(|part| part.rows).collect());
    Loaded::new(target, rows)
}

/// Where the children of one relation stand in a body.
pub(super) struct Places {
    relation: &'static RelationMeta,
    /// For each child its parent, and its place among those of the same parent.
    places: Vec<(usize, usize)>,
}

impl Places {
    /// All children of a relation, of all rows, and where they stand.
    pub(super) fn of(model: &ModelMeta, index: usize, rows: &[Changes]) -> (Self, Vec<Changes>) {
        let (mut places, mut children) = (Vec::new(), Vec::new());
        for (parent, row) in rows.iter().enumerate() {
            for (place, child) in of(row, index).iter().enumerate() {
                places.push((parent, place));
                children.push(child.clone());
            }
        }
        (Self { relation: &model.relations[index], places }, children)
    }

    /// The mistakes of children as those of the body. `item` is the place of the first parent, where the body has many.
    pub(super) fn moved(&self, error: Error, item: Option<usize>) -> Error {
        let moved = |errors: Vec<InputError>| errors.into_iter().map(|error| self.mistake(error, item)).collect();
        match error {
            Error::Conflict(errors) => Error::Conflict(moved(errors)),
            Error::Invalid(errors) => Error::Invalid(moved(errors)),
            error => error,
        }
    }

    pub(super) fn mistake(&self, mistake: InputError, item: Option<usize>) -> InputError {
        let name = self.relation.api_name;
        let (child, mistake) = split(mistake);
        let child = child.or((self.places.len() == 1).then_some(0));
        let Some((parent, place)) = child.and_then(|child| self.places.get(child)) else {
            // A database does not say which of many it is about.
            let at = match &mistake.at {
                Location::Pointer(at) => format!(", {at}"),
                _ => String::new(),
            };
            return InputError::field(name, mistake.code, format!("in one of the rows{at}: {}", mistake.detail));
        };
        let inside = mistake.within(name, self.relation.kind.to_many().then_some(*place));
        match item {
            Some(first) => inside.of_item(first + parent),
            None => inside,
        }
    }
}

/// `/items/3/title` as the third child and `/title`.
fn split(mut mistake: InputError) -> (Option<usize>, InputError) {
    let Location::Pointer(pointer) = &mistake.at else { return (None, mistake) };
    let Some(rest) = pointer.strip_prefix("/items/") else { return (None, mistake) };
    let digits = rest.find('/').unwrap_or(rest.len());
    let Ok(child) = rest[..digits].parse() else { return (None, mistake) };
    mistake.at = match &rest[digits..] {
        "" => Location::Request,
        inside => Location::Pointer(inside.to_owned()),
    };
    (Some(child), mistake)
}

/// The relations of which the rows of a create have children.
pub(super) fn named(write: &Write) -> Vec<usize> {
    match write {
        Write::Create(rows) => relations(rows.iter()),
        _ => Vec::new(),
    }
}
