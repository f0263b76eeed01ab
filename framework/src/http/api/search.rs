//! `POST /books/search`: a list that is asked for in a body.

use poem::{Request, Response};

use super::read::page_response;
use super::{Mounted, body, problem, set_budget};
use crate::crud;
use crate::error::Error;
use crate::query::parse;

impl Mounted {
    /// Answers as the list does, but without `Link`: a reference has no body.
    pub(super) async fn search(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let body = body::object(&mut request, &[body::JSON], self.json_depth).await?;
        let query = parse::search(&self.options, &body).map_err(Error::Invalid).map_err(problem)?;
        let query = self.narrowed(query);
        set_budget(crud::list::budget(&query));
        let result = crud::list(&query, &mut self.database.session()).await.map_err(problem)?;
        page_response(&result)
    }
}
