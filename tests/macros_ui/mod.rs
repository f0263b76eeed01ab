//! What the derives accept and refuse, and in which words: `fail` has a file for each attribute with the mistakes that
//! can be made in it, `pass` shows what each does.

// The models of these tests are read through what is generated for them.
#![allow(dead_code, missing_docs, unreachable_pub)]
#![allow(clippy::panic, reason = "a relation that is not there fails the test")]

// Public, so that `missing_docs` looks into it.
pub mod pass;
mod row;

/// One batch, since it builds a crate of its own.
#[test]
fn mistakes_are_reported_on_the_token_to_change() {
    trybuild::TestCases::new().compile_fail("macros_ui/fail/*.rs");
}

/// The reference has a table for each kind of attribute, with the attributes in its first column.
#[test]
fn every_attribute_of_the_reference_has_its_mistakes_and_its_behaviour() {
    const REFERENCE: &str = include_str!("../../docs/reference/attributes.md");
    let (fail, pass) = (sources("fail"), sources("pass"));
    let mut kind = "";
    let mut attributes = 0;
    for line in REFERENCE.lines() {
        if let Some(heading) = line.strip_prefix("## `#[") {
            kind = heading.split('(').next().unwrap_or_default();
        }
        let Some(name) = line.strip_prefix("| `").and_then(|row| row.split(['`', ' ', '(']).next()) else { continue };
        if kind.is_empty() {
            continue;
        }
        attributes += 1;
        for (folder, files) in [("fail", &fail), ("pass", &pass)] {
            let found = files.iter().any(|source| mentions(source, kind, name));
            assert!(found, "no file in {folder} has `#[{kind}({name})]`");
        }
    }
    assert!(attributes > 40, "only {attributes} attributes were found in the reference");
}

fn sources(folder: &str) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("macros_ui").join(folder);
    let files = std::fs::read_dir(folder).expect("the folder of the tests");
    let paths = files.map(|file| file.expect("an entry of the folder").path());
    let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources.map(|path| std::fs::read_to_string(path).expect("a source file")).collect()
}

/// Whether `#[kind(…)]` names the attribute, on however many lines.
fn mentions(source: &str, kind: &str, name: &str) -> bool {
    let begin = format!("#[{kind}(");
    source.split(&begin).skip(1).filter_map(|rest| rest.split(")]").next()).any(|attribute| {
        attribute.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name)
    })
}
