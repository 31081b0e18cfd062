//! Decimal numbers of any length as text, compared exactly.
use std::cmp::Ordering;

/// A decimal number: its digits without leading and trailing zeros, so that equal numbers have equal parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Decimal<T> {
    negative: bool,
    whole: T,
    fraction: T,
}

impl<'a> Decimal<&'a str> {
    /// Reads an optional sign, digits, and optionally a point and digits; none for anything else, exponents included.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        // There is no negative zero.
        let negative = negative && !(whole.is_empty() && fraction.is_empty());
        Some(Decimal { negative, whole, fraction })
    }

    /// The same number, keeping its digits itself.
    pub(super) fn into_owned(self) -> Decimal<Box<str>> {
        Decimal { negative: self.negative, whole: self.whole.into(), fraction: self.fraction.into() }
    }
}

impl<T: AsRef<str>> Decimal<T> {
    /// Which of two numbers is greater.
    pub(super) fn compare<U: AsRef<str>>(&self, other: &Decimal<U>) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitude(other),
            (true, true) => self.compare_magnitude(other).reverse(),
        }
    }

    /// Without zeros in front the longer whole part is the greater one, and parts of one length compare as texts; so do
    /// fractions without zeros behind.
    fn compare_magnitude<U: AsRef<str>>(&self, other: &Decimal<U>) -> Ordering {
        let (whole, other_whole) = (self.whole.as_ref(), other.whole.as_ref());
        (whole.len().cmp(&other_whole.len()))
            .then_with(|| whole.cmp(other_whole))
            .then_with(|| self.fraction.as_ref().cmp(other.fraction.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(left: &str, right: &str) -> Option<Ordering> {
        Some(Decimal::parse(left)?.compare(&Decimal::parse(right)?.into_owned()))
    }

    #[test]
    fn numbers_compare_by_value_and_not_by_text() {
        use Ordering::*;
        let cases = [
            ("9", "10", Less),
            ("-9", "-10", Greater),
            ("-1", "1", Less),
            ("-0", "+0.00", Equal),
            ("007", "7.0", Equal),
            ("1.5", "1.45", Greater),
            ("1.5", "1.55", Less),
            ("-0.1", "0", Less),
            ("12345678901234567890123456789.1", "12345678901234567890123456789.09", Greater),
        ];
        for (left, right, expected) in cases {
            assert_eq!(order(left, right), Some(expected), "{left} against {right}");
            assert_eq!(order(right, left), Some(expected.reverse()), "{right} against {left}");
        }
    }

    #[test]
    fn what_is_no_plain_decimal_is_no_number() {
        for text in
            ["", "-", "+", ".", "1.", ".5", "1e3", "0x1", " 1", "1 ", "1_000", "1,5", "--1", "1.2.3", "NaN", "١"]
        {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn thousandths_compare_like_integers(left in -10_000_000i64..10_000_000, right in -10_000_000i64..10_000_000) {
            let text = |n: i64| format!("{}{}.{:03}", if n < 0 { "-" } else { "" }, n.abs() / 1000, n.abs() % 1000);
            prop_assert_eq!(order(&text(left), &text(right)), Some(left.cmp(&right)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = Decimal::parse(&text);
        }
    }
}
