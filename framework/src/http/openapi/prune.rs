//! Components that nothing refers to are left out: tables without endpoints, answers that no operation has.

use std::collections::HashSet;

use serde_json::Value as JsonValue;

use super::merge::visit_references;

/// Keeps the schemas, answers and headers that lead from an operation.
pub(super) fn prune(document: &mut JsonValue) {
    let reached = reached(document);
    for kind in ["schemas", "responses", "headers"] {
        if let Some(components) = document["components"][kind].as_object_mut() {
            components.retain(|name, _| reached.contains(&format!("#/components/{kind}/{name}")));
        }
    }
}

fn reached(document: &JsonValue) -> HashSet<String> {
    let (mut reached, mut waiting) = (HashSet::new(), Vec::new());
    visit_references(&document["paths"], &mut |reference| waiting.push(reference.to_owned()));
    while let Some(reference) = waiting.pop() {
        if !reached.contains(&reference)
            && let Some(component) = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer))
        {
            visit_references(component, &mut |reference| waiting.push(reference.to_owned()));
            reached.insert(reference);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_operation_leads_to_is_left_out() {
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut document = json!({
            "paths": {"/books": {"get": {"schema": reference("Page")}}},
            "components": {"schemas": {"Page": reference("Book"), "Book": reference("Page"), "BookTag": reference("Book")}},
        });
        prune(&mut document);
        let names: Vec<&String> = document["components"]["schemas"].as_object().expect("schemas").keys().collect();
        assert_eq!(names, ["Page", "Book"]);
    }
}
