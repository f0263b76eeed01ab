//! Creating, changing and deleting rows.

use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::idempotency::{self, KeyedRequest};
use super::{Mounted, body, link, problem, row_response, set_budget};
use crate::crud::validate::{self, BodyKind};
use crate::crud::write::idempotency::Answer;
use crate::crud::{self, RowChange, Write};
use crate::error::{Error, Result};
use crate::model::{Loaded, ModelMeta};

impl Mounted {
    pub(super) async fn create(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let keyed = KeyedRequest::of(&mut request).await?;
        let body = body::object(&mut request, &[body::JSON], self.json_depth).await?;
        let changes = validate::body(self.model(), BodyKind::Create, &body).map_err(Error::Invalid).map_err(problem)?;
        let (model, path) = (self.model(), self.path());
        self.answer(Write::Create(vec![changes]), keyed, Box::new(move |rows| created(model, &path, &rows))).await
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

    async fn write(&self, write: Write) -> poem::Result<Loaded> {
        set_budget(crud::write::budget(self.model(), &write));
        let mut rows = crud::write(self.model(), write, &self.database).await.map_err(problem)?;
        rows.pop().ok_or_else(|| problem(Error::NotFound(self.model().name)))
    }
}

/// The new row and where it is.
fn created(model: &'static ModelMeta, path: &str, rows: &[Loaded]) -> Result<Answer> {
    let row = rows.first().ok_or(Error::NotFound(model.name))?;
    let mut body = Vec::with_capacity(512);
    row.write_row(0, &mut body).map_err(crud::decode_error(model))?;
    let mut answer = idempotency::json(StatusCode::CREATED, body);
    answer.headers.push((header::LOCATION.to_string(), link::row(path, model, row)?));
    Ok(answer)
}
