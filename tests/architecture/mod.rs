//! Reads the sources of the framework and of the macros, and names each line that breaks a rule of
//! `docs/ARCHITECTURE.md`.

mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_import_of_the_framework_points_down() {
    let mut broken = Vec::new();
    for (file, source) in sources("framework/src") {
        let module = module(&file);
        let module: Vec<&str> = module.iter().map(String::as_str).collect();
        for found in rules::framework(&module, &source) {
            broken.push(format!("framework/src/{}:{}: {}", file.display(), found.line, found.what));
        }
    }
    assert!(broken.is_empty(), "{} breaks of the architecture:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn generated_code_is_data() {
    let mut broken = Vec::new();
    for (file, source) in sources("macros/src") {
        for found in rules::macros(&source) {
            broken.push(format!("macros/src/{}:{}: {}", file.display(), found.line, found.what));
        }
    }
    assert!(broken.is_empty(), "{} breaks of the architecture:\n{}", broken.len(), broken.join("\n"));
}

/// `model/value.rs` is `model::value`; `model/mod.rs` is `model`.
fn module(file: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        file.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if module.len() > 1 && module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// Every Rust file below `folder` with its text, by its path in it.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8");
                found.push((path.strip_prefix(&root).expect("below the root").to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found.sort();
    found
}

#[test]
fn a_file_is_the_module_of_its_path() {
    assert_eq!(module(Path::new("error.rs")), ["error"]);
    assert_eq!(module(Path::new("model/mod.rs")), ["model"]);
    assert_eq!(module(Path::new("db/row/postgres.rs")), ["db", "row", "postgres"]);
}
