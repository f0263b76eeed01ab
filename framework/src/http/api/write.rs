//! Creating, changing and deleting rows.

use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::{Mounted, bad_parameters, body, insert_header, link, problem, query_string, row_response, set_budget};
use crate::crud::validate::{self, BodyKind};
use crate::crud::{self, RowChange, Write};
use crate::error::Error;
use crate::model::Loaded;
use crate::query::parse;

impl Mounted {
    pub(super) async fn create(&self, mut request: Request) -> poem::Result<Response> {
        let key = parse::create(&self.options, query_string(&request)).map_err(bad_parameters)?;
        let body = body::object(&mut request, &[body::JSON], self.json_depth).await?;
        let changes = match key {
            Some(key) => validate::upsert(self.model(), key, &body),
            None => validate::body(self.model(), BodyKind::Create, &body),
        };
        let rows = vec![changes.map_err(Error::Invalid).map_err(problem)?];
        let row = match key {
            Some(key) => self.write(Write::Upsert { rows, key: key.to_vec(), filter: self.filter.clone() }).await?,
            None => self.write(Write::Create(rows)).await?,
        };
        if key.is_some() && !crud::write::upsert::is_new(&row, 0).map_err(problem)? {
            return row_response(StatusCode::OK, &row);
        }
        let mut response = row_response(StatusCode::CREATED, &row)?;
        let location = link::row(&self.path(), self.model(), &row).map_err(problem)?;
        insert_header(&mut response, header::LOCATION, &location);
        Ok(response)
    }

    pub(super) async fn change(&self, mut request: Request, kind: BodyKind) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let key = self.key(&request)?;
        let types: &[&str] = if kind == BodyKind::Patch { &[body::JSON, body::MERGE_PATCH] } else { &[body::JSON] };
        let body = body::object(&mut request, types, self.json_depth).await?;
        let changes = validate::body(self.model(), kind, &body).map_err(Error::Invalid).map_err(problem)?;
        let row =
            self.write(Write::Update { rows: vec![RowChange { key, changes }], filter: self.filter.clone() }).await?;
        row_response(StatusCode::OK, &row)
    }

    pub(super) async fn delete(&self, request: &Request) -> poem::Result<Response> {
        self.no_parameters(request)?;
        let key = self.key(request)?;
        self.write(Write::Delete { keys: vec![key], filter: self.filter.clone() }).await?;
        Ok(StatusCode::NO_CONTENT.into())
    }

    pub(super) async fn restore(&self, request: &Request) -> poem::Result<Response> {
        self.no_parameters(request)?;
        let key = self.key(request)?;
        let row = self.write(Write::Restore { keys: vec![key], filter: self.filter.clone() }).await?;
        row_response(StatusCode::OK, &row)
    }

    async fn write(&self, write: Write) -> poem::Result<Loaded> {
        set_budget(crud::write::budget(self.model(), &write));
        let mut rows = crud::write(self.model(), write, &self.database).await.map_err(problem)?;
        rows.pop().ok_or_else(|| problem(Error::NotFound(self.model().name)))
    }
}
