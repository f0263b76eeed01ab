//! `migrations!`: files become data.

use std::path::{Path, PathBuf};
use std::{fs, io};

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::LitStr;

use crate::crate_path;
use crate::diagnostics::Diagnostics;

/// The folders of each dialect, and its variant.
const DIALECTS: &[(&str, &str)] = &[("sqlite", "Sqlite"), ("postgres", "Postgres")];

struct Migration {
    version: i64,
    description: String,
    path: String,
}

/// `const MIGRATIONS`, by dialect and version; empty after a mistake.
pub(crate) fn expand(input: TokenStream, diagnostics: &mut Diagnostics) -> TokenStream {
    let private = crate_path::private();
    let folder = match input.is_empty() {
        true => Some(LitStr::new("migrations", Span::call_site())),
        false => diagnostics.take(syn::parse2(input)),
    };
    let migrations = folder.map(|folder| read_all(&folder, &private, diagnostics)).unwrap_or_default();
    quote! {
        const MIGRATIONS: &'static [#private::Migration] = &[#(#migrations),*];
    }
}

fn read_all(folder: &LitStr, private: &TokenStream, diagnostics: &mut Diagnostics) -> Vec<TokenStream> {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let mut tokens = Vec::new();
    for (name, variant) in DIALECTS {
        let variant = format_ident!("{variant}");
        let relative = Path::new(&folder.value()).join(name);
        let files = match files(&manifest.join(&relative)) {
            Ok(files) => files,
            Err(error) => {
                let text = format!("cannot read the folder `{}` beside Cargo.toml: {error}", relative.display());
                diagnostics.error(folder, text);
                continue;
            }
        };
        for Migration { version, description, path } in numbered(&files, folder, diagnostics) {
            tokens.push(quote! {
                #private::Migration {
                    dialect: #private::Dialect::#variant,
                    version: #version,
                    description: #description,
                    sql: #private::include_str!(#path),
                }
            });
        }
    }
    tokens
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !is_hidden(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The migrations in the order of their versions.
fn numbered(files: &[PathBuf], blame: &LitStr, diagnostics: &mut Diagnostics) -> Vec<Migration> {
    let mut migrations: Vec<Migration> = Vec::new();
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(migration) = parse(file) else {
            let text = "no migration; name it by version and purpose, as in `001_create_authors.sql`";
            diagnostics.error(blame, format!("`{name}` is {text}"));
            continue;
        };
        if migrations.iter().any(|known| known.version == migration.version) {
            let text = format!("`{name}`: there is a version {} already; give it the next number", migration.version);
            diagnostics.error(blame, text);
        }
        migrations.push(migration);
    }
    migrations.sort_by_key(|migration| migration.version);
    migrations
}

/// Files that tools leave behind, such as `.gitkeep`.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// `001_create_authors.sql`
fn parse(path: &Path) -> Option<Migration> {
    let (version, description) = path.file_name()?.to_str()?.strip_suffix(".sql")?.split_once('_')?;
    let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || description.is_empty() {
        return None;
    }
    Some(Migration {
        version: version.parse().ok().filter(|version| *version > 0)?,
        description: description.replace('_', " "),
        path: path.to_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::silently;

    fn read(names: &[&str]) -> (Vec<(i64, String)>, bool) {
        let files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        let blame = LitStr::new("migrations", Span::call_site());
        let (migrations, sound) = silently(|diagnostics| numbered(&files, &blame, diagnostics));
        (migrations.into_iter().map(|migration| (migration.version, migration.description)).collect(), sound)
    }

    #[test]
    fn migrations_are_ordered_by_number() {
        let expected = vec![(2, "b".to_owned()), (10, "create authors".to_owned())];
        assert_eq!(read(&["10_create_authors.sql", "2_b.sql"]), (expected, true));
    }

    #[test]
    fn other_names_are_refused() {
        for name in
            ["create.sql", "001.sql", "001_.sql", "one_create.sql", "001_create.txt", "-1_create.sql", "0_a.sql"]
        {
            assert!(!read(&[name]).1, "{name}");
        }
    }

    #[test]
    fn two_migrations_of_one_version_are_refused() {
        assert!(!read(&["001_a.sql", "1_b.sql"]).1);
    }
}
