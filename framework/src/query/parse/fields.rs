//! `fields=id,title`.

use super::given::Refused;
use super::includable;
use super::parameters::shown;
use crate::model::nearest::sentence;
use crate::model::{Fields, ModelMeta};

/// Names of `fields` at most.
pub const MAX_FIELDS: usize = 100;

/// The names that `fields` may have: those of columns and computed fields that answers show.
pub fn nameable(model: &'static ModelMeta) -> impl Iterator<Item = &'static str> {
    let columns = model.columns.iter().filter(|column| column.readable()).map(|column| column.api_name);
    columns.chain(model.computed.iter().map(|computed| computed.api_name))
}

/// Reads the names of `fields`.
pub(super) fn parse(model: &'static ModelMeta, names: &[&str]) -> Result<Fields, Vec<Refused>> {
    let mut fields = Fields::default();
    let mut refused = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if place == MAX_FIELDS {
            refused.push(Refused::whole("too_many", format!("{MAX_FIELDS} fields may be named at most")));
            break;
        }
        let column = model.columns.iter().position(|column| column.api_name == *name && column.readable());
        let computed = model.computed.iter().position(|computed| computed.api_name == *name);
        let (indexes, index) = match (column, computed) {
            (Some(index), _) => (&mut fields.columns, index),
            (None, Some(index)) => (&mut fields.computed, index),
            (None, None) => {
                refused.push(Refused::item(place, "unknown_field", unknown(model, name)));
                continue;
            }
        };
        if indexes.contains(&index) {
            let detail = format!("field {name:?} is named twice; name it once");
            refused.push(Refused::item(place, "invalid_value", detail));
        } else {
            indexes.push(index);
        }
    }
    fields.columns.sort_unstable();
    fields.computed.sort_unstable();
    if refused.is_empty() { Ok(fields) } else { Err(refused) }
}

fn unknown(model: &'static ModelMeta, name: &str) -> String {
    let wrong = format!("unknown field {:?}", shown(name));
    if includable(model).any(|(_, relation)| relation.api_name == name) {
        let wrong = format!("{wrong}; related rows come by \"include\", besides the fields");
        return sentence(&wrong, None, "fields", nameable(model));
    }
    sentence(&wrong, Some(name), "fields", nameable(model))
}

#[cfg(test)]
mod tests {
    use super::super::{ListOptions, list, one};
    use super::*;
    use crate::fixtures::{AUTHORS, BOOK_RESOURCE, CHOSEN_BOOK_RESOURCE};
    use crate::model::{ColumnType, ComputedMeta, ResourceMeta};

    fn options(resource: &'static ResourceMeta) -> ListOptions {
        ListOptions { resource, ignored: Vec::new(), shown: std::sync::Arc::default() }
    }

    fn mistakes(query: &str) -> Vec<String> {
        let of_list = list(&options(&CHOSEN_BOOK_RESOURCE), query).expect_err("mistakes");
        let of_one = one(&options(&CHOSEN_BOOK_RESOURCE), query).expect_err("mistakes");
        assert_eq!(of_list, of_one, "a row answers as a list does");
        of_list.into_iter().map(|error| format!("{}: {}", error.code, error.detail)).collect()
    }

    #[test]
    fn names_in_any_order_are_fields_in_the_order_of_the_model() {
        let read = list(&options(&CHOSEN_BOOK_RESOURCE), "fields=year,id,title").expect("fields").fields;
        assert_eq!(read, Some(Fields { columns: vec![0, 1, 6], computed: Vec::new() }));
        assert_eq!(one(&options(&CHOSEN_BOOK_RESOURCE), "fields=year,id,title").expect("fields").fields, read);
        assert_eq!(list(&options(&CHOSEN_BOOK_RESOURCE), "").expect("nothing").fields, None);
    }

    #[test]
    fn computed_fields_may_be_named() {
        static BOOKS: ModelMeta = ModelMeta {
            computed: &[ComputedMeta {
                api_name: "shelf",
                doc: "",
                ty: ColumnType::Text,
                nullable: false,
                write: |_, _| Ok(()),
            }],
            ..crate::fixtures::model("Book", "books", &[crate::fixtures::column("id", ColumnType::I64)])
        };
        assert_eq!(parse(&BOOKS, &["shelf", "id"]), Ok(Fields { columns: vec![0], computed: vec![0] }));
    }

    #[test]
    fn every_mistake_is_named() {
        let all = "fields: id, title, isbn, rating, price, series_id, year, in_print";
        assert_eq!(
            mistakes("fields=titel,id,id,publisher,authors,published_year"),
            [
                format!("unknown_field: unknown field \"titel\"; did you mean \"title\"? {all}"),
                "invalid_value: field \"id\" is named twice; name it once".to_owned(),
                format!("unknown_field: unknown field \"publisher\"; {all}"),
                format!(
                    "unknown_field: unknown field \"authors\"; related rows come by \"include\", besides the fields; {all}"
                ),
                format!("unknown_field: unknown field \"published_year\"; {all}"),
            ]
        );
        assert_eq!(mistakes("fields="), [format!("unknown_field: unknown field \"\"; {all}")]);
        assert_eq!(mistakes("fields=id&fields=title"), ["duplicate_parameter: given 2 times; it takes one value"]);
        assert_eq!(mistakes(&format!("fields={}", ",".repeat(60_000))).len(), MAX_FIELDS + 1);
    }

    #[test]
    fn fields_that_clients_do_not_see_are_unknown() {
        let of = |name: &str| parse(&AUTHORS, &[name]).expect_err("unknown")[0].detail.replace(name, "…");
        assert_eq!(of("secret"), of("strange"));
    }

    #[test]
    fn a_resource_that_does_not_opt_in_does_not_know_the_parameter() {
        let errors = list(&options(&BOOK_RESOURCE), "fields=id").expect_err("unknown");
        assert_eq!((errors.len(), errors[0].code), (1, "unknown_parameter"));
        let errors = one(&options(&BOOK_RESOURCE), "fields=id").expect_err("unknown");
        assert_eq!((errors.len(), errors[0].code), (1, "unknown_parameter"));
    }
}
