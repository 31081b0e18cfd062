//! Writes JSON objects into a frame as the protocol wants them: what is zero, false or empty is left out, but for the few
//! fields that the reference always writes (those without `omitempty` in its `client.pb.go`); payloads stand as they came. Without a tree and without a second pass over payloads.
use crate::protocol::{Frame, FrameBuilder};
use crate::types::Json;
use serde::Serialize;
use std::io::Write;

/// An object being written.
pub(super) struct Object<'a> {
    out: &'a mut FrameBuilder,
    empty: bool,
}

/// A text frame that holds one object; `size` is a guess at its length in bytes.
pub(super) fn frame(size: usize, write: impl FnOnce(&mut Object<'_>)) -> Frame {
    let mut out = FrameBuilder::text(size);
    braced(&mut out, write);
    out.finish()
}

fn braced(out: &mut FrameBuilder, write: impl FnOnce(&mut Object<'_>)) {
    put(out, b"{");
    write(&mut Object { out, empty: true });
    put(out, b"}");
}

fn put(out: &mut FrameBuilder, bytes: &[u8]) {
    out.write_all(bytes).expect("a frame grows in memory, where a write does not fail");
}

fn put_value(out: &mut FrameBuilder, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(out, value).expect("a text, number or id serializes, and a write to memory does not fail");
}

impl Object<'_> {
    fn comma(&mut self) {
        if !std::mem::replace(&mut self.empty, false) {
            put(self.out, b",");
        }
    }

    /// `name` is one of the protocol's: it needs no escapes.
    fn key(&mut self, name: &'static str) {
        self.comma();
        put(self.out, b"\"");
        put(self.out, name.as_bytes());
        put(self.out, b"\":");
    }

    /// A key that somebody else has named.
    fn free_key(&mut self, name: &str) {
        self.comma();
        put_value(self.out, name);
        put(self.out, b":");
    }

    /// A text, unless it is empty.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.key(name);
            put_value(self.out, text);
        }
    }

    /// A number, unless it is 0.
    pub(super) fn number(&mut self, name: &'static str, number: u64) {
        if number != 0 {
            self.key(name);
            put_value(self.out, &number);
        }
    }

    /// A `true`, unless it is false.
    pub(super) fn flag(&mut self, name: &'static str, flag: bool) {
        if flag {
            self.key(name);
            put(self.out, b"true");
        }
    }

    /// A value that is always written: it cannot be empty, or the reference writes it empty too.
    pub(super) fn value(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.key(name);
        put_value(self.out, value);
    }

    /// A payload, if there is one.
    pub(super) fn json(&mut self, name: &'static str, json: Option<&Json>) {
        if let Some(json) = json {
            self.key(name);
            put(self.out, json.bytes());
        }
    }

    /// An object, also where it is empty.
    pub(super) fn object(&mut self, name: &'static str, write: impl FnOnce(&mut Object<'_>)) {
        self.key(name);
        braced(self.out, write);
    }

    /// An object under a key that somebody else has named.
    pub(super) fn entry(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.free_key(name);
        braced(self.out, write);
    }

    /// A text under a key that somebody else has named, also where it is empty.
    pub(super) fn text_entry(&mut self, name: &str, text: &str) {
        self.free_key(name);
        put_value(self.out, text);
    }

    /// A list of objects, also where it is empty.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Object<'_>, T),
    ) {
        self.key(name);
        put(self.out, b"[");
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                put(self.out, b",");
            }
            braced(self.out, |object| write(object, item));
        }
        put(self.out, b"]");
    }
}
