//! What lists take, all at once: a fleet with every kind of relation, key and declaration, asked by query string and by body.

mod deleted;
mod equal;
mod filtered;
mod kept;
mod own;
mod ranked;
mod statements;

use couplet::App;
use couplet::prelude::*;
use couplet_tests::{Answer, TestDatabase};
use serde_json::{Map, Value};

use super::support::{Api, config};

/// Found by its words.
#[derive(Debug, Clone, Model, Resource)]
#[model(full_text)]
#[resource(
    fields,
    include_limit = 20,
    max_per_page = 1_000,
    options_depth = 2,
    filter = [
        "port.name", "papers.number", "crew.rank", "crew.name", "officers.name", "harbours.name", "large_harbours.name",
        "mother.name", "mother.mother.name", "boats.name", "cabins.number", "cabins.berths.width",
    ],
)]
pub struct Ship {
    pub id: i64,
    #[field(filter, sort, search)]
    pub name: String,
    #[field(search)]
    pub story: Option<String>,
    #[field(filter(gte, lt, in, isnull), sort)]
    pub built: Option<i32>,
    #[field(filter, default = true)]
    pub is_listed: bool,
    pub port_id: i64,
    pub mother_id: Option<i64>,
    #[field(computed = Self::label)]
    pub label: String,
    #[relation(include)]
    pub port: BelongsTo<Port>,
    #[relation(include)]
    pub papers: HasOne<Papers>,
    #[relation(include, sub_resource)]
    pub crew: HasMany<Sailor>,
    #[relation(include, sub_resource, foreign_key = ship_id, filter = Sailor::RANK.gte(4))]
    pub officers: HasMany<Sailor>,
    #[relation(include, sub_resource, through = Visit)]
    pub harbours: ManyToMany<Port>,
    #[relation(include, through = Visit, filter = Port::NAME.starts_with("Large"))]
    pub large_harbours: ManyToMany<Port>,
    #[relation(include)]
    pub mother: BelongsTo<Ship>,
    #[relation(include, sub_resource, foreign_key = mother_id)]
    pub boats: HasMany<Ship>,
    #[relation(include, sub_resource)]
    pub cabins: HasMany<Cabin>,
}

impl Ship {
    fn label(&self) -> String {
        format!("{} ({})", self.name, self.story.as_deref().unwrap_or_default())
    }
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Port {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
    #[relation(include)]
    pub ships: HasMany<Ship>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Papers {
    pub id: i64,
    #[field(unique)]
    pub ship_id: i64,
    #[field(filter(eq, gte))]
    pub number: i32,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Sailor {
    pub id: i64,
    pub ship_id: i64,
    #[field(filter, sort)]
    pub name: String,
    #[field(filter(eq, gte, lt, in), sort)]
    pub rank: i32,
    #[relation(include)]
    pub ship: BelongsTo<Ship>,
}

#[derive(Debug, Clone, Model)]
pub struct Visit {
    #[field(key)]
    pub ship_id: i64,
    #[field(key)]
    pub port_id: i64,
}

/// It is found by the ship and its number there.
#[derive(Debug, Clone, Model, Resource)]
#[resource(fields, filter = ["ship.name", "berths.width"])]
pub struct Cabin {
    #[field(key, filter, sort)]
    pub ship_id: i64,
    #[field(key, filter, sort)]
    pub number: i32,
    #[field(sort)]
    pub color: Option<String>,
    #[relation(include)]
    pub ship: BelongsTo<Ship>,
    #[relation(include, sub_resource)]
    pub berths: HasMany<Berth>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Berth {
    pub id: i64,
    pub cabin_ship_id: i64,
    pub cabin_number: i32,
    #[field(filter(eq, gte), sort)]
    pub width: i32,
    #[relation(include, foreign_key(cabin_ship_id, cabin_number))]
    pub cabin: BelongsTo<Cabin>,
}

fn app(database: &TestDatabase) -> App {
    let app = App::new(config(database)).resource::<Port>().resource::<Papers>();
    app.resource::<Cabin>().resource::<Berth>()
}

async fn start(database: &TestDatabase) -> Api {
    Api::of(app(database).resource::<Ship>().resource::<Sailor>()).await
}

/// Ships from `first` to `last`, in which something stands for each relation: a sailor of each rank from 1 to 5, two cabins
/// with a berth each, two harbours of three, papers, and for a mother the ship of half the number. Every third is of no year.
async fn fill(api: &Api, first: i64, last: i64) {
    let database = api.database();
    if first == 1 {
        let ports = ["Large Bay", "Creek", "Larger Bay"].map(NewPort::new);
        Port::create_many(ports, database).await.unwrap();
    }
    let ships = (first..=last).map(|number| NewShip {
        story: (number % 2 == 0).then(|| format!("the storm of {}", 1800 + number)),
        built: (number % 3 != 0).then_some(1900 + i32::try_from(number % 50).unwrap()),
        ..NewShip::new(format!("Ship {number:04}"), number % 3 + 1)
    });
    let ships = Ship::create_many(ships, database).await.unwrap();
    let mothers = "UPDATE ships SET mother_id = CASE WHEN id = 1 THEN 1 ELSE id / 2 END";
    couplet::sql(mothers).execute(database).await.unwrap();
    let ids: Vec<i64> = ships.iter().map(|ship| ship.id).collect();
    Papers::create_many(ids.iter().map(|id| NewPapers::new(*id, i32::try_from(*id).unwrap())), database).await.unwrap();
    let crew = ids.iter().flat_map(|id| (1..=5).map(move |rank| NewSailor::new(*id, format!("Sailor {rank}"), rank)));
    Sailor::create_many(crew, database).await.unwrap();
    let visits = ids.iter().flat_map(|id| [1, id % 2 + 2].map(|port| NewVisit::new(*id, port)));
    Visit::create_many(visits, database).await.unwrap();
    let cabins = ids.iter().flat_map(|id| [1, 2].map(|number| NewCabin::new(*id, number)));
    Cabin::create_many(cabins, database).await.unwrap();
    let berths = ids.iter().flat_map(|id| [1, 2].map(|number| NewBerth::new(*id, number, 60 + 10 * number)));
    Berth::create_many(berths, database).await.unwrap();
}

/// The same question for a query string: the members of a body and those of its `filter`, which must be flat.
fn query(body: &Value) -> String {
    let mut pairs = Vec::new();
    for (name, value) in body.as_object().unwrap() {
        match value {
            Value::Object(filter) => filter.iter().for_each(|(name, value)| push(&mut pairs, name, value)),
            value => push(&mut pairs, name, value),
        }
    }
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    super::support::with_query("", &pairs)
}

fn push(pairs: &mut Vec<(String, String)>, name: &str, value: &Value) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value.as_array() {
        Some(values) if name.ends_with("__in") => pairs.extend(values.iter().map(|it| (name.to_owned(), text(it)))),
        Some(names) => pairs.push((name.to_owned(), names.iter().map(text).collect::<Vec<_>>().join(","))),
        None => pairs.push((name.to_owned(), text(value))),
    }
}

/// A body with the members of several.
fn merged(bodies: &[&Value]) -> Value {
    let members = bodies.iter().flat_map(|body| body.as_object().unwrap().clone());
    members.collect::<Map<String, Value>>().into()
}

/// Asks by query string and by body, which must answer the same bytes by the same statements.
#[track_caller]
fn both(api: &Api, path: &str, body: &Value) -> impl Future<Output = Answer> {
    let (list, search) = (format!("{path}{}", query(body)), format!("{path}/search"));
    let (body, caller) = (body.clone(), std::panic::Location::caller());
    async move {
        let list = api.get(&list).await;
        assert!(list.status() == 200, "at {caller}: {body} {list}");
        let search = api.post(&search, &body).await;
        assert!(search.status() == 200, "at {caller}: {body} {search}");
        assert_eq!(search.text(), list.text(), "at {caller}: {body}");
        assert_eq!(search.statements(), list.statements(), "at {caller}: {body}");
        search
    }
}
