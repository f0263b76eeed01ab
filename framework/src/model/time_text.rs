//! Times and dates as answers show them. chrono writes the same by way of its formatter, which takes ten times as long, and a
//! page has a time in nearly every row.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};

/// Nanoseconds of a leap second begin here.
const SECOND: u32 = 1_000_000_000;

/// Writes a time as RFC 3339 in UTC with `Z`, to the microsecond.
pub(super) fn write_timestamp(time: DateTime<Utc>, out: &mut Vec<u8>) {
    let (date, clock) = (time.date_naive(), time.time());
    let Some(year) = year(date).filter(|_| clock.nanosecond() < SECOND) else {
        return display(&time.to_rfc3339_opts(SecondsFormat::Micros, true), out);
    };
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    calendar(&mut text, year, date);
    digits(&mut text[11..13], clock.hour());
    digits(&mut text[14..16], clock.minute());
    digits(&mut text[17..19], clock.second());
    digits(&mut text[20..26], clock.nanosecond() / 1000);
    out.extend_from_slice(&text);
}

/// Writes a date as ISO 8601 has it.
pub(super) fn write_date(date: NaiveDate, out: &mut Vec<u8>) {
    let Some(year) = year(date) else { return display(&date, out) };
    let mut text = *b"0000-00-00";
    calendar(&mut text, year, date);
    out.extend_from_slice(&text);
}

/// The year if it has four digits; others have a sign.
fn year(date: NaiveDate) -> Option<u32> {
    u32::try_from(date.year()).ok().filter(|year| *year < 10_000)
}

fn calendar(text: &mut [u8], year: u32, date: NaiveDate) {
    digits(&mut text[..4], year);
    digits(&mut text[5..7], date.month());
    digits(&mut text[8..10], date.day());
}

fn digits(text: &mut [u8], mut number: u32) {
    for digit in text.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

fn display(value: &impl fmt::Display, out: &mut Vec<u8>) {
    use std::io::Write;
    write!(out, "{value}").expect("writing to a Vec cannot fail");
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveTime};

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("digits and signs")
    }

    #[track_caller]
    fn assert_as_chrono(time: DateTime<Utc>) {
        let expected = time.to_rfc3339_opts(SecondsFormat::Micros, true);
        assert_eq!(written(|out| write_timestamp(time, out)), expected);
        assert_eq!(written(|out| write_date(time.date_naive(), out)), time.date_naive().to_string());
    }

    #[test]
    fn times_are_written_as_chrono_writes_them() {
        // Steps that meet every month, hour, minute and digit sooner or later.
        let mut microseconds = -62_167_219_200_000_000_i64; // the year 0
        while let Some(time) = DateTime::from_timestamp_micros(microseconds).filter(|time| time.year() < 10_000) {
            assert_as_chrono(time);
            microseconds += 9_876_543_219_876_543;
        }
        let day = NaiveDate::from_ymd_opt(2023, 12, 30).expect("a day");
        for days in 0..400 {
            assert_as_chrono((day + Days::new(days)).and_time(NaiveTime::MIN).and_utc());
        }
    }

    #[test]
    fn so_are_those_beyond_four_digits_and_leap_seconds() {
        for time in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert_as_chrono(time);
        }
        let year = |year| NaiveDate::from_ymd_opt(year, 12, 31).expect("a day");
        for date in [year(-1), year(0), year(9_999), year(10_000)] {
            assert_as_chrono(
                date.and_time(NaiveTime::from_hms_nano_opt(23, 59, 59, 999_999_999).expect("a time")).and_utc(),
            );
        }
        let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).expect("a leap second");
        assert_as_chrono(year(2016).and_time(leap).and_utc());
    }
}
