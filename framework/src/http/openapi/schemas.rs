//! JSON schemas of rows, bodies and pages.

use serde_json::{Map, Value as JsonValue, json};

use super::super::api::Mounted;
use super::{bulk, search};
use crate::crud::nested;
use crate::crud::validate::{BodyKind, MAX_KEYS, settable_columns};
use crate::model::{ColumnMeta, ColumnType, ModelMeta, Operation, RelationMeta, ResourceMeta, Rule, Totals, Value};
use crate::query::parse::{countable, includable};

/// A row as answers show it; relations are there only where they were included.
pub(super) fn row(model: &'static ModelMeta) -> JsonValue {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for column in model.columns.iter().filter(|column| column.readable()) {
        let mut schema = column_schema(column);
        if !column.writable() {
            schema["readOnly"] = json!(true);
        }
        properties.insert(column.api_name.to_owned(), schema);
        required.push(column.api_name);
    }
    for computed in model.computed {
        let mut schema = described(type_schema(computed.ty), computed.doc);
        schema["readOnly"] = json!(true);
        if computed.nullable && computed.ty != ColumnType::Json {
            schema["nullable"] = json!(true);
        }
        properties.insert(computed.api_name.to_owned(), schema);
        required.push(computed.api_name);
    }
    for (_, relation) in includable(model) {
        properties.insert(relation.api_name.to_owned(), included(relation));
    }
    if let Some(counts) = counts(model) {
        properties.insert("_count".to_owned(), counts);
    }
    described(json!({"type": "object", "required": required, "properties": properties}), model.doc)
}

/// The numbers of related rows, where there is something to count.
fn counts(model: &'static ModelMeta) -> Option<JsonValue> {
    let properties: Map<_, _> = countable(model)
        .map(|(_, relation)| {
            let description = format!("Only with `include_count={}`.", relation.api_name);
            let schema = json!({"type": "integer", "format": "int64", "minimum": 0, "description": description});
            (relation.api_name.to_owned(), schema)
        })
        .collect();
    (!properties.is_empty()).then(|| {
        json!({
            "type": "object",
            "description": "How many related rows there are. Only with `include_count`.",
            "readOnly": true,
            "properties": properties,
        })
    })
}

fn included(relation: &RelationMeta) -> JsonValue {
    let target = reference((relation.target)().name);
    let description = format!("{} Only with `include={}`.", relation.doc, relation.api_name);
    let schema = if relation.kind.to_many() {
        json!({"type": "array", "items": target})
    } else {
        // `nullable` beside `allOf` does not admit null: the schema that is referred to still refuses it.
        json!({"oneOf": [target, {"type": "object", "nullable": true, "enum": [null]}]})
    };
    described(schema, description.trim_start())
}

/// The schemas of a resource's bodies and pages, by name.
pub(super) fn of_resource(mounted: &Mounted) -> Vec<(String, JsonValue)> {
    let model = mounted.model();
    // A list below another resource's path needs the page too.
    let mut schemas = vec![(page_name(model), page(mounted.resource()))];
    for operation in &mounted.operations {
        if let Some(kind) = body_kind(*operation) {
            schemas.push((body_name(model, kind), body(model, kind)));
        }
    }
    if mounted.operations.contains(&Operation::Search) {
        schemas.extend(search::schemas(mounted));
    }
    schemas.extend(bulk::schemas(mounted));
    schemas
}

pub(super) fn body_kind(operation: Operation) -> Option<BodyKind> {
    match operation {
        Operation::Create => Some(BodyKind::Create),
        Operation::Replace => Some(BodyKind::Replace),
        Operation::Update => Some(BodyKind::Patch),
        Operation::List | Operation::Get | Operation::Delete | Operation::Search | Operation::Restore => None,
        Operation::BulkCreate | Operation::BulkUpdate | Operation::BulkDelete => None,
    }
}

pub(super) fn body_name(model: &ModelMeta, kind: BodyKind) -> String {
    match kind {
        BodyKind::Create => format!("New{}", model.name),
        BodyKind::Replace => format!("{}Replacement", model.name),
        BodyKind::Patch => format!("{}Patch", model.name),
    }
}

pub(crate) fn page_name(model: &ModelMeta) -> String {
    format!("{}Page", model.name)
}

pub(super) fn page(resource: &ResourceMeta) -> JsonValue {
    let model = (resource.model)();
    json!({
        "type": "object",
        "required": ["items", "meta"],
        "properties": {
            "items": {"type": "array", "items": reference(model.name)},
            "meta": reference(page_meta_of(resource)),
        },
    })
}

pub(super) fn body(model: &ModelMeta, kind: BodyKind) -> JsonValue {
    let mut schema = body_without(model, kind, &[]);
    if kind == BodyKind::Create {
        for (_, relation) in nested::relations(model) {
            schema["properties"][relation.api_name] = children(relation);
        }
    }
    schema
}

/// The rows of a relation that are created with the row; their key of it is known.
fn children(relation: &RelationMeta) -> JsonValue {
    let child = body_without((relation.target)(), BodyKind::Create, relation.link.foreign());
    let schema = if relation.kind.to_many() {
        json!({"type": "array", "items": child, "maxItems": nested::MAX_CHILDREN})
    } else {
        let mut child = child;
        child["nullable"] = json!(true);
        child
    };
    let description = format!("{} Created with the row.", relation.doc);
    described(schema, description.trim_start())
}

fn body_without(model: &ModelMeta, kind: BodyKind, left_out: &[usize]) -> JsonValue {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (_, column) in settable_columns(model, kind).filter(|(index, _)| !left_out.contains(index)) {
        let mut schema = column_schema(column);
        refuse_nul(&mut schema, column.ty);
        if column.access == crate::model::Access::WriteOnly {
            schema["writeOnly"] = json!(true);
        }
        if kind != BodyKind::Patch {
            if let Some(default) = column.default.filter(|_| is_constant_by_nature(column.ty)) {
                schema["default"] = default().to_json();
            }
            if column.required() {
                required.push(column.api_name);
            }
        }
        properties.insert(column.api_name.to_owned(), schema);
    }
    for relation in model.relations {
        if let Some(name) = relation.keys_name {
            properties.insert(name.to_owned(), keys(relation));
        }
    }
    let mut schema = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A default that is a time or a UUID is made anew for each row, and would be another in each run.
fn is_constant_by_nature(ty: ColumnType) -> bool {
    !matches!(ty, ColumnType::Timestamp | ColumnType::Date | ColumnType::Uuid)
}

fn keys(relation: &RelationMeta) -> JsonValue {
    let columns = relation.key_columns();
    let key = match columns[..] {
        [column] => input_schema(column.ty),
        _ => {
            let names: Vec<&str> = columns.iter().map(|column| column.api_name).collect();
            let properties: Map<_, _> =
                columns.iter().map(|column| (column.api_name.to_owned(), input_schema(column.ty))).collect();
            json!({"type": "object", "additionalProperties": false, "required": names, "properties": properties})
        }
    };
    let description = format!("The keys of the {} that the row is to have; all others are removed.", relation.api_name);
    json!({"type": "array", "items": key, "maxItems": MAX_KEYS, "description": description})
}

/// A body that would be accepted, by the columns' examples; `None` where one has none that can be guessed.
pub(super) fn example_body(model: &ModelMeta, kind: BodyKind) -> Option<JsonValue> {
    let mut example = Map::new();
    for (index, column) in settable_columns(model, kind) {
        let foreign_key =
            model.relations.iter().any(|r| r.link.local().contains(&index) && !model.key.contains(&index));
        if (foreign_key && column.nullable) || (kind == BodyKind::Patch && !example.is_empty()) {
            continue;
        }
        example.insert(column.api_name.to_owned(), example_value(column)?);
    }
    Some(example.into())
}

/// A value that the column would take; `None` for a text with a pattern and no example.
pub(super) fn example_value(column: &ColumnMeta) -> Option<JsonValue> {
    if let Some(example) = column.example {
        return serde_json::from_str(example).ok();
    }
    let (mut least, mut most) = (None, None);
    for rule in column.rules {
        match *rule {
            Rule::IntegerRange { min, max } => (least, most) = (min, max),
            Rule::Pattern(_) => return None,
            Rule::Length { .. } | Rule::FloatRange { .. } => {}
        }
    }
    Some(match column.ty {
        ColumnType::Bool => json!(true),
        ColumnType::I16 | ColumnType::I32 | ColumnType::I64 => {
            json!(1.max(least.unwrap_or(1)).min(most.unwrap_or(i64::MAX)))
        }
        ColumnType::F64 => json!(float_example(column)),
        ColumnType::Text => json!(text_example(column)),
        ColumnType::Bytes => json!("aGVsbG8="),
        ColumnType::Uuid => json!("0190a5d4-5c1e-7cc2-8f3a-2f1c6e9b7d10"),
        ColumnType::Timestamp => json!("2024-05-06T07:08:09.000000Z"),
        ColumnType::Date => json!("2024-05-06"),
        ColumnType::Decimal => json!("9.99"),
        ColumnType::Json => json!({}),
        ColumnType::Enum(names) => json!(names.first()?),
    })
}

fn float_example(column: &ColumnMeta) -> f64 {
    column.rules.iter().fold(4.5, |example: f64, rule| match *rule {
        Rule::FloatRange { min, max } => example.max(min.unwrap_or(example)).min(max.unwrap_or(f64::MAX)),
        _ => example,
    })
}

fn text_example(column: &ColumnMeta) -> String {
    let mut text = column.api_name.replace('_', " ");
    for rule in column.rules {
        if let Rule::Length { min, max } = *rule {
            while text.chars().count() < min.unwrap_or(0) {
                text.push('x');
            }
            text = text.chars().take(max.unwrap_or(usize::MAX)).collect();
        }
    }
    text
}

/// The schema of a column's values.
pub(super) fn column_schema(column: &ColumnMeta) -> JsonValue {
    let mut schema = described(type_schema(column.ty), column.doc);
    for rule in column.rules {
        apply_rule(&mut schema, column.ty, *rule);
    }
    // A schema without a type, as that of JSON, admits null by itself.
    if column.nullable && column.ty != ColumnType::Json {
        schema["nullable"] = json!(true);
        if let Some(JsonValue::Array(values)) = schema.get_mut("enum") {
            values.push(JsonValue::Null);
        }
    }
    if let Some(example) = example_value(column) {
        schema["example"] = example;
    }
    schema
}

fn apply_rule(schema: &mut JsonValue, ty: ColumnType, rule: Rule) {
    let mut set = |name: &str, value: Option<JsonValue>| {
        if let Some(value) = value {
            schema[name] = value;
        }
    };
    match rule {
        Rule::Length { min, max } if ty == ColumnType::Text => {
            set("minLength", min.map(|min| json!(min)));
            set("maxLength", max.map(|max| json!(max)));
        }
        Rule::IntegerRange { min, max } => {
            set("minimum", min.map(|min| json!(min)));
            set("maximum", max.map(|max| json!(max)));
        }
        Rule::FloatRange { min, max } if ty == ColumnType::F64 => {
            set("minimum", min.map(|min| json!(min)));
            set("maximum", max.map(|max| json!(max)));
        }
        Rule::Pattern(pattern) => set("pattern", Some(json!(pattern))),
        // The length of base64 and the range of a decimal's text cannot be said in a schema.
        Rule::Length { .. } | Rule::FloatRange { .. } => {}
    }
}

/// The schema of a type as clients send it.
pub(super) fn input_schema(ty: ColumnType) -> JsonValue {
    let mut schema = type_schema(ty);
    refuse_nul(&mut schema, ty);
    schema
}

/// No database stores the character NUL. A pattern of the column's own says what else it does not take.
fn refuse_nul(schema: &mut JsonValue, ty: ColumnType) {
    if ty == ColumnType::Text && schema.get("pattern").is_none() {
        schema["pattern"] = json!(r"^[^\u0000]*$");
    }
}

/// The schema of a type.
pub(super) fn type_schema(ty: ColumnType) -> JsonValue {
    match ty {
        ColumnType::Bool => json!({"type": "boolean"}),
        ColumnType::I16 => json!({"type": "integer", "minimum": i16::MIN, "maximum": i16::MAX}),
        ColumnType::I32 => json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX}),
        ColumnType::I64 => json!({"type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX}),
        ColumnType::F64 => json!({"type": "number", "format": "double"}),
        ColumnType::Text => json!({"type": "string"}),
        ColumnType::Bytes => json!({"type": "string", "format": "byte"}),
        ColumnType::Uuid => json!({"type": "string", "format": "uuid"}),
        ColumnType::Timestamp => json!({"type": "string", "format": "date-time"}),
        ColumnType::Date => json!({"type": "string", "format": "date"}),
        ColumnType::Decimal => json!({"type": "string", "format": "decimal", "pattern": DECIMAL}),
        ColumnType::Json => json!({}),
        ColumnType::Enum(names) => json!({"type": "string", "enum": names}),
    }
}

const DECIMAL: &str = "^-?[0-9]{1,28}(\\.[0-9]{1,28})?$";

/// The schema of the `meta` of a list.
fn page_meta_of(resource: &ResourceMeta) -> &'static str {
    match resource.count_cache.totals {
        Totals::Ttl => "CachedPageMeta",
        Totals::Fresh | Totals::Off => "PageMeta",
    }
}

/// The `meta` of lists of which totals may be older than the answer.
pub(super) fn cached_page_meta() -> JsonValue {
    let mut meta = page_meta();
    meta["properties"]["count"] = json!({
        "type": "string",
        "enum": ["exact", "estimated", "cached", "none"],
        "description": "How the total came about; cached: it was counted some time ago.",
    });
    meta
}

pub(super) fn page_meta() -> JsonValue {
    let count = |description: &str| json!({"type": "integer", "format": "int64", "minimum": 0, "nullable": true, "description": description});
    let cursor = |which: &str| {
        let description = format!("`cursor` of the rows {which} these; null where there are none.");
        json!({"type": "string", "format": "cursor", "nullable": true, "pattern": "^[A-Za-z0-9_-]+$", "description": description})
    };
    json!({
        "type": "object",
        "description": "Where a page lies in the whole list. Every key is always there.",
        "required": ["page", "per_page", "total", "pages", "count", "has_more", "next_cursor", "prev_cursor", "truncated"],
        "properties": {
            "page": {"type": "integer", "format": "int64", "minimum": 1, "nullable": true, "description": "The page's number, from 1; null where the list is walked by cursor."},
            "per_page": {"type": "integer", "format": "int32", "minimum": 1, "description": "Rows of a page."},
            "total": count("Rows of the whole list; null where they were not counted."),
            "pages": count("Pages of the whole list; null where the rows were not counted."),
            "count": {"type": "string", "enum": ["exact", "estimated", "none"], "description": "How the total came about."},
            "has_more": {"type": "boolean", "description": "Whether there is a next page."},
            "next_cursor": cursor("after"),
            "prev_cursor": cursor("before"),
            "truncated": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Paths of included relations of which not every row is shown.",
            },
        },
    })
}

pub(super) fn reference(name: &str) -> JsonValue {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn described(mut schema: JsonValue, description: &str) -> JsonValue {
    if !description.is_empty() {
        schema["description"] = json!(description);
    }
    schema
}

/// An example as text, for a path parameter.
pub(super) fn example_of_key(column: &ColumnMeta) -> JsonValue {
    match example_value(column) {
        Some(example) => example,
        None => Value::Text(column.api_name.to_owned()).to_json(),
    }
}
