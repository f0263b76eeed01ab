//! Some of the fields of a row, written byte for byte as the whole row would write them.

use super::{DecodeError, ModelMeta, Row, json};

/// The fields of a model that an answer shows. Related rows that were included are shown besides them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Indexes into [`ModelMeta::columns`], in their order.
    pub columns: Vec<usize>,
    /// Indexes into [`ModelMeta::computed`], in their order.
    pub computed: Vec<usize>,
}

impl Fields {
    /// Writes these fields of a row as a JSON object, in the order of the model.
    ///
    /// # Errors
    ///
    /// A value that the database holds but the field's type does not.
    pub fn write(&self, meta: &ModelMeta, row: &dyn Row, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        out.push(b'{');
        for index in &self.columns {
            let column = &meta.columns[*index];
            json::member(column.api_name, out);
            (column.write)(row, *index, out)?;
        }
        for index in &self.computed {
            let computed = &meta.computed[*index];
            json::member(computed.api_name, out);
            (computed.write)(row, out)?;
        }
        out.push(b'}');
        Ok(())
    }
}
