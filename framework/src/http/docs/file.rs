use std::{io, sync::Arc};

use poem::{
    Endpoint, Request, Response,
    error::InternalServerError,
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS},
};
use tokio::{sync::OnceCell, task::spawn_blocking};

use super::compressed::Compressed;

pub(super) const CSS: &str = "text/css; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Scripts run from our files only. Styles may be inline, because all four interfaces write their own; Redoc searches in
/// a worker that it makes from a blob.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     font-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// A page of the documentation, or a script or style sheet of one, as a poem endpoint.
///
/// It is built when it is first asked for, and only its compressed form stays in memory: the scripts are large, and most
/// processes never serve them.
pub struct File {
    path: &'static str,
    content_type: &'static str,
    text: Arc<dyn Fn() -> io::Result<String> + Send + Sync>,
    compressed: OnceCell<Compressed>,
}

impl File {
    pub(super) fn new(
        path: &'static str,
        content_type: &'static str,
        text: impl Fn() -> io::Result<String> + Send + Sync + 'static,
    ) -> Self {
        Self { path, content_type, text: Arc::new(text), compressed: OnceCell::new() }
    }

    /// Where the pages expect this file.
    pub fn path(&self) -> &'static str {
        self.path
    }

    async fn compressed(&self) -> io::Result<&Compressed> {
        self.compressed
            .get_or_try_init(async || {
                let text = Arc::clone(&self.text);
                spawn_blocking(move || Compressed::new(&text()?)).await?
            })
            .await
    }
}

impl Endpoint for File {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let compressed = self.compressed().await.map_err(InternalServerError)?;
        let mut response = compressed.answer(request.headers()).map_err(InternalServerError)?;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_file_is_built_once_and_forbids_other_origins() {
        static BUILT: AtomicUsize = AtomicUsize::new(0);
        let file = File::new("/docs", HTML, || {
            BUILT.fetch_add(1, Ordering::Relaxed);
            Ok("<p>".to_owned())
        });
        assert_eq!(BUILT.load(Ordering::Relaxed), 0, "built before anyone asks");

        for _ in 0..2 {
            let response = file.call(Request::default()).await.unwrap();
            assert_eq!(response.headers()[CONTENT_TYPE], HTML);
            let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
            assert_eq!(response.into_body().into_string().await.unwrap(), "<p>");
        }
        assert_eq!(BUILT.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_built_is_an_error_of_the_server() {
        let file = File::new("/docs", HTML, || Err(io::Error::other("no script")));
        let error = file.call(Request::default()).await.unwrap_err();
        assert_eq!(error.status(), 500);
    }
}
