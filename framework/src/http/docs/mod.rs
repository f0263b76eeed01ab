//! The documentation pages of a running app: Swagger UI, Scalar, Redoc and RapiDoc.
//!
//! A page is a few lines of HTML that fetch the app's own specification. Its scripts come out of poem-openapi and are
//! served beside it, so a page works offline, and its Content-Security-Policy forbids every other origin.

mod compressed;
mod file;
mod interface;
mod library;

pub use self::file::File;
use self::{
    file::{CSS, HTML, JAVASCRIPT},
    interface::INTERFACES,
};

/// The pages and all they load, each to be mounted at its [`path`](File::path).
///
/// `specification` is the path of the app's specification in JSON, which the pages fetch.
///
/// # Examples
///
/// ```
/// use couplet::http::docs;
/// use poem::{Route, get};
///
/// let app = docs::pages("Book catalogue", "/openapi.json")
///     .into_iter()
///     .fold(Route::new(), |app, file| app.at(file.path(), get(file)));
/// ```
pub fn pages(title: &str, specification: &str) -> Vec<File> {
    let mut files = vec![
        File::new("/docs/pages.css", CSS, || Ok(include_str!("pages.css").to_owned())),
        File::new("/docs/swagger-ui.css", CSS, library::swagger_ui_css),
    ];
    for interface in &INTERFACES {
        let html = interface.html(title, specification);
        files.push(File::new(interface.path, HTML, move || Ok(html.clone())));
        files.push(File::new(interface.script, JAVASCRIPT, || interface.javascript()));
    }
    files
}
