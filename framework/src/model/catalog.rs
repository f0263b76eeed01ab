//! All models of an app.

use super::{Link, ModelMeta};

/// All models of an app: those named, and those that their relations lead to.
#[derive(Debug, Default)]
pub struct Catalog {
    models: Vec<&'static ModelMeta>,
}

impl Catalog {
    /// Adds a model and all that its relations lead to. Adding one again changes nothing.
    pub fn add(&mut self, meta: &'static ModelMeta) {
        if self.models.iter().any(|known| std::ptr::eq(*known, meta)) {
            return;
        }
        self.models.push(meta);
        for relation in meta.relations {
            self.add((relation.target)());
            if let Link::Through { model, .. } = relation.link {
                self.add(model());
            }
        }
    }

    /// The models, in the order in which they came.
    #[must_use]
    pub fn models(&self) -> &[&'static ModelMeta] {
        &self.models
    }

    /// Models that cannot be told apart: two of one name, of which the specification would show one, or two that would
    /// make one table.
    #[must_use]
    pub fn clashes(&self) -> Vec<String> {
        let mut clashes = Vec::new();
        for (index, model) in self.models.iter().enumerate() {
            for other in &self.models[..index] {
                let name = model.name;
                if name == other.name {
                    clashes.push(format!("two models are named `{name}`; rename one of the structs"));
                } else if (model.schema, model.table) == (other.schema, other.table) && !model.shared && !other.shared {
                    let (other, table) = (other.name, model.table);
                    clashes.push(format!(
                        "`{other}` and `{name}` both have the table `{table}`; give one `#[model(table = \"..\")]`, or say \
                         `#[model(table = \"{table}\", shared)]` where both are meant"
                    ));
                }
            }
        }
        clashes
    }
}
