//! What the derives accept and refuse, and in which words.

/// One batch, since each builds a crate of its own.
#[test]
fn derives_accept_and_refuse() {
    let cases = trybuild::TestCases::new();
    cases.pass("macros_ui/pass/*.rs");
    cases.compile_fail("macros_ui/fail/*.rs");
}
