//! Where attachments belong: `{"_placeholder":true,"num":0}` anywhere in a payload. The payload is not parsed for them, but
//! passed over once.
use super::arguments::unescaped;
use super::packet::PacketError;
use memchr::memchr2;

/// The deepest nesting of a payload with attachments.
const DEPTH: usize = 127;

/// Which attachments of a packet its placeholders name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Where the placeholders' numbers stand in the payload: one digit each, for there are at most ten attachments.
    digits: Vec<usize>,
    /// One bit for each attachment.
    named: u16,
}

impl Named {
    /// Finds the placeholders of valid JSON. Fails where one names none of `count` attachments, or the nesting is too deep.
    pub fn find(json: &str, count: usize) -> Result<Self, PacketError> {
        let digits = Scan { json, at: 0, open: vec![], found: vec![] }.run(count)?;
        let named = digits.iter().fold(0, |named, digit| named | 1 << number(json, *digit));
        Ok(Named { digits, named })
    }

    /// Whether a placeholder names this attachment.
    pub fn has(&self, attachment: usize) -> bool {
        self.named & 1 << attachment != 0
    }

    /// The payload for the attachments that are named alone, numbered anew without a gap; none where it stays as it is.
    pub fn renumbered(&self, json: &str) -> Option<String> {
        // The lowest bits are set up to the first gap: nothing moves where there is none behind it.
        if self.named & (self.named + 1) == 0 {
            return None;
        }
        let mut text = json.to_owned();
        for digit in &self.digits {
            let before = self.named & ((1 << number(json, *digit)) - 1);
            text.replace_range(digit..=digit, &before.count_ones().to_string());
        }
        Some(text)
    }
}

fn number(json: &str, digit: usize) -> u32 {
    u32::from(json.as_bytes()[digit] - b'0')
}

/// One way through valid JSON.
struct Scan<'a> {
    json: &'a str,
    at: usize,
    open: Vec<Open>,
    found: Vec<usize>,
}

/// An array or an object that has not ended yet.
struct Open {
    key: Key,
    is_placeholder: bool,
    number: Option<usize>,
    /// How many placeholders had been found before it began.
    found: usize,
}

/// Whose value comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Placeholder,
    Num,
    Other,
}

impl Scan<'_> {
    /// Where the numbers of the placeholders stand.
    fn run(mut self, count: usize) -> Result<Vec<usize>, PacketError> {
        let bytes = self.json.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => self.begin()?,
                b'}' | b']' => self.end(count)?,
                b't' => {
                    if let Some(open) = self.open.last_mut().filter(|open| open.key == Key::Placeholder) {
                        open.is_placeholder = true;
                    }
                    self.at += "true".len();
                }
                b'0'..=b'9' | b'-' => self.number(),
                b',' => {
                    if let Some(open) = self.open.last_mut() {
                        open.key = Key::Other;
                    }
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        Ok(self.found)
    }

    fn begin(&mut self) -> Result<(), PacketError> {
        if self.open.len() >= DEPTH {
            return Err(PacketError::Json);
        }
        self.open.push(Open { key: Key::Other, is_placeholder: false, number: None, found: self.found.len() });
        self.at += 1;
        Ok(())
    }

    /// An object whose `_placeholder` is true stands for an attachment as a whole; what else is in it does not count.
    fn end(&mut self, count: usize) -> Result<(), PacketError> {
        self.at += 1;
        let Some(open) = self.open.pop().filter(|open| open.is_placeholder) else { return Ok(()) };
        let digit = open.number.filter(|digit| (number(self.json, *digit) as usize) < count);
        self.found.truncate(open.found);
        self.found.push(digit.ok_or(PacketError::PlaceholderOutOfRange)?);
        Ok(())
    }

    /// A string; where a colon follows it is a key, the last one of its name counts.
    fn string(&mut self) {
        let bytes = self.json.as_bytes();
        let begin = self.at;
        self.at += 1;
        while let Some(found) = bytes.get(self.at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            self.at += found;
            match bytes[self.at] {
                b'"' => break,
                _ => self.at += 2,
            }
        }
        self.at += 1;
        let is_key = bytes[self.at.min(bytes.len())..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        let Some(open) = self.open.last_mut().filter(|_| is_key) else { return };
        open.key = key(&self.json[begin..self.at]);
        match open.key {
            Key::Placeholder => open.is_placeholder = false,
            Key::Num => open.number = None,
            Key::Other => {}
        }
    }

    /// A number; one of several characters names no attachment.
    fn number(&mut self) {
        let bytes = self.json.as_bytes();
        let begin = self.at;
        let ends = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        self.at = bytes[begin..].iter().position(ends).map_or(bytes.len(), |length| begin + length);
        let is_digit = self.at == begin + 1;
        if let Some(open) = self.open.last_mut().filter(|open| open.key == Key::Num && is_digit) {
            open.number = Some(begin);
        }
    }
}

fn key(string: &str) -> Key {
    match string {
        r#""_placeholder""# => Key::Placeholder,
        r#""num""# => Key::Num,
        escaped if escaped.contains('\\') => match unescaped(escaped).as_deref() {
            Some("_placeholder") => Key::Placeholder,
            Some("num") => Key::Num,
            _ => Key::Other,
        },
        _ => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(json: &str, count: usize) -> Result<Named, PacketError> {
        Named::find(json, count)
    }

    fn bits(json: &str) -> u16 {
        find(json, 10).unwrap_or_else(|error| panic!("{json}: {error}")).named
    }

    #[test]
    fn placeholders_are_found_wherever_they_stand() {
        assert_eq!(
            bits(r#"["a",{"_placeholder":true,"num":0},[{"x":{ "num" : 3 , "_placeholder" : true }}]]"#),
            0b1001
        );
        assert_eq!(bits(r#"[{"_placeholder":true,"num":2},{"_placeholder":true,"num":2}]"#), 0b100);
        assert_eq!(bits(r#"[{"\u005fplaceholder":true,"n\u0075m":1}]"#), 0b10);
    }

    #[test]
    fn what_only_looks_like_a_placeholder_is_none() {
        let none = [
            r#"[{"_placeholder":false,"num":1}]"#,
            r#"[{"_placeholder":true,"_placeholder":1,"num":1}]"#,
            r#"["{\"_placeholder\":true,\"num\":1}"]"#,
            r#"[{"x":["_placeholder",true,"num",1]}]"#,
            r#"[{"_placeholder":[true],"num":1}]"#,
            "[1,2]",
        ];
        none.iter().for_each(|json| assert_eq!(bits(json), 0, "{json}"));
    }

    #[test]
    fn a_placeholder_stands_for_an_attachment_as_a_whole() {
        assert_eq!(bits(r#"[{"a":{"_placeholder":true,"num":5},"_placeholder":true,"num":1}]"#), 0b10);
    }

    #[test]
    fn a_placeholder_that_names_no_attachment_is_an_error() {
        for num in ["2", "-1", "1.0", "10", "\"1\"", "null", "[1]", "1e0", "00"] {
            let json = format!(r#"[{{"_placeholder":true,"num":{num}}}]"#);
            assert_eq!(find(&json, 2), Err(PacketError::PlaceholderOutOfRange), "{num}");
        }
        assert_eq!(find(r#"[{"_placeholder":true}]"#, 2), Err(PacketError::PlaceholderOutOfRange));
    }

    #[test]
    fn attachments_are_numbered_without_those_that_nobody_names() {
        let json = r#"[{"_placeholder":true,"num":9},{"_placeholder":true,"num":1},{"num":9}]"#;
        let named = find(json, 10).expect("all are there");
        let expected = r#"[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0},{"num":9}]"#;
        assert_eq!(named.renumbered(json).as_deref(), Some(expected));
        assert!(named.has(9) && named.has(1) && !named.has(0));
        let whole = r#"[{"_placeholder":true,"num":0}]"#;
        assert_eq!(find(whole, 10).expect("it is there").renumbered(whole), None);
    }
}
