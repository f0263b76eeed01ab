//! The path of a route, with its parameters.

/// A path such as `/books/{id}`; poem's own way of writing it, `/books/:id`, is read as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Template(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(String),
    /// A parameter's name, and the expression that it must match where there is one.
    Parameter(String, String),
    /// The rest of the path, under a name or none.
    Rest(String),
}

impl Template {
    pub(super) fn parse(path: &str) -> Self {
        Self(path.split('/').filter(|segment| !segment.is_empty()).map(Segment::parse).collect())
    }

    /// As the specification and the metrics write it.
    pub(super) fn label(&self) -> String {
        self.write(|segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Parameter(name, _) => format!("{{{name}}}"),
            Segment::Rest(name) => format!("*{name}"),
        })
    }

    /// As poem's router reads it.
    pub(super) fn pattern(&self) -> String {
        self.write(|segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Parameter(name, expression) => format!(":{name}{expression}"),
            Segment::Rest(name) => format!("*{name}"),
        })
    }

    /// What two templates of the same paths have in common: all but the parameters' names.
    pub(super) fn shape(&self) -> String {
        self.write(|segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Parameter(_, expression) => format!(":{expression}"),
            Segment::Rest(_) => "*".to_owned(),
        })
    }

    fn write(&self, segment: impl Fn(&Segment) -> String) -> String {
        let segments: Vec<String> = self.0.iter().map(segment).collect();
        format!("/{}", segments.join("/"))
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        if let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            return Self::Parameter(name.to_owned(), String::new());
        }
        if let Some(parameter) = text.strip_prefix(':') {
            let (name, expression) = parameter.split_at(parameter.find('<').unwrap_or(parameter.len()));
            return Self::Parameter(name.to_owned(), expression.to_owned());
        }
        match text.strip_prefix('*') {
            Some(name) => Self::Rest(name.to_owned()),
            None => Self::Text(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_parameter_mean_the_same() {
        let braces = Template::parse("/books/{id}/reviews");
        assert_eq!(braces, Template::parse("/books/:id/reviews"));
        assert_eq!(braces.label(), "/books/{id}/reviews");
        assert_eq!(braces.pattern(), "/books/:id/reviews");
    }

    #[test]
    fn templates_that_differ_in_names_only_have_one_shape() {
        assert_eq!(Template::parse("/books/{id}").shape(), Template::parse("/books/{book_id}").shape());
        assert_ne!(Template::parse("/books/{id}").shape(), Template::parse("/books/id").shape());
        assert_ne!(Template::parse("/books/:id<\\d+>").shape(), Template::parse("/books/:id").shape());
    }

    #[test]
    fn the_root_and_trailing_slashes_are_normal_paths() {
        assert_eq!(Template::parse("/").pattern(), "/");
        assert_eq!(Template::parse("//books/").pattern(), "/books");
        assert_eq!(Template::parse("/docs/*path").label(), "/docs/*path");
    }
}
