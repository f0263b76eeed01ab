//! The specification: OpenAPI 3.0.3, made once when the app is composed and frozen as bytes.
//!
//! Derived operations are written here from the models' tables; what users wrote with poem-openapi is taken from its own
//! document. The order of everything is the order of the code, so the bytes are the same from run to run.

mod bulk;
mod conditions;
mod merge;
mod operations;
mod parameters;
mod partial;
mod prune;
mod schemas;
mod search;
mod yaml;

use std::sync::Arc;

use serde_json::{Map, Value as JsonValue, json};

pub(crate) use merge::{PLACEHOLDER, UserApi, list_query_marker};
use schemas::described;
pub(crate) use schemas::page_name;
pub(crate) use search::whole_name;

use super::api::Mounted;
use super::problem;
use crate::error::{Error, Result};
use crate::model::Catalog;

/// What the specification says of the API as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Info {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) license: Option<License>,
}

/// Under what terms the API is used.
#[derive(Debug, Clone)]
pub(crate) struct License {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// The finished specification.
pub(crate) struct Specification {
    pub(crate) json: String,
    pub(crate) yaml: String,
}

/// Writes the specification of the mounted resources and the users' own endpoints.
///
/// # Errors
///
/// Two schemas of one name that differ, or a page of a model that the app does not know.
pub(crate) fn specification(
    info: &Info,
    catalog: &Catalog,
    mounted: &[Arc<Mounted>],
    users: &[UserApi],
) -> Result<Specification> {
    let mut document = json!({
        "openapi": "3.0.3",
        "info": info.document(),
        "servers": [{"url": "/"}],
        "security": [],
        "tags": mounted.iter().map(|mounted| tag(mounted)).collect::<Vec<_>>(),
        "paths": paths(mounted),
        "components": {
            "schemas": component_schemas(catalog, mounted)?,
            "responses": operations::error_responses(),
            "headers": operations::headers(),
        },
    });
    for user in users {
        merge::merge(&mut document, user, mounted)?;
    }
    merge::check_references(&document)?;
    prune::prune(&mut document);
    let json = serde_json::to_string_pretty(&document).map_err(Error::other)?;
    let yaml = yaml::text(&document);
    Ok(Specification { json, yaml })
}

impl Info {
    fn document(&self) -> JsonValue {
        let mut info = described(json!({"title": self.title, "version": self.version}), &self.description);
        if let Some(license) = &self.license {
            info["license"] = json!({"name": license.name, "url": license.url});
        }
        info
    }
}

fn tag(mounted: &Mounted) -> JsonValue {
    described(json!({"name": mounted.resource().name}), mounted.model().doc)
}

fn paths(all: &[Arc<Mounted>]) -> JsonValue {
    let mut paths = Map::new();
    for mounted in all {
        for operation in &mounted.operations {
            let (path, method, document) = operations::operation(mounted, *operation);
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[method] = document;
        }
        for sub in mounted.resource().sub_resources {
            let is_target = |other: &&Arc<Mounted>| other.resource().name == (sub.target)().name && other.lists();
            if let Some(target) = all.iter().find(is_target) {
                let (path, document) = operations::related(mounted, sub, target);
                paths.insert(path, json!({"get": document}));
            }
        }
    }
    paths.into()
}

/// # Errors
///
/// Two schemas of one name, as of a model `BookPage` beside the pages of a resource `Book`.
fn component_schemas(catalog: &Catalog, mounted: &[Arc<Mounted>]) -> Result<JsonValue> {
    let rows = catalog.models().iter().map(|model| (model.name.to_owned(), schemas::row(model)));
    let of_resources = mounted.iter().flat_map(|mounted| schemas::of_resource(mounted));
    let common = [
        ("PageMeta".to_owned(), schemas::page_meta()),
        ("CachedPageMeta".to_owned(), schemas::cached_page_meta()),
        (problem::SCHEMA.to_owned(), problem::Problem::schema()),
    ];
    let mut components = Map::new();
    for (name, schema) in rows.chain(of_resources).chain(partial::schemas(catalog, mounted)).chain(common) {
        if components.contains_key(&name) {
            return Err(Error::Startup(format!(
                "two schemas of the specification are named {name}; rename the struct {name}"
            )));
        }
        components.insert(name, schema);
    }
    Ok(components.into())
}
