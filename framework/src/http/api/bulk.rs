//! Creating, changing and deleting many rows at once, all or none.

use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::idempotency::{self, KeyedRequest};
use super::{Mounted, bad_parameters, body, items, problem, query_string};
use crate::crud::write::idempotency::Answer;
use crate::crud::{self, Write};
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, ModelMeta};
use crate::query::parse;

impl Mounted {
    pub(super) async fn bulk_create(&self, mut request: Request) -> poem::Result<Response> {
        let key = parse::create(&self.options, query_string(&request)).map_err(bad_parameters)?;
        self.no_if_match(&request)?;
        let keyed = KeyedRequest::of(&mut request).await?;
        let items = self.items(&mut request, &[body::JSON]).await?;
        let rows = crud::items::created(self.model(), key, &items).map_err(Error::Invalid).map_err(problem)?;
        let (status, write) = match key {
            Some(key) => (StatusCode::OK, Write::Upsert { rows, key: key.to_vec(), filter: self.filter.clone() }),
            None => (StatusCode::CREATED, Write::Create(rows)),
        };
        self.answer_rows(status, write, keyed).await
    }

    pub(super) async fn bulk_update(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        self.no_if_match(&request)?;
        let keyed = KeyedRequest::of(&mut request).await?;
        let items = self.items(&mut request, &[body::JSON, body::MERGE_PATCH]).await?;
        let rows = crud::items::updated(self.model(), self.resource().require_if_match, items);
        let rows = rows.map_err(Error::Invalid).map_err(problem)?;
        self.answer_rows(StatusCode::OK, Write::Update { rows, filter: self.filter.clone() }, keyed).await
    }

    pub(super) async fn bulk_delete(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        self.no_if_match(&request)?;
        let keyed = KeyedRequest::of(&mut request).await?;
        let items = self.items(&mut request, &[body::JSON]).await?;
        let rows = crud::items::deleted(self.model(), self.resource().require_if_match, items);
        let rows = rows.map_err(Error::Invalid).map_err(problem)?;
        let write = Write::Delete { rows, filter: self.filter.clone() };
        let gone = Answer { status: StatusCode::NO_CONTENT.as_u16(), headers: Vec::new(), body: Vec::new() };
        self.answer_items(write, keyed, Box::new(move |_| Ok(gone.clone()))).await
    }

    /// One tag cannot be that of many rows; a client that sends one believes that it is looked at.
    fn no_if_match(&self, request: &Request) -> poem::Result<()> {
        if !request.headers().contains_key(header::IF_MATCH) {
            return Ok(());
        }
        let instead = self.model().version().map(|index| self.model().columns[index].api_name).map_or_else(
            || format!("and a {} has no version", self.model().name),
            |name| format!("name the version of each row in its item, as \"{name}\""),
        );
        let detail = format!("If-Match is for one row; {instead}");
        Err(bad_parameters(vec![InputError::parameter("If-Match", "not_supported", detail)]))
    }

    async fn items(
        &self,
        request: &mut Request,
        types: &[&str],
    ) -> poem::Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        items::read(request, types, self.json_depth, self.resource().max_items).await
    }

    async fn answer_rows(
        &self,
        status: StatusCode,
        write: Write,
        keyed: Option<KeyedRequest>,
    ) -> poem::Result<Response> {
        let model = self.model();
        self.answer_items(write, keyed, Box::new(move |loaded| rows(model, status, &loaded))).await
    }
}

fn rows(model: &'static ModelMeta, status: StatusCode, loaded: &[Loaded]) -> Result<Answer> {
    let mut body = b"{\"items\":[".to_vec();
    for loaded in loaded {
        for index in 0..loaded.len() {
            if body.last() != Some(&b'[') {
                body.push(b',');
            }
            loaded.write_row(index, &mut body).map_err(crud::decode_error(model))?;
        }
    }
    body.extend_from_slice(b"]}");
    Ok(idempotency::json(status, body))
}
