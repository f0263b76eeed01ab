//! Lists and single rows.

use poem::http::{HeaderName, StatusCode, header};
use poem::{Request, Response};

use super::{
    Mounted, bad_parameters, etag, insert_header, json_response, link, problem, query_string, row_response, set_budget,
};
use crate::crud;
use crate::db::{Meter, Session};
use crate::error::{Error, Result};
use crate::model::{RelationMeta, Value};
use crate::query::parse;
use crate::query::{Deleted, Filter, ListQuery};
use crate::sql;

/// The header that names the included relations of which not every row is shown.
pub(super) const TRUNCATED: &str = "x-truncated";

impl Mounted {
    pub(super) async fn list(&self, request: &Request) -> poem::Result<Response> {
        let query = self.list_query(query_string(request)).map_err(problem)?;
        set_budget(crud::list::budget(&query));
        let result = crud::list(&query, &mut self.database.session()).await.map_err(problem)?;
        list_response(request, &result)
    }

    pub(super) async fn list_related(
        &self,
        relation: &'static RelationMeta,
        target: &Self,
        request: &Request,
    ) -> poem::Result<Response> {
        let key = self.key(request)?;
        let query = target.list_query(query_string(request)).map_err(problem)?;
        set_budget(crud::list::budget(&query));
        let mut session = self.database.session();
        let result = self.related(relation, &key, query, &mut session).await.map_err(problem)?;
        list_response(request, &result)
    }

    /// The rows that are related to the row with that key.
    pub(super) async fn related(
        &self,
        relation: &'static RelationMeta,
        key: &[Value],
        mut query: ListQuery,
        session: &mut Session<'_>,
    ) -> Result<crud::ListResult> {
        // Where the path tells what the list is found by, its parent is asked for only if the list is empty: an empty one may
        // mean that there is none. A parent that is not shown may have rows all the same.
        let all_shown = self.filter.is_everything() && self.model().deleted_at().is_none();
        let is_known = self.model().key == relation.link.local() && all_shown;
        let values = match is_known {
            true => key.to_vec(),
            false => self.parent(key, relation, session).await?,
        };
        query.filter = Filter::LinkedTo(relation, values).and(query.filter);
        let result = crud::list(&query, session).await?;
        if result.loaded.is_empty() && is_known {
            self.parent(key, relation, session).await?;
        }
        Ok(result)
    }

    /// What the rows related to a row are found by; asked with a statement beyond the budget.
    async fn parent(
        &self,
        key: &[Value],
        relation: &'static RelationMeta,
        session: &mut Session<'_>,
    ) -> Result<Vec<Value>> {
        Meter::allow(1);
        let model = self.model();
        let statement = sql::select::by_key(model, key, &self.filter, Deleted::Exclude, false, session.dialect());
        let rows = session.fetch(&statement).await?;
        if rows.len() == 0 {
            return Err(Error::NotFound(model.name));
        }
        crud::values(model, rows.row(0), relation.link.local())
    }

    pub(super) async fn get(&self, request: &Request) -> poem::Result<Response> {
        let query = parse::one(&self.options, query_string(request)).map_err(bad_parameters)?;
        let key = self.key(request)?;
        let known = self.known(request)?;
        set_budget(crud::get::budget(&query));
        let mut session = self.database.session();
        let (row, truncated) =
            crud::get(self.model(), &key, &self.filter, &query, &mut session).await.map_err(problem)?;
        let mut response = row_response(StatusCode::OK, &row)?;
        etag::tell_apart(&mut response, query_string(request)).await;
        if etag::is_known(known.as_ref(), &response) {
            return Ok(etag::not_modified(&response));
        }
        if !truncated.is_empty() {
            // A row has no `meta` that could say it.
            insert_header(&mut response, HeaderName::from_static(TRUNCATED), &truncated.join(", "));
        }
        Ok(response)
    }
}

fn list_response(request: &Request, result: &crud::ListResult) -> poem::Result<Response> {
    let mut response = page_response(result)?;
    let links = link::pages(request.original_uri().path(), query_string(request), &result.meta);
    insert_header(&mut response, header::LINK, &links);
    Ok(response)
}

pub(super) fn page_response(result: &crud::ListResult) -> poem::Result<Response> {
    let mut body = Vec::with_capacity(4096);
    result.write_json(&mut body).map_err(problem)?;
    Ok(json_response(StatusCode::OK, body))
}
