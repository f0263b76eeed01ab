//! What each attribute does.

mod attr_field_access;
mod attr_field_computed;
mod attr_field_database;
mod attr_field_default;
mod attr_field_deleted_at;
mod attr_field_filter;
mod attr_field_key;
mod attr_field_names;
mod attr_field_rules;
mod attr_field_timestamps;
mod attr_field_version;
mod attr_model;
mod attr_model_hooks;
mod attr_relation;
mod attr_relation_nested;
mod attr_resource;
mod attr_resource_cache;
mod attr_resource_count_cache;
mod attr_resource_upsert;
mod attr_text_enum;
mod column_types;
pub mod conventions;
mod hygiene;
mod inputs;
mod long_chain;
mod migrations;
