//! Creating, changing and deleting many rows at once, all or none.

use poem::http::StatusCode;
use poem::{Request, Response};

use super::{Mounted, body, items, json_response, problem, set_budget};
use crate::crud::{self, Write};
use crate::error::Error;
use crate::model::Loaded;

impl Mounted {
    pub(super) async fn bulk_create(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let items = self.items(&mut request, &[body::JSON]).await?;
        let rows = crud::items::created(self.model(), &items).map_err(Error::Invalid).map_err(problem)?;
        self.rows_response(StatusCode::CREATED, Write::Create(rows)).await
    }

    pub(super) async fn bulk_update(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let items = self.items(&mut request, &[body::JSON, body::MERGE_PATCH]).await?;
        let rows = crud::items::updated(self.model(), self.resource().require_if_match, items);
        let rows = rows.map_err(Error::Invalid).map_err(problem)?;
        self.rows_response(StatusCode::OK, Write::Update { rows, filter: self.filter.clone() }).await
    }

    pub(super) async fn bulk_delete(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let items = self.items(&mut request, &[body::JSON]).await?;
        let rows = crud::items::deleted(self.model(), self.resource().require_if_match, items);
        let rows = rows.map_err(Error::Invalid).map_err(problem)?;
        self.write_many(Write::Delete { rows, filter: self.filter.clone() }).await?;
        Ok(StatusCode::NO_CONTENT.into())
    }

    async fn items(
        &self,
        request: &mut Request,
        types: &[&str],
    ) -> poem::Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        items::read(request, types, self.json_depth, self.resource().max_items).await
    }

    async fn write_many(&self, write: Write) -> poem::Result<Vec<Loaded>> {
        if write.is_empty() {
            return Ok(Vec::new());
        }
        set_budget(crud::write::budget(self.model(), &write));
        crud::write_items(self.model(), write, &self.database).await.map_err(problem)
    }

    async fn rows_response(&self, status: StatusCode, write: Write) -> poem::Result<Response> {
        let mut body = b"{\"items\":[".to_vec();
        for loaded in self.write_many(write).await? {
            for index in 0..loaded.len() {
                if body.last() != Some(&b'[') {
                    body.push(b',');
                }
                loaded.write_row(index, &mut body).map_err(crud::decode_error(self.model())).map_err(problem)?;
            }
        }
        body.extend_from_slice(b"]}");
        Ok(json_response(status, body))
    }
}
