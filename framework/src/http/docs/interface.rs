use std::io;

use super::library;

/// One of the user interfaces over the specification.
pub(super) struct Interface {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) script: &'static str,
    stylesheets: &'static [&'static str],
    library: fn() -> io::Result<String>,
    start: &'static str,
}

pub(super) const INTERFACES: [Interface; 4] = [
    Interface {
        name: "Swagger UI",
        path: "/docs",
        script: "/docs/swagger-ui.js",
        stylesheets: &["/docs/pages.css", "/docs/swagger-ui.css"],
        library: library::swagger_ui,
        start: include_str!("swagger_ui.js"),
    },
    Interface {
        name: "Scalar",
        path: "/docs/scalar",
        script: "/docs/scalar.js",
        stylesheets: &["/docs/pages.css"],
        library: library::scalar,
        start: include_str!("scalar.js"),
    },
    Interface {
        name: "Redoc",
        path: "/docs/redoc",
        script: "/docs/redoc.js",
        stylesheets: &["/docs/pages.css"],
        library: library::redoc,
        start: include_str!("redoc.js"),
    },
    Interface {
        name: "RapiDoc",
        path: "/docs/rapidoc",
        script: "/docs/rapidoc.js",
        stylesheets: &["/docs/pages.css"],
        library: library::rapidoc,
        start: include_str!("rapidoc.js"),
    },
];

impl Interface {
    /// The page; nothing runs in it but its script.
    pub(super) fn html(&self, title: &str, specification: &str) -> String {
        let stylesheets: String =
            self.stylesheets.iter().map(|path| format!("<link rel=\"stylesheet\" href=\"{path}\">")).collect();
        let links: String = INTERFACES.iter().map(|other| self.link_to(other)).collect();
        // What users wrote comes last, lest a brace in it be taken for one of these.
        include_str!("page.html")
            .replace("{stylesheets}", &stylesheets)
            .replace("{links}", &links)
            .replace("{script}", self.script)
            .replace("{specification}", &escape(specification))
            .replace("{title}", &escape(title))
    }

    /// The library and the lines that start it.
    pub(super) fn javascript(&self) -> io::Result<String> {
        let mut javascript = (self.library)()?;
        javascript.push_str(";\n");
        javascript.push_str(self.start);
        Ok(javascript)
    }

    fn link_to(&self, other: &Interface) -> String {
        let current = if self.path == other.path { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"{}\"{current}>{}</a>", other.path, other.name)
    }
}

/// Text as it may stand in HTML and in a quoted attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_links_its_script_the_specification_and_the_other_pages() {
        for interface in &INTERFACES {
            let html = interface.html("Books", "/api/v1/openapi.json");
            assert!(html.contains(&format!("<script src=\"{}\"></script>", interface.script)));
            assert!(html.contains("data-specification=\"/api/v1/openapi.json\""));
            assert_eq!(html.matches("<a href=\"/docs").count(), INTERFACES.len());
            assert_eq!(html.matches("aria-current").count(), 1);
            assert!(!html.contains('{'), "a placeholder is left in {html}");
        }
    }

    #[test]
    fn a_title_stays_text() {
        let html = INTERFACES[0].html("</title><script>{links}\"'&", "/openapi.json");
        assert_eq!(html.matches("<title>&lt;/title&gt;&lt;script&gt;{links}&quot;&#39;&amp;</title>").count(), 1);
        assert_eq!(html.matches("<script").count(), 1);
    }

    #[test]
    fn pages_name_no_other_origin() {
        for interface in &INTERFACES {
            let html = interface.html("Books", "/openapi.json").replace("http://www.w3.org/2000/svg", "");
            assert!(!html.contains("//"), "{html}");
        }
    }
}
