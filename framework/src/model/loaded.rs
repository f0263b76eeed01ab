//! Rows with the related rows that were loaded for them; built once, then written as JSON or turned into structs.

use std::ops::Range;

use super::{DecodeError, Fields, Model, ModelMeta, RelationMeta, Row, RowSet, json};

/// Rows of one model, and one [`Edge`] for each included relation.
pub struct Loaded {
    /// The model of the rows.
    pub meta: &'static ModelMeta,
    /// The rows, their values in the order of the model's columns.
    pub rows: Box<dyn RowSet>,
    /// The fields that answers show; `None` for all. With some only, the rows may lack the others.
    pub fields: Option<Fields>,
    /// The included relations.
    pub edges: Vec<Edge>,
    /// The relations of which the rows were counted.
    pub counts: Vec<RelatedCounts>,
}

/// How many related rows of one relation each row has.
pub struct RelatedCounts {
    /// The relation's index in the model.
    pub index: usize,
    /// The relation.
    pub relation: &'static RelationMeta,
    /// The number for each row.
    pub of_rows: Vec<u64>,
}

/// The related rows of one relation, for all parents together.
pub struct Edge {
    /// The relation's index in the parents' model.
    pub index: usize,
    /// The relation.
    pub relation: &'static RelationMeta,
    /// For each parent the places of its rows in `order`.
    pub groups: Vec<Range<usize>>,
    /// Indexes of rows in `related`, grouped by parent.
    pub order: Vec<usize>,
    /// The related rows; those that `order` does not name were cut.
    pub related: Loaded,
}

impl Loaded {
    /// Whole rows, with which nothing was loaded yet.
    #[must_use]
    pub fn new(meta: &'static ModelMeta, rows: Box<dyn RowSet>) -> Self {
        Self { meta, rows, fields: None, edges: Vec::new(), counts: Vec::new() }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at `index`.
    #[must_use]
    pub fn row(&self, index: usize) -> &dyn Row {
        self.rows.row(index)
    }

    /// Turns the rows into structs.
    ///
    /// # Errors
    ///
    /// A value that the database holds but the field's type does not.
    pub fn build<M: Model>(&self) -> Result<Vec<M>, DecodeError> {
        (0..self.len()).map(|index| self.build_one(index)).collect()
    }

    fn build_one<M: Model>(&self, index: usize) -> Result<M, DecodeError> {
        let mut record = M::decode(self.row(index))?;
        for edge in &self.edges {
            record.attach(edge.index, &Related::Rows { edge, parent: index })?;
        }
        for counts in &self.counts {
            record.attach(counts.index, &Related::Count(counts.of_rows[index]))?;
        }
        Ok(record)
    }

    /// Writes the row at `index` as a JSON object.
    ///
    /// # Errors
    ///
    /// As [`Loaded::build`].
    pub fn write_row(&self, index: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        match &self.fields {
            None => (self.meta.encode)(self.row(index), out)?,
            Some(fields) => fields.write(self.meta, self.row(index), out)?,
        }
        if self.edges.is_empty() && self.counts.is_empty() {
            return Ok(());
        }
        out.pop(); // the closing brace, to go on behind the last member
        for edge in &self.edges {
            json::member(edge.relation.api_name, out);
            edge.write(index, out)?;
        }
        json::counts(self.counts.iter().map(|it| (it.relation.api_name, Some(it.of_rows[index]))), out);
        out.push(b'}');
        Ok(())
    }

    /// Writes all rows as a JSON array.
    ///
    /// # Errors
    ///
    /// As [`Loaded::build`].
    pub fn write_rows(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        out.push(b'[');
        for index in 0..self.len() {
            if index > 0 {
                out.push(b',');
            }
            self.write_row(index, out)?;
        }
        out.push(b']');
        Ok(())
    }
}

impl Edge {
    fn rows_of(&self, parent: usize) -> &[usize] {
        &self.order[self.groups[parent].clone()]
    }

    fn write(&self, parent: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let rows = self.rows_of(parent);
        if !self.relation.kind.to_many() {
            return match rows.first() {
                Some(row) => self.related.write_row(*row, out),
                None => {
                    out.extend_from_slice(b"null");
                    Ok(())
                }
            };
        }
        out.push(b'[');
        for (place, row) in rows.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            self.related.write_row(*row, out)?;
        }
        out.push(b']');
        Ok(())
    }
}

/// What is known of the related rows of one parent, as a relation field takes it.
pub enum Related<'a> {
    /// The rows.
    Rows {
        /// those of all parents
        edge: &'a Edge,
        /// which parent
        parent: usize,
    },
    /// How many there are.
    Count(u64),
}

impl Related<'_> {
    /// The related rows as structs; none where they were only counted.
    ///
    /// # Errors
    ///
    /// As [`Loaded::build`].
    pub fn build<M: Model>(&self) -> Result<Vec<M>, DecodeError> {
        match self {
            Self::Rows { edge, parent } => {
                edge.rows_of(*parent).iter().map(|row| edge.related.build_one(*row)).collect()
            }
            Self::Count(_) => Ok(Vec::new()),
        }
    }
}
