//! The user interfaces' own code, as poem-openapi brings it.
//!
//! poem-openapi offers whole pages only, with the code inline and links to foreign fonts. A page's one large `<script>` is
//! the library, however the page around it changes.

use std::{io, ops::Range};

use poem_openapi::OpenApiService;

pub(super) fn swagger_ui() -> io::Result<String> {
    largest(empty_service().swagger_ui_html(), "script")
}

pub(super) fn swagger_ui_css() -> io::Result<String> {
    largest(empty_service().swagger_ui_html(), "style")
}

pub(super) fn scalar() -> io::Result<String> {
    largest(empty_service().scalar_html(), "script")
}

pub(super) fn redoc() -> io::Result<String> {
    largest(empty_service().redoc_html(), "script")
}

pub(super) fn rapidoc() -> io::Result<String> {
    largest(empty_service().rapidoc_html(), "script")
}

fn empty_service() -> OpenApiService<(), ()> {
    OpenApiService::new((), "", "")
}

/// The content of the largest `<element>` of a page; cut out in place, since a page is up to 3 MB.
fn largest(mut html: String, element: &str) -> io::Result<String> {
    let mut largest = 0..0;
    let mut at = 0;
    while let Some((name, content)) = next_element(&html, at) {
        at = content.end;
        if name == element && content.len() > largest.len() {
            largest = content;
        }
    }
    if largest.is_empty() {
        return Err(io::Error::other(format!("poem-openapi's page holds no <{element}>")));
    }
    html.truncate(largest.end);
    html.drain(..largest.start);
    Ok(html)
}

/// The next script or style and where its content lies. What looks like a tag inside of it is none: scripts write HTML.
fn next_element(html: &str, from: usize) -> Option<(&'static str, Range<usize>)> {
    let (tag, name) = ["script", "style"]
        .into_iter()
        .filter_map(|name| Some((from + html[from..].find(&format!("<{name}"))?, name)))
        .min()?;
    let start = tag + html[tag..].find('>')? + 1;
    let end = start + html[start..].find(&format!("</{name}"))?;
    Some((name, start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_element_is_cut_out() {
        let html =
            "<style charset='UTF-8'>p{}</style><script>1</script><script charset='UTF-8'>'<script><style>'</script>";
        assert_eq!(largest(html.to_owned(), "script").unwrap(), "'<script><style>'");
        assert_eq!(largest(html.to_owned(), "style").unwrap(), "p{}");
        assert!(largest("<p></p>".to_owned(), "style").unwrap_err().to_string().contains("<style>"));
    }

    /// Fails when an update of poem-openapi changes what its pages hold.
    #[test]
    fn poem_openapi_brings_each_library_whole() {
        for (library, start, end, holds) in [
            (swagger_ui as fn() -> io::Result<String>, "/*! For license", "})()));", "SwaggerUIBundle"),
            (swagger_ui_css, ".swagger-ui", "map*/", ".opblock"),
            (scalar, "/**\n * Minified", "));", "createApiReference"),
            (redoc, "/*! For license", ".js.map", "Redoc"),
            (rapidoc, "/*! RapiDoc", ".js.map", "\"rapi-doc\""),
        ] {
            let text = library().unwrap();
            assert!(text.len() > 100_000, "{holds}: {} bytes", text.len());
            assert!(text.starts_with(start), "{holds} starts with {:?}", &text[..60]);
            assert!(text.trim_end().ends_with(end), "{holds} ends with {:?}", &text[text.len() - 60..]);
            assert!(text.contains(holds), "no {holds}");
            assert!(!text.contains("</script"), "{holds} runs past its element");
        }
    }
}
