//! `#[field(read_only, write_only, hidden)]`

use couplet::model::{Access, Value};
use couplet::prelude::*;

use crate::row::{json, text};

#[derive(Model)]
pub struct Reader {
    #[field(hidden)]
    pub id: i64,
    pub name: String,
    #[field(read_only, sort)]
    pub score: i32,
    #[field(write_only)]
    pub password: String,
    #[field(hidden)]
    pub notes: Option<String>,
}

#[derive(Model)]
pub struct Secret {
    #[field(hidden)]
    pub id: i64,
}

/// Models of a binary, where rustc warns about each field that nothing reads.
mod private {
    #![deny(dead_code)]

    use couplet::prelude::*;

    #[derive(Debug, Clone, Model, Resource)]
    pub struct Member {
        pub id: i64,
        #[field(write_only)]
        pub password: String,
        #[field(hidden)]
        pub notes: Option<String>,
        #[field(hidden)]
        pub club_id: i64,
        #[field(computed = Self::twice)]
        pub twice: i64,
        pub club: BelongsTo<Club>,
    }

    impl Member {
        fn twice(&self) -> i64 {
            self.id * 2
        }
    }

    #[derive(Debug, Clone, Model)]
    pub struct Club {
        #[field(hidden)]
        pub id: i64,
        #[field(hidden, default = "closed")]
        pub state: String,
        pub members: HasMany<Member>,
    }
}

#[test]
fn fields_that_no_program_reads_are_no_dead_code() {
    let row = [Value::I64(1), text("secret"), Value::Null, Value::I64(2)];
    assert_eq!(json::<private::Member>(row), r#"{"id":1,"twice":2}"#);
    assert_eq!(json::<private::Club>([Value::I64(2), text("open")]), "{}");
}

#[test]
fn access_is_in_the_metadata() {
    let access: Vec<_> = Reader::META.columns.iter().map(|column| column.access).collect();
    assert_eq!(access, [Access::Hidden, Access::ReadWrite, Access::ReadOnly, Access::WriteOnly, Access::Hidden]);
}

#[test]
fn answers_show_what_can_be_read() {
    let row = [Value::I64(1), text("Ann"), Value::I32(5), text("secret"), text("note")];
    assert_eq!(json::<Reader>(row), r#"{"name":"Ann","score":5}"#);
    assert_eq!(json::<Secret>([Value::I64(1)]), "{}");
}

#[test]
fn programs_may_set_what_clients_may_not() {
    let new = NewReader { notes: Some("note".into()), ..NewReader::new("Ann", 5, "secret") };
    assert_eq!((new.score, new.notes.as_deref()), (5, Some("note")));
}
