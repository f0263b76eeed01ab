//! Rows that are created with the row that they belong to.

use super::{Write, conflict, create};
use crate::crud::decode_error;
use crate::db::Session;
use crate::error::{Error, InputError, Location, Result};
use crate::model::row::NoRows;
use crate::model::{Changes, Edge, Loaded, ModelMeta, RelationMeta, Row, RowSet, Value};

/// The statements that inserting the children of a row takes at most.
pub(super) fn statements(model: &ModelMeta, row: &Changes) -> usize {
    let of_relation = |(relation, children): &(usize, Vec<Changes>)| {
        create::statements((model.relations[*relation].target)(), children)
    };
    row.children.iter().map(of_relation).sum()
}

/// Inserts the children of the one row of `parent` and shows them with it, as an include would.
pub(super) async fn create(
    parent: &mut Loaded,
    children: &[(usize, Vec<Changes>)],
    session: &mut Session<'_>,
) -> Result<()> {
    for (index, children) in children {
        let relation = &parent.meta.relations[*index];
        let children = with_parent(parent, relation, children)?;
        // Children may have children.
        let created = Box::pin(create::create((relation.target)(), &children, session)).await;
        let created = match created {
            Ok(created) => created,
            Err(error) => return Err(explain(relation, children, error, session).await),
        };
        parent.edges.push(edge(*index, relation, created));
    }
    Ok(())
}

/// The children with the key of the row that they belong to.
fn with_parent(parent: &Loaded, relation: &RelationMeta, children: &[Changes]) -> Result<Vec<Changes>> {
    let (local, foreign) = (relation.link.local(), relation.link.foreign());
    let key = Value::decode(parent.meta.columns[local].ty, parent.row(0), local).map_err(decode_error(parent.meta))?;
    let mut children = children.to_vec();
    for child in &mut children {
        child.columns.push((foreign, key.clone()));
    }
    Ok(children)
}

/// The error with the place of the child that it is about. A database does not say which of many that is.
async fn explain(
    relation: &'static RelationMeta,
    children: Vec<Changes>,
    error: Error,
    session: &mut Session<'_>,
) -> Error {
    let (name, many) = (relation.api_name, children.len() > 1);
    let place = relation.kind.to_many().then_some(0);
    let one = |error: InputError| match error.at {
        _ if !many => error.within(name, place),
        Location::Pointer(at) => {
            InputError::field(name, error.code, format!("in one of the rows, {at}: {}", error.detail))
        }
        _ => InputError::field(name, error.code, format!("in one of the rows: {}", error.detail)),
    };
    let inside = |errors: Vec<InputError>| errors.into_iter().map(one).collect();
    match conflict::explain((relation.target)(), &Write::Create(children), error, session).await {
        Error::Conflict(errors) => Error::Conflict(inside(errors)),
        Error::Invalid(errors) => Error::Invalid(inside(errors)),
        error => error,
    }
}

fn edge(index: usize, relation: &'static RelationMeta, mut created: Vec<Loaded>) -> Edge {
    let count = created.iter().map(Loaded::len).sum();
    let related = if created.len() == 1 {
        created.remove(0)
    } else {
        let rows = Parts(created.into_iter().map(|part| part.rows).collect());
        Loaded { meta: (relation.target)(), rows: Box::new(rows), edges: Vec::new() }
    };
    let groups = std::iter::once(0..count).collect();
    Edge { index, relation, groups, order: (0..count).collect(), related }
}

/// The rows of several statements, one after the other.
struct Parts(Vec<Box<dyn RowSet>>);

impl RowSet for Parts {
    fn len(&self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    fn row(&self, index: usize) -> &dyn Row {
        let mut index = index;
        for part in &self.0 {
            if index < part.len() {
                return part.row(index);
            }
            index -= part.len();
        }
        NoRows.row(index)
    }

    fn truncate(&mut self, len: usize) {
        let mut left = len;
        for part in &mut self.0 {
            part.truncate(left);
            left -= part.len();
        }
    }
}
