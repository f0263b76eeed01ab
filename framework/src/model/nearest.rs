//! What a mistyped name most likely stands for.

/// The candidate that a mistyped name most likely stands for.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer names are no slip of the finger, and the comparison costs the product of both lengths.
    const LONGEST: usize = 64;
    const CLOSE_ENOUGH: f64 = 0.6;
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= CLOSE_ENOUGH)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// A sentence about a name that is none of `names`: what is wrong, which of them was most likely meant where `name` is given,
/// and which there are, `listed` as.
#[must_use]
pub fn sentence<'a>(wrong: &str, name: Option<&str>, listed: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let likely = name.and_then(|name| nearest(name, names.iter().copied()));
    let likely = likely.map(|likely| format!(" did you mean {likely:?}?")).unwrap_or_default();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    format!("{wrong};{likely} {listed}: {names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_finds_none() {
        let names = ["title", "rating", "created_at"];
        assert_eq!(nearest("titel", names), Some("title"));
        assert_eq!(nearest("createdAt", names), Some("created_at"));
        assert_eq!(nearest("publisher", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"title".repeat(100), names), None);
    }

    #[test]
    fn a_sentence_says_what_is_accepted() {
        let of = |name| sentence("unknown \"titel\"", name, "fields", ["id", "title"]);
        assert_eq!(of(Some("titel")), "unknown \"titel\"; did you mean \"title\"? fields: id, title");
        assert_eq!(of(None), "unknown \"titel\"; fields: id, title");
        assert_eq!(sentence("unknown \"x\"", Some("x"), "accepted", []), "unknown \"x\"; accepted: none");
    }
}
