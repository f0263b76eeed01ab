//! Creating, changing and deleting rows.

use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::{Mounted, body, insert_header, link, problem, row_response, set_budget};
use crate::crud::validate::{self, BodyKind};
use crate::crud::{self, RowChange, RowKey, Write};
use crate::error::Error;
use crate::model::Loaded;

impl Mounted {
    pub(super) async fn create(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let body = body::object(&mut request, &[body::JSON], self.json_depth).await?;
        let changes = validate::body(self.model(), BodyKind::Create, &body).map_err(Error::Invalid).map_err(problem)?;
        let write = Write::Create(vec![changes]);
        let row = self.write(write).await?;
        let mut response = row_response(StatusCode::CREATED, &row)?;
        let location = link::row(&self.path(), self.model(), &row).map_err(problem)?;
        insert_header(&mut response, header::LOCATION, &location);
        Ok(response)
    }

    pub(super) async fn change(&self, mut request: Request, kind: BodyKind) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let key = self.key(&request)?;
        let expected = self.expected(&request)?;
        let types: &[&str] = if kind == BodyKind::Patch { &[body::JSON, body::MERGE_PATCH] } else { &[body::JSON] };
        let body = body::object(&mut request, types, self.json_depth).await?;
        let changes = validate::body(self.model(), kind, &body).map_err(Error::Invalid).map_err(problem)?;
        let rows = vec![RowChange { key, expected, changes }];
        let row = self.write(Write::Update { rows, filter: self.filter.clone() }).await?;
        row_response(StatusCode::OK, &row)
    }

    pub(super) async fn delete(&self, request: &Request) -> poem::Result<Response> {
        self.no_parameters(request)?;
        let key = self.key(request)?;
        let rows = vec![RowKey { key, expected: self.expected(request)? }];
        self.write(Write::Delete { rows, filter: self.filter.clone() }).await?;
        Ok(StatusCode::NO_CONTENT.into())
    }

    async fn write(&self, write: Write) -> poem::Result<Loaded> {
        set_budget(crud::write::budget(self.model(), &write));
        let mut rows = crud::write(self.model(), write, &self.database).await.map_err(problem)?;
        rows.pop().ok_or_else(|| problem(Error::NotFound(self.model().name)))
    }
}
