//! `cache(ttl = "60s", max_staleness = "50ms")` of a resource.

use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token};

use super::Item;

/// Units of durations, as settings write them, in milliseconds.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const NAMES: &[&str] = &["ttl", "max_staleness"];
const EXAMPLE: &str = "ttl = \"60s\"";

/// How whole answers are kept. A time comes with its text, to point to, and its milliseconds.
pub(crate) struct Cache {
    /// The word itself, to point to.
    pub(crate) word: Ident,
    pub(crate) ttl: (LitStr, u64),
    pub(crate) max_staleness: Option<(LitStr, u64)>,
}

impl Cache {
    pub(super) fn read(item: Item) -> syn::Result<Self> {
        let word = item.name.clone();
        let (mut ttl, mut max_staleness, mut mistakes) = (None, None, None::<syn::Error>);
        for item in item.list(EXAMPLE, Punctuated::<Item, Token![,]>::parse_terminated)? {
            let name = item.name.clone();
            let (place, example) = match name.to_string().as_str() {
                "ttl" => (&mut ttl, "60s"),
                "max_staleness" => (&mut max_staleness, "50ms"),
                _ => {
                    add(&mut mistakes, item.unknown("cache", NAMES));
                    continue;
                }
            };
            match duration(item, example) {
                Ok(_) if place.is_some() => {
                    add(&mut mistakes, syn::Error::new_spanned(&name, format!("`{name}` is given twice; keep one")));
                }
                Ok(duration) => *place = Some(duration),
                Err(mistake) => add(&mut mistakes, mistake),
            }
        }
        match (ttl, mistakes) {
            (Some(ttl), None) => Ok(Self { word, ttl, max_staleness }),
            (_, Some(mistakes)) => Err(mistakes),
            (None, None) => {
                Err(syn::Error::new_spanned(&word, format!("say how long answers are kept: `cache({EXAMPLE})`")))
            }
        }
    }
}

fn add(mistakes: &mut Option<syn::Error>, mistake: syn::Error) {
    match mistakes {
        Some(mistakes) => mistakes.combine(mistake),
        None => *mistakes = Some(mistake),
    }
}

/// `name = "60s"`, as text and in milliseconds.
fn duration(item: Item, example: &str) -> syn::Result<(LitStr, u64)> {
    let name = item.name.clone();
    let text = item.text(example)?;
    let milliseconds = milliseconds(&text.value()).filter(|milliseconds| *milliseconds > 0);
    milliseconds.map(|milliseconds| (text.clone(), milliseconds)).ok_or_else(|| {
        let expected = "expected a duration such as `250ms`, `5s`, `10min`, `1h` or `1d`";
        syn::Error::new_spanned(&text, format!("{expected}, as in `{name} = \"{example}\"`"))
    })
}

fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}
