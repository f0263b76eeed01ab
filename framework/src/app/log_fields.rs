//! The fields of a span as JSON.
//!
//! `tracing-subscriber` reads and writes all fields of a span again when one is added, which each request does when its route is
//! known: more work than the rest of its layers. Here the new member is written behind the others.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

use crate::model::json;

/// Bytes that the fields of a request take, its route included.
const ROOM: usize = 160;

/// Writes fields as the members of a JSON object.
pub(super) struct Members;

impl<'writer> FormatFields<'writer> for Members {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut object = Object(Vec::with_capacity(ROOM));
        object.0.push(b'{');
        fields.record(&mut object);
        writer.write_str(&object.finish()?)
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let mut object = Object(std::mem::take(&mut current.fields).into_bytes());
        if object.0.pop().is_none() {
            object.0.push(b'{');
        }
        fields.record(&mut object);
        current.fields = object.finish()?;
        Ok(())
    }
}

/// An object whose end is not written yet.
struct Object(Vec<u8>);

impl Object {
    fn name(&mut self, field: &Field) {
        json::member(field.name(), &mut self.0);
    }

    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        self.0.extend(value.to_string().into_bytes());
    }

    fn finish(mut self) -> Result<String, fmt::Error> {
        self.0.push(b'}');
        String::from_utf8(self.0).map_err(|_| fmt::Error)
    }
}

impl Visit for Object {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        json::string(value, &mut self.0);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::fixtures::Lines;

    #[test]
    fn a_line_has_the_fields_of_its_span_also_those_that_came_later() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .fmt_fields(Members)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = tracing::info_span!(
                "request",
                id = "a\"b\n",
                method = %"GET",
                size = 7,
                minus = -1,
                open = true,
                ratio = 0.5,
                route = tracing::field::Empty,
            );
            let _entered = span.enter();
            span.record("route", "/books/{id}");
            tracing::info!("first");
            let bare = tracing::info_span!("bare", late = tracing::field::Empty);
            let _entered = bare.enter();
            bare.record("late", 1);
            tracing::info!("second");
        });
        let spans: Vec<serde_json::Value> = lines
            .text()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["span"].clone())
            .collect();
        let first = serde_json::json!({
            "name": "request", "id": "a\"b\n", "method": "GET", "size": 7, "minus": -1, "open": true, "ratio": "0.5",
            "route": "/books/{id}",
        });
        assert_eq!(spans, [first, serde_json::json!({ "name": "bare", "late": 1 })]);
    }
}
