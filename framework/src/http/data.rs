//! Values of the app's own in the requests of endpoints written by hand.

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, Request, Response};

/// Puts a value into a request, where `Data<&T>` finds it.
pub(crate) type Insert = Arc<dyn Fn(&mut Request) + Send + Sync>;

/// An endpoint whose requests hold the app's data.
pub(super) struct WithData {
    pub(super) endpoint: BoxEndpoint<'static>,
    pub(super) data: Vec<Insert>,
}

impl Endpoint for WithData {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        self.data.iter().for_each(|insert| insert(&mut request));
        self.endpoint.call(request).await
    }
}
