//! What is said about related rows: how many, in which order, which, and how many there are.

use couplet::prelude::*;
use couplet_tests::{Answer, TestDatabase, on_each_database};
use serde_json::{Value, json};

use super::support::*;

/// A place to which people write.
#[derive(Debug, Clone, Model, Resource)]
#[resource(max_per_page = 1_000, include_limit = 20, options_depth = 2)]
pub struct Hotel {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
    pub chain_id: Option<i64>,
    #[relation(include, on_delete = set_null)]
    pub chain: BelongsTo<Chain>,
    #[relation(include)]
    pub address: HasOne<Address>,
    #[relation(include, sub_resource)]
    pub letters: HasMany<Letter>,
    #[relation(include, sub_resource, foreign_key = hotel_id, filter = Letter::STARS.gte(4))]
    pub praise: HasMany<Letter>,
    #[relation(include, foreign_key = hotel_id, filter = Letter::STARS.eq(5) & Letter::TEXT.is_not_null())]
    pub quote: HasOne<Letter>,
    #[relation(include, through = HotelTag)]
    pub tags: ManyToMany<Tag>,
    #[relation(include, sub_resource, through = HotelTag, filter = Tag::NAME.starts_with("big"))]
    pub big_tags: ManyToMany<Tag>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Chain {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
    #[relation(include)]
    pub hotels: HasMany<Hotel>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Address {
    pub id: i64,
    #[field(unique, filter)]
    pub hotel_id: i64,
    #[field(filter)]
    pub city: String,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Letter {
    pub id: i64,
    #[field(filter)]
    pub hotel_id: i64,
    #[field(filter(eq, gte, in), sort)]
    pub stars: i32,
    #[field(filter(isnull), sort)]
    pub text: Option<String>,
    #[relation(include)]
    pub hotel: BelongsTo<Hotel>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Tag {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
}

#[derive(Debug, Clone, Model)]
pub struct HotelTag {
    #[field(key)]
    pub hotel_id: i64,
    #[field(key)]
    pub tag_id: i64,
}

fn app(database: &TestDatabase) -> couplet::App {
    let app = couplet::App::new(config(database));
    app.resource::<Hotel>().resource::<Chain>().resource::<Address>().resource::<Tag>()
}

async fn start(database: &TestDatabase) -> Api {
    Api::of(app(database).resource::<Letter>()).await
}

/// So many hotels of one chain, each with an address, letters of 1 to 5 stars, of which the second has no text, and 3 tags.
async fn fill(api: &Api, hotels: usize) -> Vec<Hotel> {
    let database = api.database();
    let chain = Chain::create(NewChain::new("Inn"), database).await.unwrap();
    let new =
        (0..hotels).map(|number| NewHotel { chain_id: Some(chain.id), ..NewHotel::new(format!("Hotel {number}")) });
    let hotels = Hotel::create_many(new, database).await.unwrap();
    let addresses = hotels.iter().map(|hotel| NewAddress::new(hotel.id, if hotel.id == 1 { "Rome" } else { "Bonn" }));
    Address::create_many(addresses, database).await.unwrap();
    let letters = hotels.iter().flat_map(|hotel| {
        (1..=5).map(|stars| NewLetter {
            text: (stars != 2).then(|| format!("{stars}")),
            ..NewLetter::new(hotel.id, stars)
        })
    });
    Letter::create_many(letters, database).await.unwrap();
    let names = ["big pool", "small", "bigger"];
    let tags = Tag::create_many(names.map(NewTag::new), database).await.unwrap();
    let links = hotels.iter().flat_map(|hotel| tags.iter().map(|tag| NewHotelTag::new(hotel.id, tag.id)));
    HotelTag::create_many(links, database).await.unwrap();
    hotels
}

/// One member of the related rows of an item.
fn of(list: &Answer, item: usize, relation: &str, member: &str) -> Vec<Value> {
    let rows = list[&*format!("/items/{item}/{relation}")].as_array().unwrap();
    rows.iter().map(|row| row[member].clone()).collect()
}

on_each_database! {
    async fn a_limit_shows_the_first_rows_of_each_parent(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 3).await;
        let list = api.get("/hotels?include=letters,tags&include.letters.limit=2&include.tags.limit=1").await.expect(200);
        for item in 0..3 {
            assert_eq!(of(&list, item, "letters", "stars"), [1, 2]);
            assert_eq!(of(&list, item, "tags", "name"), ["big pool"]);
        }
        assert_eq!((&list["/meta/truncated"], list.statements()), (&json!([]), 3), "a chosen limit cuts nothing by surprise");
        let row = api.get("/hotels/1?include=letters&include.letters.limit=1").await.expect(200);
        assert_eq!((row["/letters"].as_array().unwrap().len(), row.header("x-truncated")), (1, None));
    }

    async fn related_rows_have_an_order_of_their_own(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 2).await;
        let sorted = async |query: &str| {
            let list = api.get(&format!("/hotels?include=letters&{query}")).await.expect(200);
            assert_eq!(list.statements(), 2);
            of(&list, 1, "letters", "stars")
        };
        assert_eq!(sorted("include.letters.sort=-stars").await, [5, 4, 3, 2, 1]);
        assert_eq!(sorted("include.letters.sort=text").await, [1, 3, 4, 5, 2], "NULL is the largest");
        assert_eq!(sorted("include.letters.sort=-text&include.letters.limit=2").await, [2, 5]);
        let tags = api.get("/hotels?include=tags&include.tags.sort=-name&include.tags.limit=2").await.expect(200);
        assert_eq!(of(&tags, 0, "tags", "name"), ["small", "bigger"]);
    }

    async fn ties_end_with_the_key_in_the_direction_of_the_order(database: TestDatabase) {
        let api = start(&database).await;
        let hotel = Hotel::create(NewHotel::new("One"), api.database()).await.unwrap();
        Letter::create_many((0..4).map(|_| NewLetter::new(hotel.id, 3)), api.database()).await.unwrap();
        for (sort, expected) in [("stars", [1, 2]), ("-stars", [4, 3])] {
            let path = format!("/hotels?include=letters&include.letters.limit=2&include.letters.sort={sort}");
            assert_eq!(of(&api.get(&path).await.expect(200), 0, "letters", "id"), expected);
            let all = api.get(&format!("/hotels?include=letters&include.letters.sort={sort}")).await.expect(200);
            assert_eq!(of(&all, 0, "letters", "id")[..2], expected);
        }
    }

    async fn filters_narrow_the_related_rows_and_not_their_parents(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 2).await;
        let path = "/hotels?include=letters,address,tags&include.letters.stars__gte=4&include.address.city=Bonn\
                    &include.tags.name__in=small&include.tags.name__in=bigger";
        let list = api.get(path).await.expect(200);
        assert_eq!(of(&list, 0, "letters", "stars"), [4, 5]);
        assert_eq!((&list["/items/0/address"], &list["/items/1/address/city"]), (&json!(null), &json!("Bonn")));
        assert_eq!(of(&list, 1, "tags", "name"), ["small", "bigger"]);
        assert_eq!((&list["/meta/truncated"], list.statements()), (&json!([]), 4));
        let without = api.get("/hotels/2?include=letters&include.letters.text__isnull=true&include.letters.limit=3").await;
        assert_eq!(without["/letters"][0]["stars"], 2);
    }

    async fn options_reach_as_deep_as_the_resource_says(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 3).await;
        let path = "/hotels?per_page=1&include=chain.hotels&include.chain.hotels.limit=2&include.chain.hotels.sort=-name";
        let list = api.get(path).await.expect(200);
        assert_eq!(list["/items/0/chain/hotels/0/name"], "Hotel 2");
        assert_eq!(list["/items/0/chain/hotels"].as_array().unwrap().len(), 2);
        let deep = api.get("/hotels?include=chain.hotels.letters&include.chain.hotels.letters.limit=1").await.expect(400);
        assert_mistakes(&deep, [("include.chain.hotels.letters.limit", "too_deep")]);
        let default = api.get("/chains?include=hotels.letters&include.hotels.letters.limit=1").await.expect(400);
        assert_mistakes(&default, [("include.hotels.letters.limit", "too_deep")]);
    }

    async fn every_mistake_in_options_is_named(database: TestDatabase) {
        let api = start(&database).await;
        let path = "/hotels?include=letters&include.letters.limit=21&include.letters.sort=star&include.letters.stars__gt=1\
                    &include.tags.limit=1&include.letters.limt=1&include_count=chain&include.letters.stars=x";
        assert_mistakes(&api.get(path).await.expect(400), [
            ("include.letters.limit", "invalid_value"),
            ("include.letters.limt", "unknown_parameter"),
            ("include.letters.sort", "unknown_field"),
            ("include.letters.stars", "invalid_value"),
            ("include.letters.stars__gt", "unknown_operator"),
            ("include.tags.limit", "not_included"),
            ("include_count", "unknown_relation"),
        ]);
        assert_mistakes(&api.get("/hotels/1?include.letters.limit=1").await.expect(400), [
            ("include.letters.limit", "not_included"),
        ]);
    }

    async fn what_the_resource_cuts_is_still_named(database: TestDatabase) {
        let api = start(&database).await;
        let hotel = Hotel::create(NewHotel::new("One"), api.database()).await.unwrap();
        Letter::create_many((0..21).map(|_| NewLetter::new(hotel.id, 3)), api.database()).await.unwrap();
        let cut = api.get("/hotels?include=letters&include.letters.sort=-id").await.expect(200);
        assert_eq!((&cut["/meta/truncated"], &of(&cut, 0, "letters", "id")[0]), (&json!(["letters"]), &json!(21)));
        let chosen = api.get("/hotels?include=letters&include.letters.limit=20&include_count=letters").await.expect(200);
        assert_eq!((&chosen["/meta/truncated"], &chosen["/items/0/_count/letters"]), (&json!([]), &json!(21)));
    }

    async fn the_row_budget_holds_under_a_chosen_limit(database: TestDatabase) {
        let api = start(&database).await;
        let hotels = Hotel::create_many((0..1_000).map(|number| NewHotel::new(format!("{number}"))), api.database()).await.unwrap();
        let letters = hotels.iter().flat_map(|hotel| (0..12).map(|_| NewLetter::new(hotel.id, 3)));
        Letter::create_many(letters, api.database()).await.unwrap();
        let list = api.get("/hotels?per_page=1000&include=letters&include.letters.limit=11").await.expect(200);
        let shown: usize = (0..1_000).map(|item| of(&list, item, "letters", "id").len()).sum();
        assert_eq!((shown, &list["/meta/truncated"], list.statements()), (10_000, &json!(["letters"]), 2));
    }

    async fn related_rows_are_counted_without_being_loaded(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 2).await;
        api.create("/hotels", json!({"name": "Empty"})).await;
        let list = api.get("/hotels?include_count=letters,tags,praise,big_tags").await.expect(200);
        assert_eq!(list["/items/0/_count"], json!({"letters": 5, "tags": 3, "praise": 2, "big_tags": 2}));
        assert_eq!(list["/items/2/_count"], json!({"letters": 0, "tags": 0, "praise": 0, "big_tags": 0}));
        assert_eq!((list["/items/0"].get("letters"), list.statements()), (None, 5));
        let row = api.get("/hotels/1?include_count=letters&include=letters&include.letters.stars=5").await.expect(200);
        assert_eq!((&row["/_count"], row["/letters"].as_array().unwrap().len()), (&json!({"letters": 5}), 1));
        assert_eq!(api.get("/hotels/1").await.json().get("_count"), None);
        let below = api.get("/chains?include_count=hotels").await.expect(200);
        assert_eq!(below["/items/0/_count/hotels"], 2);
    }

    async fn a_part_of_the_rows_is_a_relation_of_its_own(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 2).await;
        let list = api.get("/hotels?include=praise,quote,big_tags,letters").await.expect(200);
        assert_eq!(of(&list, 1, "praise", "stars"), [4, 5]);
        assert_eq!((&list["/items/1/quote/stars"], of(&list, 0, "letters", "stars").len()), (&json!(5), 5));
        assert_eq!(of(&list, 0, "big_tags", "name"), ["big pool", "bigger"]);
        let limited = api.get("/hotels?include=praise&include.praise.sort=-stars&include.praise.limit=1").await.expect(200);
        assert_eq!(of(&limited, 0, "praise", "stars"), [5]);
        assert_eq!(column(&api.get("/hotels/1/praise").await.expect(200), "stars"), ["4", "5"]);
        assert_eq!(column(&api.get("/hotels/1/big_tags").await.expect(200), "name"), ["big pool", "bigger"]);
        let refused = api.post("/hotels", &json!({"name": "x", "big_tag_ids": [1]})).await.expect(422);
        assert_mistakes(&refused, [("/big_tag_ids", "unknown_field")]);

        api.delete("/letters/5").await.expect(204);
        api.delete("/letters/4").await.expect(204);
        let praised = Hotel::query().filter(Hotel::PRAISE.any(Letter::STARS.gte(1))).fetch(api.database()).await.unwrap();
        assert_eq!(praised.items.iter().map(|hotel| hotel.id).collect::<Vec<_>>(), [2]);
        assert_eq!(api.get("/hotels/1?include=quote").await["/quote"], json!(null));
    }

    async fn a_base_filter_holds_for_options_and_counts(database: TestDatabase) {
        let api = Api::of(app(&database).resource_with::<Letter>(|letters| letters.filter(Letter::STARS.lt(5)))).await;
        fill(&api, 1).await;
        let list = api.get("/hotels?include=letters&include.letters.sort=-stars&include.letters.limit=1&include_count=letters,praise");
        let list = list.await.expect(200);
        assert_eq!(of(&list, 0, "letters", "stars"), [4]);
        assert_eq!(list["/items/0/_count"], json!({"letters": 4, "praise": 1}));
    }

    async fn the_same_is_asked_from_rust(database: TestDatabase) {
        let api = start(&database).await;
        fill(&api, 2).await;
        let best = Hotel::LETTERS.filter(Letter::STARS.gte(3)).sort(Letter::STARS.desc()).limit(2);
        let page = Hotel::query().include(best).include_count(Hotel::LETTERS).include_count(Hotel::TAGS);
        let page = page.fetch(api.database()).await.unwrap();
        let hotel = &page.items[0];
        assert_eq!(hotel.letters.loaded().unwrap().iter().map(|letter| letter.stars).collect::<Vec<_>>(), [5, 4]);
        assert_eq!((hotel.letters.count().unwrap(), hotel.tags.count().unwrap(), page.meta.truncated.len()), (5, 3, 0));
        assert!(matches!(hotel.praise.count(), Err(Error::NotCounted { model: "Letter" })));
        assert!(hotel.tags.loaded().is_err(), "what is counted is not loaded");
        let mut json = Vec::new();
        page.write_json(&mut json);
        let json: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["items"][0]["_count"], json!({"letters": 5, "tags": 3}));

        let narrowed = Hotel::query().include_count(Hotel::LETTERS.filter(Letter::STARS.eq(1))).fetch(api.database()).await;
        assert_eq!(narrowed.unwrap().items[1].letters.count().unwrap(), 1);
        let nested = Chain::query().include(Chain::HOTELS.limit(1).then(Hotel::TAGS.sort(Tag::NAME.desc()).limit(1)));
        let nested = nested.fetch(api.database()).await.unwrap();
        let tags = nested.items[0].hotels.loaded().unwrap()[0].tags.loaded().unwrap();
        assert_eq!(tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["small"]);
        let to_one = Hotel::query().include_count(Hotel::CHAIN).fetch(api.database()).await;
        assert!(matches!(to_one, Err(Error::Parameters(_))));
    }

    async fn every_combination_takes_its_statements_for_1_10_and_1000_parents(database: TestDatabase) {
        let api = start(&database).await;
        let mut all = 0;
        for more in [1, 9, 990] {
            all += more;
            fill(&api, more).await;
            for (query, expected) in [
                ("include=chain", 1),
                ("include=address,quote", 2),
                ("include=letters", 1),
                ("include=letters&include.letters.limit=3", 1),
                ("include=letters&include.letters.limit=3&include.letters.sort=-stars&include.letters.stars__gte=2", 1),
                ("include=praise,big_tags", 2),
                ("include=tags&include.tags.sort=-name&include.tags.limit=2", 1),
                ("include=letters.hotel&include.letters.limit=1&include.letters.hotel.name=x", 2),
                ("include=chain.hotels&include.chain.hotels.limit=2", 2),
                ("include_count=letters,tags,praise,big_tags", 4),
                ("include=letters,tags&include.letters.limit=1&include_count=letters,praise", 4),
            ] {
                let list = api.get(&format!("/hotels?per_page=1000&{query}")).await.expect(200);
                assert_eq!(column(&list, "id").len(), all);
                assert_eq!(list.statements(), 1 + expected, "{query} for {all}");
                assert_eq!(list["/meta/truncated"], json!([]), "{query} for {all}");
            }
            let row = api.get("/hotels/1?include=letters,tags,chain&include.letters.limit=1&include_count=letters,tags").await;
            assert_eq!(row.expect(200).statements(), 6);
        }
    }
}
