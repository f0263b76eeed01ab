//! Counts and answers that are to be found anew.

use crate::db::{Executor, Session};
use crate::error::Result;
use crate::model::{Model, ModelMeta};
use crate::sql::token;

/// Lets no count and no answer that was kept before be taken for one of now, as far as it reads the table of `M`: for what changes
/// rows where no trigger sees it. Inside a transaction it takes effect at once on PostgreSQL, whatever becomes of the transaction, and
/// on SQLite once that is committed.
///
/// Writes need no such call, whoever makes them: triggers see them all.
///
/// # Errors
///
/// The database cannot be reached, or its user may not advance tokens.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
/// use couplet::testing::TestApp;
///
/// /// A label that books carry.
/// #[derive(Model, Resource)]
/// pub struct Tag {
///     pub id: i64,
///     pub name: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> couplet::Result<()> {
/// let app = TestApp::start(|app| app.resource::<Tag>()).await?;
/// couplet::invalidate_count_cache::<Tag>(app.database()).await?;
/// # app.stop().await
/// # }
/// ```
pub async fn invalidate_count_cache<'a, M: Model>(executor: impl Executor<'a>) -> Result<()> {
    match executor.database() {
        Some(database) => {
            let mut transaction = database.begin().await?;
            advance(M::META, &mut transaction.session()).await?;
            transaction.commit().await
        }
        None => advance(M::META, &mut executor.session()).await,
    }
}

async fn advance(model: &'static ModelMeta, session: &mut Session<'_>) -> Result<()> {
    if session.fetch(&token::exist(session.dialect())).await?.len() == 0 {
        return Ok(());
    }
    for statement in token::advance(model, session.dialect()) {
        session.execute(&statement).await?;
    }
    Ok(())
}
