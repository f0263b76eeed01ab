//! A book catalogue on couplet.

mod import;
mod models;
mod seed;

use couplet::prelude::*;
use models::{Author, Book, Reader, Review, Series, Tag};

#[tokio::main]
async fn main() -> couplet::Result<()> {
    App::from_env()?
        .title("Book catalogue")
        .description("Books, who has written them, and what readers think of them.")
        .license("MIT OR Apache-2.0", "https://spdx.org/licenses/")
        .migrations(couplet::migrations!())
        .seed(seed::fill)
        .command(import::command(), import::run)
        .resource::<Author>()
        .resource::<Book>()
        .resource::<Series>()
        .resource::<Reader>()
        .resource::<Review>()
        .resource::<Tag>()
        .run()
        .await
}
