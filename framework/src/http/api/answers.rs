//! Answers of resources that keep them: found under current tokens, or read and kept.

use std::sync::Arc;

use futures_util::FutureExt;
use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::etag::{self, Tags};
use super::kept::{self, Kept};
use super::recent::{Head, Recalled, Recent};
use super::{Mounted, bad_parameters, body, problem, query_string, set_budget};
use crate::crud;
use crate::crud::answers::{Answers, Asked, Filling, Held, Plan};
use crate::db::Session;
use crate::error::{Error, Result};
use crate::metrics::AnswerCacheMetrics;
use crate::model::{CacheMeta, RelationMeta, Value};
use crate::query::parse;
use crate::query::{CountMode, Filter, ListQuery, RowQuery, asked};
use crate::sql::Dialect;
use crate::sql::token::{Footprint, Known};

/// An endpoint that keeps its answers.
pub(super) struct Cached {
    answers: Arc<Answers>,
    cache: CacheMeta,
    metrics: AnswerCacheMetrics,
    recent: Recent,
}

/// Under which tokens a request is answered.
struct Current {
    plan: Arc<Plan>,
    held: Arc<Held>,
}

/// What an endpoint is asked for, read and found right.
enum Reading<'a> {
    List(ListQuery),
    Related { parent: &'a Mounted, relation: &'static RelationMeta, key: Vec<Value>, query: ListQuery },
    Row { key: Vec<Value>, query: RowQuery, more: bool },
}

impl Mounted {
    /// What keeps the answers of the endpoint at `path`, which reads rows of this resource; `None` where they are not kept.
    pub(super) fn cached(&self, path: &str) -> Option<Cached> {
        let (cache, answers) = (self.resource().cache?, Arc::clone(&self.answers));
        let metrics = answers.metrics().answer_cache(path);
        Some(Cached { answers, cache, metrics, recent: Recent::default() })
    }

    /// Whether the keys that sign cursors are known.
    fn signs_cursors(&self) -> bool {
        self.database.session().known_cursor_keys().is_some()
    }
}

impl Cached {
    pub(super) async fn list(&self, mounted: &Mounted, request: &Request) -> poem::Result<Response> {
        let read = || mounted.list_query(query_string(request)).map(Reading::List).map_err(problem);
        self.get(mounted, request, read).await
    }

    pub(super) async fn list_related(
        &self,
        parent: &Mounted,
        relation: &'static RelationMeta,
        mounted: &Mounted,
        request: &Request,
    ) -> poem::Result<Response> {
        let read = || {
            let key = parent.key(request)?;
            let query = mounted.list_query(query_string(request)).map_err(problem)?;
            Ok(Reading::Related { parent, relation, key, query })
        };
        self.get(mounted, request, read).await
    }

    pub(super) async fn row(&self, mounted: &Mounted, request: &Request) -> poem::Result<Response> {
        let read = || {
            let query = parse::one(&mounted.options, query_string(request)).map_err(bad_parameters)?;
            let more = !query_string(request).is_empty();
            Ok(Reading::Row { key: mounted.key(request)?, query, more })
        };
        self.get(mounted, request, read).await
    }

    /// A search is no GET: nobody asks whether its answer is still the same.
    pub(super) async fn search(&self, mounted: &Mounted, mut request: Request) -> poem::Result<Response> {
        mounted.no_parameters(&request)?;
        let body = body::object(&mut request, &[body::JSON], mounted.json_depth).await?;
        let reading = Reading::List(mounted.search_query(&body).map_err(problem)?);
        set_budget(1 + reading.budget());
        let current = self.current(mounted, &reading).await.map_err(problem)?;
        let (kept, _) =
            self.kept(mounted, &reading, current.as_ref()).await.map_err(super::search::in_body).map_err(problem)?;
        let body = kept.body().ok_or_else(|| problem(malformed()))?;
        Ok(Response::builder().header(header::CONTENT_TYPE, "application/json").body(body))
    }

    /// Answers as the same request was answered before, or else what `read` makes of it.
    async fn get<'a>(
        &self,
        mounted: &Mounted,
        request: &Request,
        read: impl FnOnce() -> poem::Result<Reading<'a>> + Send,
    ) -> poem::Result<Response> {
        let mut current = None;
        if let Some(recalled) = self.recent.find(request).filter(|it| it.plan.is_current(&mounted.database)) {
            set_budget(1);
            let held = self.answers.hold(&mounted.database, &recalled.plan).await.map_err(problem)?;
            if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, &recalled.held))
                && let Some(response) = self.again(&recalled, etag::known(request)?)
            {
                self.metrics.hits.inc();
                return Ok(response);
            }
            current = held.map(|held| Current { plan: Arc::clone(&recalled.plan), held });
        }
        // Boxed, or every request that is answered again would carry the room that this needs.
        self.anew(mounted, request, read, current).boxed().await
    }

    /// The answer that was given before, if the client has it or memory does.
    fn again(&self, recalled: &Recalled, known: Option<Tags>) -> Option<Response> {
        let Head { tag, .. } = &recalled.head;
        if etag::names(known.as_ref(), tag) {
            return Some(not_modified(tag));
        }
        let body = kept::body(&self.answers.peek(&recalled.held)?)?;
        Some(unless_known(recalled.head.with_body(body), known.as_ref()))
    }

    async fn anew<'a>(
        &self,
        mounted: &Mounted,
        request: &Request,
        read: impl FnOnce() -> poem::Result<Reading<'a>> + Send,
        mut current: Option<Current>,
    ) -> poem::Result<Response> {
        let reading = read()?;
        let known = etag::known(request)?;
        set_budget(1 + reading.budget());
        if current.is_none() {
            current = self.current(mounted, &reading).await.map_err(problem)?;
        }
        let tag = current.as_ref().map(|current| format!("\"{}\"", current.held.tag()));
        // A row's version is its tag, where there is one; it is in the answer.
        let is_versioned = matches!(reading, Reading::Row { .. }) && mounted.model().version().is_some();
        if let Some(tag) = tag.as_ref().filter(|tag| !is_versioned && etag::names(known.as_ref(), tag)) {
            self.metrics.hits.inc();
            return Ok(not_modified(tag));
        }
        let (kept, is_current) = self.kept(mounted, &reading, current.as_ref()).await.map_err(problem)?;
        let tag = tag.as_deref().filter(|_| is_current);
        let response = kept.response(request, tag).ok_or_else(|| problem(malformed()))?;
        // Pages have cursors only once the keys that sign them are known.
        if let Some(Current { plan, held }) = current.filter(|_| is_current && mounted.signs_cursors()) {
            self.recent.remember(request, plan, held, &response);
        }
        Ok(unless_known(response, known.as_ref()))
    }

    /// Reads the tokens of what is asked for, if its answer may be kept.
    async fn current(&self, mounted: &Mounted, reading: &Reading<'_>) -> Result<Option<Current>> {
        if !reading.may_be_kept(mounted.database.dialect()) {
            return Ok(None);
        }
        let request = reading.asked(mounted);
        let resource = mounted.resource().name;
        let asked = Asked { resource, request: &request, scope: &[], cache: self.cache };
        let footprint = |known: &Known, dialect| reading.footprint(mounted, known, dialect);
        let Some(plan) = self.answers.plan(&mounted.database, &asked, footprint) else { return Ok(None) };
        let held = self.answers.hold(&mounted.database, &plan).await?;
        Ok(held.map(|held| Current { plan, held }))
    }

    /// The answer, and whether it is exactly that of the tokens that are held.
    async fn kept(&self, mounted: &Mounted, reading: &Reading<'_>, current: Option<&Current>) -> Result<(Kept, bool)> {
        let database = &mounted.database;
        let Some(Current { plan, held }) = current else {
            return Ok((reading.read(mounted, &mut database.session()).await?.0, false));
        };
        if let Some(kept) = self.answers.find(database, held).await?.and_then(Kept::read) {
            self.metrics.hits.inc();
            return Ok((kept, true));
        }
        let mut fill = match self.answers.fill(database, plan, held).await? {
            Filling::Found(bytes) => {
                self.metrics.hits.inc();
                return Ok((Kept::read(bytes).ok_or_else(malformed)?, true));
            }
            Filling::Alone => {
                self.metrics.misses.inc();
                return Ok((reading.read(mounted, &mut database.session()).await?.0, false));
            }
            Filling::Lead(fill) => fill,
        };
        self.metrics.misses.inc();
        let mut session = database.session();
        fill.begin(&mut session).await;
        match reading.read(mounted, &mut session).await {
            Ok((kept, true)) => {
                let is_current = fill.end(&mut session, kept.bytes()).await;
                Ok((kept, is_current))
            }
            Ok((kept, false)) => {
                fill.give_up();
                Ok((kept, false))
            }
            Err(error) => {
                fill.give_up();
                Err(error)
            }
        }
    }
}

impl Reading<'_> {
    /// The statements that reading may execute.
    fn budget(&self) -> u32 {
        match self {
            Self::List(query) | Self::Related { query, .. } => crud::list::budget(query),
            Self::Row { query, .. } => crud::get::budget(query),
        }
    }

    /// A text that somebody typed is hardly typed again, and a planner's estimate changes without the data.
    fn may_be_kept(&self, dialect: Dialect) -> bool {
        match self {
            Self::List(query) | Self::Related { query, .. } => {
                let is_search = query.filter.searches() && !query.count_cache.searches;
                !is_search && (query.count != CountMode::Estimated || dialect == Dialect::Sqlite)
            }
            Self::Row { .. } => true,
        }
    }

    /// What is asked for, as bytes.
    fn asked(&self, mounted: &Mounted) -> Vec<u8> {
        let (kind, mut bytes) = match self {
            Self::List(query) => (b'l', asked::list(query)),
            Self::Related { parent, relation, key, query } => {
                (b'r', asked::related(parent.model(), key, &parent.filter, relation, query))
            }
            Self::Row { key, query, more } => {
                let mut bytes = asked::row(mounted.model(), key, &mounted.filter, query);
                bytes.push(u8::from(*more));
                (b'o', bytes)
            }
        };
        bytes.push(kind);
        // Pages have cursors only once the keys that sign them are known.
        bytes.push(u8::from(mounted.signs_cursors()));
        bytes
    }

    /// All that the answer reads.
    fn footprint(&self, mounted: &Mounted, known: &Known, dialect: Dialect) -> Option<Footprint> {
        let model = mounted.model();
        let of_list = |query: &ListQuery, filter: &Filter| {
            Footprint::of_answer(model, filter, &query.include, &query.include_count, known, dialect)
        };
        match self {
            Self::List(query) => of_list(query, &query.filter),
            Self::Related { parent, relation, query, .. } => {
                // Whether there is such a parent decides between an empty list and 404.
                let of_parent = Footprint::of_answer(parent.model(), &parent.filter, &[], &[], known, dialect)?;
                let filter = Filter::LinkedTo(relation, Vec::new()).and(query.filter.clone());
                Some(of_list(query, &filter)?.and(of_parent))
            }
            Self::Row { query, .. } => {
                Footprint::of_answer(model, &mounted.filter, &query.include, &query.include_count, known, dialect)
            }
        }
    }

    /// Reads the answer; says whether all of it could be read.
    async fn read(&self, mounted: &Mounted, session: &mut Session<'_>) -> Result<(Kept, bool)> {
        let (query, result) = match self {
            Self::List(query) => (query, crud::list(query, session).await?),
            Self::Related { parent, relation, key, query } => {
                (query, parent.related(relation, key, query.clone(), session).await?)
            }
            Self::Row { key, query, more } => {
                let (row, truncated) = crud::get(mounted.model(), key, &mounted.filter, query, session).await?;
                return Ok((Kept::row(&row, &truncated, *more)?, true));
            }
        };
        // A total that took too long to count is missing this time only, and one that is kept for a time is of another moment.
        let is_whole = query.count == CountMode::None || result.meta.count == CountMode::Exact;
        Ok((Kept::list(&result)?, is_whole))
    }
}

/// The answer, or 304 if the client has it.
fn unless_known(response: Response, known: Option<&Tags>) -> Response {
    if known.is_none() || !etag::is_known(known, &response) {
        return response;
    }
    match response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()) {
        Some(tag) => not_modified(tag),
        None => response,
    }
}

/// 304 in place of an answer that the client has.
fn not_modified(tag: &str) -> Response {
    let headers = [(header::ETAG, tag), (header::CACHE_CONTROL, etag::REVALIDATE), (header::VARY, "accept-encoding")];
    let answer = Response::builder().status(StatusCode::NOT_MODIFIED);
    headers.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value)).finish()
}

fn malformed() -> Error {
    Error::other("an answer that was just written cannot be read")
}
