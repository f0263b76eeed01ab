//! The parameters about relations, of which options can be read only when `include` is known.

use super::name::Name;
use super::parameters::Parameter;
use super::{ListOptions, Mistakes, include, include_count, include_options, names};
use crate::query::RowQuery;

#[derive(Default)]
pub(super) struct RelatedParameters {
    row: RowQuery,
    options: Vec<Parameter>,
    /// Whether `include` was refused, so that nothing can be said of its options.
    refused: bool,
}

impl RelatedParameters {
    pub(super) fn read(&mut self, options: &ListOptions, name: &Name, parameter: &Parameter) -> Result<(), Mistakes> {
        match name {
            Name::IncludeCount => {
                let counts = names(parameter, |names| include_count::parse(options, names))?;
                self.row.include_count = counts.unwrap_or_default();
            }
            Name::IncludeOption => self.options.push(parameter.clone()),
            _ => {
                let include = names(parameter, |paths| include::parse(options, paths));
                self.refused = include.is_err();
                self.row.include = include?.unwrap_or_default();
            }
        }
        Ok(())
    }

    /// What is loaded with each row.
    pub(super) fn finish(mut self, options: &ListOptions, mistakes: &mut Mistakes) -> RowQuery {
        let includes = (!self.refused).then_some(&mut self.row.include[..]);
        include_options::apply(options, includes, &self.options, mistakes);
        self.row
    }
}
