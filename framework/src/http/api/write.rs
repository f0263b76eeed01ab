//! Creating, changing and deleting rows.

use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::idempotency::{self, KeyedRequest};
use super::{Mounted, bad_parameters, body, etag, link, problem, query_string, row_response, set_budget};
use crate::crud::validate::{self, BodyKind};
use crate::crud::write::idempotency::Answer;
use crate::crud::{self, RowChange, RowKey, Write};
use crate::error::{Error, Result};
use crate::model::{Changes, Loaded, ModelMeta};
use crate::query::parse;

impl Mounted {
    pub(super) async fn create(&self, mut request: Request) -> poem::Result<Response> {
        let key = parse::create(&self.options, query_string(&request)).map_err(bad_parameters)?;
        let keyed = KeyedRequest::of(&mut request).await?;
        let body = body::object(&mut request, &[body::JSON], self.json_depth).await?;
        let changes = match key {
            Some(key) => validate::upsert(self.model(), key, &body),
            None => validate::body(self.model(), BodyKind::Create, &body),
        };
        let rows = vec![changes.map_err(Error::Invalid).map_err(problem)?];
        let write = match key {
            Some(key) => Write::Upsert { rows, key: key.to_vec(), filter: self.filter.clone() },
            None => Write::Create(rows),
        };
        let (model, path, is_upsert) = (self.model(), self.path(), key.is_some());
        self.answer(write, keyed, Box::new(move |rows| created(model, &path, is_upsert, &rows))).await
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

    pub(super) async fn restore(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let key = self.key(&request)?;
        let rows = vec![RowChange { key, expected: self.expected(&request)?, changes: Changes::default() }];
        let keyed = KeyedRequest::of(&mut request).await?;
        let (model, write) = (self.model(), Write::Restore { rows, filter: self.filter.clone() });
        self.answer(write, keyed, Box::new(move |rows| answer(StatusCode::OK, one(model, &rows)?))).await
    }

    async fn write(&self, write: Write) -> poem::Result<Loaded> {
        set_budget(crud::write::budget(self.model(), &write));
        let mut rows = crud::write(self.model(), write, &self.database).await.map_err(problem)?;
        rows.pop().ok_or_else(|| problem(Error::NotFound(self.model().name)))
    }
}

/// The row of an answer; where it is new, with its place.
fn created(model: &'static ModelMeta, path: &str, is_upsert: bool, rows: &[Loaded]) -> Result<Answer> {
    let row = one(model, rows)?;
    if is_upsert && !crud::write::upsert::is_new(row, 0)? {
        return answer(StatusCode::OK, row);
    }
    let mut answer = answer(StatusCode::CREATED, row)?;
    answer.headers.push((header::LOCATION.to_string(), link::row(path, model, row)?));
    Ok(answer)
}

fn one<'a>(model: &'static ModelMeta, rows: &'a [Loaded]) -> Result<&'a Loaded> {
    rows.first().ok_or(Error::NotFound(model.name))
}

fn answer(status: StatusCode, row: &Loaded) -> Result<Answer> {
    let mut body = Vec::with_capacity(512);
    row.write_row(0, &mut body).map_err(crud::decode_error(row.meta))?;
    let mut answer = idempotency::json(status, body);
    answer.headers.extend(etag::of(row)?.map(|tag| (header::ETAG.to_string(), tag)));
    Ok(answer)
}
