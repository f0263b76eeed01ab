//! A many-to-many goes through a join model with fields of the keys' types.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[relation(through = BookTag)]
    pub tags: ManyToMany<Tag>,
    #[relation(through = BookTag, through(own = book, target = tag_name))]
    pub others: ManyToMany<Tag>,
    #[relation(through = BookLabel)]
    pub labels: ManyToMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
}

#[derive(Model)]
pub struct BookTag {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub tag_name: String,
}

pub struct BookLabel;

#[derive(Model)]
pub struct Shelf {
    pub id: i64,
    pub books: ManyToMany<Book>,
    #[relation(through = BookTag, through(mine = book_id), key = id, foreign_key = id)]
    pub tags: ManyToMany<Tag>,
    #[relation(through = BookTag, through(own = book_id))]
    pub many: HasMany<Tag>,
}

#[derive(Model)]
pub struct Person {
    pub id: i64,
    #[relation(through = Friendship)]
    pub friends: ManyToMany<Person>,
}

#[derive(Model)]
pub struct Friendship {
    #[field(key)]
    pub person_id: i64,
    #[field(key)]
    pub friend_id: i64,
}

#[derive(Model)]
pub struct Group {
    pub id: i64,
    #[relation(through = Member, through(own = group_id, target = person_id))]
    pub friendships: ManyToMany<Friendship>,
    #[relation(through = Member, through(own(group_id, person_id), target = person_id))]
    pub people: ManyToMany<Person>,
}

#[derive(Model)]
pub struct Member {
    #[field(key)]
    pub group_id: i64,
    #[field(key)]
    pub person_id: i64,
}

#[derive(Model)]
pub struct Club {
    pub id: i64,
    #[relation(through = Member, through(own = group_id, target = person_id))]
    pub friendships: ManyToMany<Friendship>,
}

fn main() {}
