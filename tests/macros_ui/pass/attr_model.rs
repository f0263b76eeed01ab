//! `#[model(…)]`

use couplet::prelude::*;

#[derive(Model)]
#[model(table = "people", schema = "library", rename_all = "camelCase")]
pub struct Person {
    pub id: i64,
    pub first_name: String,
    #[field(rename = "surname")]
    pub last_name: String,
    #[relation(through = Friendship, through(own = person_id, target = friend_id))]
    pub best_friends: ManyToMany<Person>,
}

#[derive(Model)]
pub struct Friendship {
    #[field(key)]
    pub person_id: i64,
    #[field(key)]
    pub friend_id: i64,
}

/// A seat in a room, and who sits on it.
#[derive(Model)]
#[allow(clippy::duplicated_attributes, reason = "a field is in two keys")]
#[model(unique(room, number), rename_all = "kebab-case")]
#[model(unique(guest, room))]
pub struct Seat {
    pub id: i64,
    pub guest: Option<String>,
    pub room: String,
    #[field(column = "seat_number")]
    pub number: i32,
}

/// People, as others see them.
#[derive(Model)]
#[model(table = "people", schema = "library", shared)]
pub struct Neighbour {
    pub id: i64,
    pub first_name: String,
}

/// How many books each author has.
#[derive(Model, Resource)]
#[model(view)]
pub struct AuthorTotal {
    pub id: i64,
    pub books: i64,
}

/// Words of an abstract.
#[derive(Model)]
#[model(full_text)]
pub struct Paper {
    pub id: i64,
    #[field(search, column = "abstract")]
    pub summary: String,
}

#[derive(Model)]
#[model(full_text = "english")]
pub struct Essay {
    pub id: i64,
    #[field(search)]
    pub text: Option<String>,
}

#[test]
fn words_are_looked_for_in_an_index_where_that_is_asked_for() {
    assert_eq!(Person::META.full_text, None);
    assert_eq!((Paper::META.full_text, Essay::META.full_text), (Some("simple"), Some("english")));
    let searched: Vec<_> = Paper::META.search_columns().map(|column| column.name).collect();
    assert_eq!(searched, ["abstract"]);
}

#[test]
fn table_and_schema_are_as_named() {
    assert_eq!((Person::META.table, Person::META.schema), ("people", Some("library")));
}

#[test]
fn rename_all_names_what_clients_see_and_leaves_columns_alone() {
    let names: Vec<_> = Person::META.columns.iter().map(|column| (column.api_name, column.name)).collect();
    assert_eq!(names, [("id", "id"), ("firstName", "first_name"), ("surname", "last_name")]);
    let relation = &Person::META.relations[0];
    assert_eq!((relation.api_name, relation.keys_name), ("bestFriends", Some("bestFriendIds")));
    assert!(NewPerson::new("Ann", "Lee").best_friend_ids.is_none());
}

#[test]
fn unique_keys_are_columns_in_the_order_of_the_attribute() {
    assert_eq!(Seat::META.unique, [[2, 3], [1, 2]]);
    assert!(Person::META.unique.is_empty());
}

#[test]
fn a_shared_table_is_made_of_the_other_model() {
    assert!(Neighbour::META.shared && !Neighbour::META.creates_table());
    assert!(!Person::META.shared && Person::META.creates_table() && !AuthorTotal::META.creates_table());
}

#[test]
fn a_view_can_be_read_only() {
    use couplet::model::Operation;
    assert!(AuthorTotal::META.view);
    assert_eq!(AuthorTotal::RESOURCE.operations, [Operation::List, Operation::Get, Operation::Search]);
}
