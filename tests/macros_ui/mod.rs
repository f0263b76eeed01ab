//! What the derives accept and refuse, and in which words: `fail` has a file for each attribute with the mistakes that
//! can be made in it, `pass` has one of the same name with what it does.

// The models of these tests are read through what is generated for them.
#![allow(dead_code, missing_docs)]

mod pass;
mod row;

/// One batch, since it builds a crate of its own.
#[test]
fn mistakes_are_reported_on_the_token_to_change() {
    trybuild::TestCases::new().compile_fail("macros_ui/fail/*.rs");
}
