//! `POST /books/search`: a list that is asked for in a body.

use poem::http::header::CONTENT_TYPE;
use poem::{Request, RequestBody, Response};
use serde_json::{Map, Value as JsonValue};

use super::read::page_response;
use super::{Mounted, body, problem, set_budget};
use crate::crud;
use crate::error::{Error, Result};
use crate::query::{ListQuery, parse};

impl Mounted {
    /// Answers as the list does, but without `Link`: a reference has no body.
    pub(super) async fn search(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let body = body::object(&mut request, &[body::JSON], self.json_depth).await?;
        let query = self.search_query(&body).map_err(problem)?;
        set_budget(crud::list::budget(&query));
        let result = crud::list(&query, &mut self.database.session()).await.map_err(in_body).map_err(problem)?;
        page_response(&result)
    }

    /// Reads the body of a request to an endpoint written by hand.
    pub(crate) async fn search_of(&self, request: &Request, body: &mut RequestBody) -> poem::Result<ListQuery> {
        let mut own = Request::default();
        own.headers_mut().extend(request.headers().get(CONTENT_TYPE).map(|it| (CONTENT_TYPE, it.clone())));
        own.set_body(body.take()?);
        let body = body::object(&mut own, &[body::JSON], self.json_depth).await?;
        self.search_query(&body).map_err(problem)
    }

    /// Reads the body of a search for rows that the resource shows.
    pub(super) fn search_query(&self, body: &Map<String, JsonValue>) -> Result<ListQuery> {
        parse::search(&self.options, body).map(|list| self.narrowed(list)).map_err(Error::Invalid)
    }
}

/// A cursor is judged only when the list is read: if it is one of another list, the body that holds it is at fault.
pub(crate) fn in_body(error: Error) -> Error {
    match error {
        Error::Parameters(errors) => Error::Invalid(parse::in_body(errors)),
        error => error,
    }
}
