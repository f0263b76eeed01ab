//! The user interfaces' own code, as poem-openapi brings it.
//!
//! poem-openapi offers whole pages only, with the code inline and links to foreign fonts. A page's one large `<script>` is
//! the library, however the page around it changes.

use std::io;

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
    let (open, close) = (format!("<{element}"), format!("</{element}"));
    let mut largest = 0..0;
    let mut at = 0;
    while let Some(tag) = html[at..].find(&open)
        && let Some(tag_end) = html[at + tag..].find('>')
    {
        let start = at + tag + tag_end + 1;
        let end = html[start..].find(&close).map_or(html.len(), |length| start + length);
        if end - start > largest.len() {
            largest = start..end;
        }
        at = end;
    }
    if largest.is_empty() {
        return Err(io::Error::other(format!("poem-openapi's page holds no <{element}>")));
    }
    html.truncate(largest.end);
    html.drain(..largest.start);
    Ok(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_element_is_cut_out() {
        let html = "<p><script>1</script><script charset=\"UTF-8\">22'<script>'</script><script>3</script>".to_owned();
        assert_eq!(largest(html.clone(), "script").unwrap(), "22'<script>'");
        assert!(largest(html, "style").unwrap_err().to_string().contains("<style>"));
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
