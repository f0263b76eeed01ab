//! `on_conflict=isbn` of a create.

use super::parameters::shown;
use super::{ListOptions, Mistakes, decode, name, once};
use crate::error::InputError;
use crate::model::nearest::nearest;
use crate::model::{ModelMeta, ResourceMeta};

/// The parameter's name.
pub const ON_CONFLICT: &str = "on_conflict";

/// What `on_conflict` may name: the columns of each unique key, separated by commas.
#[must_use]
pub fn conflict_keys(resource: &ResourceMeta) -> Vec<String> {
    let model = (resource.model)();
    resource.upsert.iter().map(|key| key_name(model, key)).collect()
}

fn key_name(model: &ModelMeta, key: &[usize]) -> String {
    key.iter().map(|index| model.columns[*index].api_name).collect::<Vec<_>>().join(",")
}

/// Reads the query string of a create: the unique key by which a row that is there is changed, where one is named.
///
/// # Errors
///
/// As [`list`](super::list()).
pub fn create(options: &ListOptions, query: &str) -> Result<Option<&'static [usize]>, Vec<InputError>> {
    let resource = options.resource;
    let mut errors = Mistakes::new();
    let mut key = None;
    for parameter in decode(query, &options.ignored, &mut errors) {
        let read = if parameter.name == ON_CONFLICT && !resource.upsert.is_empty() {
            once(&parameter, |text| parse(resource, text)).map(|it| key = Some(it))
        } else {
            Err(vec![name::unknown_of_create(&parameter.name, resource)])
        };
        errors.extend(read.err().into_iter().flatten());
    }
    if errors.is_empty() { Ok(key) } else { Err(errors) }
}

fn parse(resource: &ResourceMeta, text: &str) -> Result<&'static [usize], Mistakes> {
    let model = (resource.model)();
    // A set of columns: in which order they are named means nothing.
    let sorted = |names: &str| {
        let mut names: Vec<String> = names.split(',').map(str::to_owned).collect();
        names.sort_unstable();
        names
    };
    let named = sorted(text);
    if let Some(key) = resource.upsert.iter().find(|key| sorted(&key_name(model, key)) == named) {
        return Ok(key);
    }
    let accepted = conflict_keys(resource);
    let guess = nearest(text, accepted.iter().map(String::as_str));
    let guess = guess.map_or(String::new(), |near| format!(" did you mean {near:?}?"));
    let accepted: Vec<String> = accepted.iter().map(|key| format!("{key:?}")).collect();
    let detail = format!("unknown unique key {:?};{guess} accepted: {}", shown(text), accepted.join(", "));
    Err(vec![InputError::parameter(ON_CONFLICT, "unknown_field", detail)])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixtures::{AUTHOR_RESOURCE, TAG_RESOURCE};

    static RESOURCE: ResourceMeta = ResourceMeta { upsert: &[&[2], &[1, 3]], ..AUTHOR_COPY };
    const AUTHOR_COPY: ResourceMeta = crate::fixtures::resource("authors", || &crate::fixtures::AUTHORS);

    fn read(resource: &'static ResourceMeta, query: &str) -> Result<Option<&'static [usize]>, Vec<InputError>> {
        let ignored = vec!["utm_*".to_owned()];
        create(&ListOptions { resource, ignored, shown: Arc::default() }, query)
    }

    #[test]
    fn a_key_is_named_by_all_its_columns() {
        assert_eq!(read(&RESOURCE, "utm_source=x"), Ok(None));
        assert_eq!(read(&RESOURCE, "on_conflict=email"), Ok(Some(&[2][..])));
        assert_eq!(read(&RESOURCE, "on_conflict=name%2Cstatus"), Ok(Some(&[1, 3][..])));
        assert_eq!(read(&RESOURCE, "on_conflict=status,name"), Ok(Some(&[1, 3][..])), "in any order");
        assert!(read(&RESOURCE, "on_conflict=name,name,status").is_err());
    }

    #[test]
    fn every_mistake_is_named() {
        let errors = read(&RESOURCE, "on_conflict=emial&dry_run=1").expect_err("two mistakes");
        let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
        assert_eq!(
            details,
            [
                "unknown unique key \"emial\"; did you mean \"email\"? accepted: \"email\", \"name,status\"",
                "unknown parameter \"dry_run\"; accepted: on_conflict",
            ]
        );
        for query in ["on_conflict=email&on_conflict=email", "on_conflict=name", "on_conflict="] {
            assert!(read(&RESOURCE, query).is_err(), "{query}");
        }
        for resource in [&AUTHOR_RESOURCE, &TAG_RESOURCE] {
            let errors = read(resource, "on_conflict=name").expect_err("no key may be named");
            assert_eq!(errors[0].detail, "unknown parameter \"on_conflict\"; accepted: none");
        }
    }
}
