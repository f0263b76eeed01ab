//! `migrations!`: files become data.

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::quote;
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

/// A slice with all migrations, by dialect and version.
pub(crate) fn expand(input: TokenStream, diagnostics: &mut Diagnostics) -> TokenStream {
    let private = crate_path::private();
    let given = if input.is_empty() { None } else { diagnostics.take(syn::parse2::<LitStr>(input.clone())) };
    if given.is_none() && !input.is_empty() {
        return TokenStream::new();
    }
    let folder = given.unwrap_or_else(|| LitStr::new("migrations", Span::call_site()));
    let root = std::env::var("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default().join(folder.value());
    let mut migrations = Vec::new();
    for (name, variant) in DIALECTS {
        let variant = syn::Ident::new(variant, Span::call_site());
        for Migration { version, description, path } in read(&root.join(name), &folder, diagnostics) {
            migrations.push(quote! {
                #private::Migration {
                    dialect: #private::Dialect::#variant,
                    version: #version,
                    description: #description,
                    sql: #private::include_str!(#path),
                }
            });
        }
    }
    quote! {{
        const MIGRATIONS: &'static [#private::Migration] = &[#(#migrations),*];
        MIGRATIONS
    }}
}

/// The migrations of one folder, in the order of their versions.
fn read(folder: &Path, blame: &LitStr, diagnostics: &mut Diagnostics) -> Vec<Migration> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let text = format!(
                "cannot read {}: {error}; migrations lie in the folders `sqlite` and `postgres` of this one",
                folder.display()
            );
            diagnostics.error(blame, text);
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| !is_hidden(path)).collect();
    paths.sort();
    let mut migrations: Vec<Migration> = Vec::new();
    for path in paths {
        let Some(migration) = parse(&path) else {
            let text = format!(
                "{} is no migration; name it by version and purpose, as in `001_create_authors.sql`",
                path.display()
            );
            diagnostics.error(blame, text);
            continue;
        };
        if let Some(first) = migrations.iter().find(|known| known.version == migration.version) {
            let text = format!("{} has the version of {}; give it the next one", path.display(), first.path);
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
