//! International Standard Book Numbers (ISO 2108): ISBN-10 and the ISBN-13 that follows from it.

/// The ISBN-10 that a spreadsheet has taken for a number: with its leading zeros again. `None` if it can be none.
pub(crate) fn padded(written: &str) -> Option<String> {
    let isbn = format!("{written:0>10}").to_ascii_uppercase();
    let (body, check) = isbn.split_at_checked(9)?;
    let well_formed = isbn.len() == 10 && is_digits(body) && (is_digits(check) || check == "X");
    (well_formed && !written.is_empty()).then_some(isbn)
}

/// The ISBN-10 of nine digits: its check digit is a weighted sum modulo 11, where `X` stands for ten.
pub(crate) fn isbn10(body: &str) -> String {
    let sum: u32 = digits(body).zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let check = char::from_digit((11 - sum % 11) % 11, 10).unwrap_or('X');
    format!("{body}{check}")
}

/// The ISBN-13 of an ISBN-10: `978`, its nine digits, and a check digit that weighs them 1 and 3 in turn.
pub(crate) fn isbn13(isbn10: &str) -> String {
    let body = format!("978{}", isbn10.get(..9).unwrap_or_default());
    let sum: u32 = digits(&body).zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str) -> impl Iterator<Item = u32> {
    text.chars().filter_map(|c| c.to_digit(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_zeros_come_back() {
        assert_eq!(padded("306406152").unwrap(), "0306406152");
        assert_eq!(padded("80442957x").unwrap(), "080442957X");
        for none in ["", "12345678901", "X306406152", "12-34", "１２３"] {
            assert_eq!(padded(none), None, "{none}");
        }
    }

    #[test]
    fn check_digits_are_those_of_the_standard() {
        assert_eq!(isbn10("030640615"), "0306406152");
        assert_eq!(isbn10("080442957"), "080442957X");
        assert_eq!(isbn10("000000000"), "0000000000");
        assert_eq!(isbn13("0306406152"), "9780306406157");
        assert_eq!(isbn13("080442957X"), "9780804429573");
    }
}
