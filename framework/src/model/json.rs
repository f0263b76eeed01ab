//! Writing JSON straight into the bytes of an answer.

/// Begins a member of the object that `out` ends in: a comma where one is due, the name, a colon.
pub fn member(name: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    string(name, out);
    out.push(b':');
}

/// Writes an array, each item by `write`.
pub fn array<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// Writes the member `_count` with the numbers of related rows that are known; nothing where none is.
pub fn counts(of_relations: impl IntoIterator<Item = (&'static str, Option<u64>)>, out: &mut Vec<u8>) {
    let mut begun = false;
    for (name, count) in of_relations {
        let Some(count) = count else { continue };
        if !begun {
            member("_count", out);
            out.push(b'{');
            begun = true;
        }
        member(name, out);
        out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
    }
    if begun {
        out.push(b'}');
    }
}

/// Writes a string with quotes and escapes.
pub fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        escaped(text.as_bytes(), out);
    }
    out.push(b'"');
}

/// Whether no byte needs an escape, as is so of most texts. Eight bytes are looked at together: a byte below `n`, which is at most
/// 128, borrows from its highest bit when `n` is taken away, and bytes that had that bit are none.
fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, n: u8| word.wrapping_sub(ONES * u64::from(n)) & !word & (ONES << 7);
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks();
    let words = words.iter().map(|word| u64::from_ne_bytes(*word));
    let rest = rest.iter().all(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\'));
    rest && words.fold(0, |found, word| found | below(word, 0x20) | is(word, b'"') | is(word, b'\\')) == 0
}

fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut written = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => {
                out.extend_from_slice(&bytes[written..index]);
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                written = index + 1;
                continue;
            }
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..index]);
        out.extend_from_slice(escape);
        written = index + 1;
    }
    out.extend_from_slice(&bytes[written..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        string(text, &mut out);
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn strings_are_escaped_as_serde_json_does() {
        for text in
            ["", "plain", "a \"quote\" and \\", "line\nbreak\ttab\r", "\u{1}\u{1f}\u{8}\u{c}", "ünï 漢字 🦀", "\u{7f}"]
        {
            let back: String = serde_json::from_str(&written(text)).expect("valid JSON");
            assert_eq!(back, text);
        }
        assert_eq!(written("\u{1}"), "\"\\u0001\"");
    }

    #[test]
    fn an_escape_is_found_wherever_it_stands() {
        for byte in (0..=0x7f).map(char::from) {
            for place in 0..20 {
                for other in ["é", "x", "\u{7f}"] {
                    let text = format!("{}{byte}{}", other.repeat(place), other.repeat(19 - place));
                    let back: String = serde_json::from_str(&written(&text)).expect("valid JSON");
                    assert_eq!(back, text);
                }
            }
        }
    }

    #[test]
    fn members_are_parted_by_commas() {
        let mut out = b"{".to_vec();
        member("a", &mut out);
        out.push(b'1');
        member("b", &mut out);
        out.extend_from_slice(b"2}");
        assert_eq!(out, br#"{"a":1,"b":2}"#);
    }
}
