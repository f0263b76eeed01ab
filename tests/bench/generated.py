"""A throw-away app of any number of models, each with its resource, to see what models cost."""

import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

MANIFEST = """\
[package]
name = "models-{count}"
version = "0.0.0"
edition = "2024"
publish = false

[workspace]

[dependencies]
couplet = {{ path = "{root}/framework" }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}

{profiles}
"""
MODEL = """\
use couplet::prelude::*;
{imports}
/// Number {number} of the generated models.
#[derive(Model, Resource)]
pub struct Thing{number} {{
    pub id: i64,
    /// What it is called.
    #[field(filter, sort, search, length(1..=200))]
    pub name: String,
    #[field(unique)]
    pub code: Option<String>,
    #[field(filter)]
    pub state: State{number},
    #[field(filter, sort, range(0..))]
    pub quantity: i32,
    #[field(filter, sort)]
    pub price: f64,
    #[field(filter, default = false)]
    pub archived: bool,
    pub note: Option<String>,
    #[field(created_at, sort)]
    pub created_at: DateTime<Utc>,
{relation}}}

/// How far it has come.
#[derive(TextEnum)]
pub enum State{number} {{
    Planned,
    Active,
    Done,
}}
"""
RELATION = """\
    #[field(filter)]
    pub thing{before}_id: i64,
    #[relation(include)]
    pub thing{before}: BelongsTo<Thing{before}>,
"""
MAIN = """\
//! {count} generated models.
#![allow(missing_docs)]

{modules}
use couplet::prelude::*;

#[tokio::main]
async fn main() -> couplet::Result<()> {{
    App::from_env()?
{resources}
        .run()
        .await
}}
"""


def write_app(folder, count):
    """Writes a package of `count` models, each of which belongs to the one before, with the repository's profiles and lock."""
    source = folder / "src"
    source.mkdir(parents=True)
    manifest = (ROOT / "Cargo.toml").read_text()
    profiles = manifest[manifest.index("[profile.dev]"):]
    (folder / "Cargo.toml").write_text(MANIFEST.format(count=count, root=ROOT, profiles=profiles))
    shutil.copy(ROOT / "Cargo.lock", folder)  # the same dependencies, and no question to the registry
    for number in range(1, count + 1):
        (source / f"thing{number}.rs").write_text(model(number))
    numbers = range(1, count + 1)
    (source / "main.rs").write_text(MAIN.format(
        count=count, modules="".join(f"mod thing{number};\n" for number in numbers),
        resources="\n".join(f"        .resource::<thing{number}::Thing{number}>()" for number in numbers)))


def model(number):
    before = number - 1
    return MODEL.format(number=number, imports=f"\nuse crate::thing{before}::Thing{before};\n" if before else "",
                        relation=RELATION.format(before=before) if before else "")


def touch(folder, number, round):
    """Changes one line of one model in such a way that its code is another one."""
    path = folder / "src" / f"thing{number}.rs"
    path.write_text(model(number).replace("length(1..=200)", f"length(1..={300 + round})"))
