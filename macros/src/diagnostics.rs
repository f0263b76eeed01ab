//! Mistakes: collected while a derive works, reported together when it is done.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far. It is made by [`report`] only, so that none is forgotten.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
}

impl Diagnostics {
    /// Notes a mistake on the tokens that are to change.
    pub(crate) fn error(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.errors.push(syn::Error::new_spanned(tokens, message));
    }

    /// Unwraps a result, noting its mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// Whether no mistake was found yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }
}

/// Runs a derive and puts the mistakes that it noted behind its output.
pub(crate) fn report(derive: impl FnOnce(&mut Diagnostics) -> TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let mut output = derive(&mut diagnostics);
    output.extend(diagnostics.errors.iter().map(syn::Error::to_compile_error));
    output
}

/// Runs a stage whose mistakes another derive on the same item reports.
pub(crate) fn silently<T>(stage: impl FnOnce(&mut Diagnostics) -> T) -> (T, bool) {
    let mut diagnostics = Diagnostics::default();
    let value = stage(&mut diagnostics);
    (value, diagnostics.is_empty())
}

/// The text for a name that is not one of `accepted`, with the nearest of them.
pub(crate) fn unknown(what: &str, name: &str, accepted: &[&str]) -> String {
    let nearest = nearest(name, accepted).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    format!("unknown {what} `{name}`; {nearest}accepted: {}", accepted.join(", "))
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(name, candidate);
    let close = |candidate: &&str| {
        distance(candidate) <= 1 + name.len() / 4 || (candidate.len() > 2 && name.starts_with(*candidate))
    };
    candidates.iter().copied().filter(close).min_by_key(|candidate| distance(candidate))
}
