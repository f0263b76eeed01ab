//! The rules, and what breaks them in one file.

use crate::source::{Kind, Token, tokens};

/// The house from top to bottom. A module imports from rows below its own, never from beside it.
const ROWS: &[&[&str]] = &[
    &["testing"],
    &["app"],
    &["http"],
    &["crud"],
    &["auth"],
    &["db", "cache"],
    &["sql", "resilience"],
    &["query", "events"],
    // Models for unit tests of the rows above.
    &["fixtures"],
    &["model"],
    &["config", "metrics"],
    // Below its neighbours in the drawing: settings and metrics report mistakes, too.
    &["error"],
];

/// Files that only gather names for users and for generated code. They import from everywhere, and nobody from them.
const FACADES: &[&str] = &["lib", "prelude", "__private"];

/// Packages that only some modules name.
const PACKAGES: &[(&str, &[&str])] = &[
    ("sqlx", &["db"]),
    ("sea_query_sqlx", &["db"]),
    ("deadpool", &["db"]),
    ("sea_query", &["sql", "db"]),
    ("poem", &["http", "app"]),
    ("poem_openapi", &["http", "app"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("http_body_util", &["http"]),
    ("prometheus", &["metrics"]),
    ("figment", &["config"]),
    ("rustis", &["cache"]),
    ("cached", &["cache"]),
    ("jwt_simple", &["auth"]),
];

/// Modules that compute and do no I/O.
const PURE: &[&str] = &["query", "sql", "model"];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Break {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// What breaks a rule in a file of the framework; `module` is its path, such as `["model", "value"]`.
pub(crate) fn framework(module: &[&str], source: &str) -> Vec<Break> {
    let tokens = tokens(source);
    let top = module[0];
    let mut breaks = Vec::new();
    let mut report = |line, what| breaks.push(Break { line, what });

    if rank(top).is_none() && !FACADES.contains(&top) {
        report(1, format!("`{top}` has no row in the house: give it one in ROWS"));
    }
    for named in packages(&tokens) {
        let owners = PACKAGES.iter().find(|(package, _)| *package == named.text).map_or(&[][..], |(_, owners)| owners);
        if !owners.contains(&top) {
            report(named.line, format!("only {} names {}", owners.join(" and "), named.text));
        }
    }
    if PURE.contains(&top) {
        for token in impure(&tokens) {
            report(token.line, format!("`{}`: {} does no I/O", token.text, PURE.join(", ")));
        }
    }
    if !FACADES.contains(&top) {
        breaks.extend(imports(module, &tokens).into_iter().filter_map(|import| misdirected(top, &import)));
    }
    breaks.sort();
    breaks.dedup();
    breaks
}

/// What breaks a rule in a file of the macros: generated code is data, field access and input structs.
pub(crate) fn macros(source: &str) -> Vec<Break> {
    let tokens = tokens(source);
    let mut breaks = Vec::new();
    let mut report = |line, what| breaks.push(Break { line, what });
    for token in &tokens {
        if token.is("await") {
            report(token.line, "generated code has no `.await`: call a function of the framework".to_owned());
        }
        if token.kind == Kind::Text && is_sql(token.text) {
            report(token.line, format!("generated code has no SQL: {}", token.text));
        }
    }
    for named in packages(&tokens) {
        report(named.line, format!("generated code does not name {}: it reaches all through `__private`", named.text));
    }
    breaks
}

fn rank(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

fn misdirected(top: &str, import: &Token<'_>) -> Option<Break> {
    let to = import.text;
    if to == top {
        return None;
    }
    let from_row = rank(top)?;
    let what = match rank(to) {
        None => format!("`crate::{to}`: name the module that it comes from"),
        Some(row) if row < from_row => format!("{top} imports {to}, which lies above it"),
        Some(row) if row == from_row => format!("{top} imports {to}, which lies beside it"),
        Some(_) => return None,
    };
    Some(Break { line: import.line, what })
}

/// The packages of [`PACKAGES`] that the tokens name at the head of a path.
fn packages<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut heads = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| tokens[before]);
        let after = tokens.get(at + 1);
        if token.is("use") {
            heads.extend(tree(tokens, at + 1));
        } else if before.is_some_and(|before| before.is("crate")) || after.is_some_and(|after| after.kind == Kind::Path)
        {
            // `extern crate poem` and `poem::`, but not `error::poem::`.
            let inner = at >= 2 && tokens[at - 1].kind == Kind::Path && tokens[at - 2].kind == Kind::Word;
            if !inner {
                heads.push(*token);
            }
        }
    }
    heads.retain(|head| PACKAGES.iter().any(|(package, _)| head.is(package)));
    heads
}

fn impure<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut impure = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let path = tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Path);
        if token.is("async") || token.is("await") || (token.is("tokio") && path) {
            impure.push(*token);
        } else if token.is("std") && path {
            impure.extend(tree(tokens, at + 2).into_iter().filter(|name| name.is("fs") || name.is("net")));
        }
    }
    impure
}

/// The modules at the crate's root that the tokens of `module` name, however they get there.
fn imports<'a>(module: &[&str], tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut imports = Vec::new();
    // The braces of inline modules, each with the depth at which it closes.
    let mut inline: Vec<usize> = Vec::new();
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        let next = |offset: usize| tokens.get(at + offset);
        if token.is("{") {
            depth += 1;
        } else if token.is("}") {
            depth -= 1;
            inline.retain(|opened| *opened <= depth);
        } else if token.is("mod") && next(2).is_some_and(|brace| brace.is("{")) {
            inline.push(depth + 1);
        }
        let head = at == 0 || tokens[at - 1].kind != Kind::Path;
        if !head {
            continue;
        }
        if token.is("crate") && next(1).is_some_and(|next| next.kind == Kind::Path) {
            imports.extend(tree(tokens, at + 2));
        } else if token.is("crate") && next(1).is_some_and(|next| next.is("as")) {
            imports.push(*token);
        } else if token.is("super") || token.is("self") {
            climb(tokens, at, module.len() + inline.len(), &mut imports);
        }
    }
    imports
}

/// Follows a path from the `super` or `self` at `at`, `height` levels below the root, and collects what it names there.
fn climb<'a>(tokens: &[Token<'a>], mut at: usize, mut height: usize, imports: &mut Vec<Token<'a>>) {
    while tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Path) {
        if tokens[at].is("super") {
            height = height.saturating_sub(1);
        } else if !tokens[at].is("self") {
            return;
        }
        at += 2;
        if tokens.get(at).is_some_and(|token| token.is("{")) {
            for branch in branches(tokens, at) {
                if tokens[branch].is("super") {
                    climb(tokens, branch, height, imports);
                } else if height == 0 {
                    imports.push(tokens[branch]);
                }
            }
            return;
        }
        if height == 0 {
            imports.extend(tokens.get(at).filter(|token| !token.is("super")));
            return;
        }
    }
}

/// The first names of the path or `{..}` of paths at `at`.
fn tree<'a>(tokens: &[Token<'a>], at: usize) -> Vec<Token<'a>> {
    match tokens.get(at) {
        Some(token) if token.is("{") => branches(tokens, at).into_iter().flat_map(|at| tree(tokens, at)).collect(),
        Some(token) if token.kind == Kind::Path => tree(tokens, at + 1),
        Some(token) => vec![*token],
        None => Vec::new(),
    }
}

/// Where the members of the `{..}` at `open` begin.
fn branches(tokens: &[Token<'_>], open: usize) -> Vec<usize> {
    let (mut depth, mut begins) = (0, Vec::new());
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if depth == 1 && (tokens[at - 1].is("{") || tokens[at - 1].is(",")) && !token.is("}") {
            begins.push(at);
        }
        if token.is("{") {
            depth += 1;
        } else if token.is("}") {
            depth -= 1;
            if depth == 0 {
                break;
            }
        }
    }
    begins
}

/// Whether a literal is a statement and not a sentence that mentions one.
fn is_sql(literal: &str) -> bool {
    let text = literal.split_once('"').map_or(literal, |(_, text)| text).to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    match words[..] {
        ["select", ref rest @ ..] => rest.contains(&"from"),
        ["update", _, "set", ..] | ["update", _, _, "set", ..] => true,
        ["insert", "into", ..] | ["delete", "from", ..] => true,
        ["create" | "alter" | "drop", "table" | "index" | "view" | "unique" | "type", ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The breaks in a file of the framework as `line: what`.
    fn breaks(module: &str, source: &str) -> Vec<String> {
        let module: Vec<&str> = module.split("::").collect();
        framework(&module, source).into_iter().map(|found| format!("{}: {}", found.line, found.what)).collect()
    }

    #[test]
    fn imports_may_point_down() {
        assert!(
            breaks("http::api", "use crate::crud::list;\nuse crate::{error::Error, model::{Model, Value}};").is_empty()
        );
        assert!(
            breaks("sql::select", "use super::Dialect;\nuse crate::sql::Statement;\nuse crate::query::ListQuery;")
                .is_empty()
        );
        assert!(breaks("prelude", "pub use crate::app::App;").is_empty());
    }

    #[test]
    fn an_import_that_points_up_is_named_with_its_line() {
        let expected = ["2: query imports sql, which lies above it"];
        assert_eq!(breaks("query::list", "\nuse crate::sql::Dialect;"), expected);
        assert_eq!(breaks("query::list", "\nuse crate::{model::Value, sql::{Dialect, Verb}};"), expected);
        assert_eq!(breaks("query::list", "fn f() {\n crate::sql::select() }"), expected);
        assert_eq!(breaks("query", "\nuse super::sql::Dialect;"), expected);
        assert_eq!(breaks("query::list", "\nuse super::super::sql::Dialect;"), expected);
        assert_eq!(
            breaks("query::list", "\nuse super::{token::Field, super::{model::Value, sql::Dialect}};"),
            expected
        );
        assert_eq!(breaks("query", "mod tests {\n use super::super::sql::Dialect; }"), expected);
        assert_eq!(breaks("query", "\nuse self::super::sql::Dialect;"), expected);
    }

    #[test]
    fn an_inline_module_is_one_level_further_down() {
        assert!(breaks("query::list", "mod tests { use super::super::token; }\nuse super::token;").is_empty());
        assert_eq!(breaks("query", "mod a { mod b {} } use super::sql::Dialect;").len(), 1);
    }

    #[test]
    fn modules_of_one_row_do_not_import_each_other() {
        assert_eq!(breaks("db", "use crate::cache::Key;"), ["1: db imports cache, which lies beside it"]);
    }

    #[test]
    fn the_root_and_its_facades_are_not_imported() {
        assert_eq!(breaks("db", "use crate::Error;"), ["1: `crate::Error`: name the module that it comes from"]);
        assert_eq!(breaks("db", "use crate::*;").len(), 1);
        assert_eq!(breaks("db", "use super::*;").len(), 1);
        assert_eq!(breaks("db", "use crate::prelude::*;").len(), 1);
        assert_eq!(breaks("db", "use crate as root;").len(), 1);
        assert!(breaks("db::pool", "use super::*; pub(crate) fn f() {}").is_empty());
    }

    #[test]
    fn a_new_module_needs_a_row() {
        assert_eq!(breaks("helpers", ""), ["1: `helpers` has no row in the house: give it one in ROWS"]);
    }

    #[test]
    fn a_package_is_named_by_its_owners_alone() {
        assert_eq!(breaks("crud::list", "use sqlx::Row;"), ["1: only db names sqlx"]);
        assert_eq!(breaks("crud::list", "fn f(e: &::sqlx::Error) {}"), ["1: only db names sqlx"]);
        assert_eq!(breaks("crud::list", "use {std::fmt, poem};"), ["1: only http and app names poem"]);
        assert_eq!(breaks("crud::list", "#[derive(poem_openapi::Object)]").len(), 1);
        assert_eq!(breaks("__private", "pub use prometheus;"), ["1: only metrics names prometheus"]);
        assert!(breaks("db::row", "use sqlx::Row; use sea_query::Value;").is_empty());
        assert!(
            breaks("crud::list", "// sqlx::Row\nlet cached = \"poem::Route\"; self.cached; error::sqlx::Kind")
                .is_empty()
        );
    }

    #[test]
    fn a_pure_module_does_no_io() {
        assert_eq!(breaks("sql", "async fn f() {\n g().await }").len(), 2);
        assert_eq!(breaks("model", "use std::{fmt, fs::File};").len(), 1);
        assert_eq!(breaks("query", "std::net::TcpStream").len(), 1);
        assert_eq!(breaks("query", "tokio::spawn").len(), 1);
        assert!(breaks("model", "use std::io::Write; use std::fmt;").is_empty());
    }

    #[test]
    fn generated_code_is_data() {
        let lines = |source| macros(source).into_iter().map(|found| found.line).collect::<Vec<_>>();
        assert_eq!(lines("quote! {\n db.fetch().await }"), [2]);
        assert_eq!(lines("quote! { ::poem::Response }"), [1]);
        assert_eq!(lines("let sql = \"SELECT * FROM authors\";"), [1]);
        assert_eq!(lines("let sql = format!(\"insert into {table}\");"), [1]);
        assert_eq!(lines("let sql = r#\"UPDATE \"t\" SET a = 1\"#;"), [1]);
        assert!(lines("\"update the field's type, or set it\"; // .await").is_empty());
        assert!(lines("let text = \"a delete is decided where the key lies\"; on_delete").is_empty());
    }
}
