//! Arguments of events, to and from Rust types.
use super::binary::with_attachments;
use crate::delivery::Acknowledgement;
use crate::types::{Fault, Json, JsonError, ReplyError};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Arguments as they are on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// The arguments: an array.
    pub args: Json,
    /// The binary parts that placeholders in the arguments stand for.
    pub attachments: Vec<Bytes>,
}

/// Why arguments are not what a handler declares.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadArgument {
    /// One is of another type. Counted from 1.
    #[error("argument {position}: {reason}")]
    Type {
        /// Which.
        position: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// One is not there. Counted from 1.
    #[error("argument {position} is missing")]
    Missing {
        /// Which.
        position: usize,
    },
}

impl From<BadArgument> for Fault {
    /// Error 107, which names the argument.
    fn from(bad: BadArgument) -> Self {
        ReplyError { message: bad.to_string().into(), ..ReplyError::BAD_REQUEST }.into()
    }
}

/// What a handler may declare as its arguments: a tuple of types that serde can read, [`Arguments`] as they came, or `()`
/// for none. More arguments than that are left alone, as JavaScript does; one that is missing is `None` where it is an
/// `Option`.
pub trait FromArguments: Sized {
    /// Reads the arguments. Fails with the first that does not fit.
    fn from_arguments(arguments: Arguments) -> Result<Self, BadArgument>;
}

/// What can be sent as arguments: a tuple of values that serde can write, `()` for none, or [`Arguments`] as they are.
pub trait IntoArguments {
    /// Writes the arguments. Fails where serde cannot.
    fn into_arguments(self) -> Result<Arguments, JsonError>;
}

/// What a handler may answer: nothing, arguments for the acknowledgement, or either or an error.
pub trait IntoAcknowledgement {
    /// The acknowledgement; none leaves it to the next handler, or to nobody.
    fn into_acknowledgement(self) -> Result<Option<Acknowledgement>, Fault>;
}

impl FromArguments for Arguments {
    fn from_arguments(arguments: Arguments) -> Result<Self, BadArgument> {
        Ok(arguments)
    }
}

impl FromArguments for () {
    fn from_arguments(_: Arguments) -> Result<Self, BadArgument> {
        Ok(())
    }
}

impl IntoArguments for Arguments {
    fn into_arguments(self) -> Result<Arguments, JsonError> {
        Ok(self)
    }
}

impl IntoArguments for () {
    fn into_arguments(self) -> Result<Arguments, JsonError> {
        Ok(Arguments { args: Json::write(&[(); 0])?, attachments: vec![] })
    }
}

impl IntoAcknowledgement for () {
    fn into_acknowledgement(self) -> Result<Option<Acknowledgement>, Fault> {
        Ok(None)
    }
}

impl<T: IntoAcknowledgement> IntoAcknowledgement for Option<T> {
    fn into_acknowledgement(self) -> Result<Option<Acknowledgement>, Fault> {
        self.map_or(Ok(None), T::into_acknowledgement)
    }
}

impl<T: IntoAcknowledgement, E: Into<Fault>> IntoAcknowledgement for Result<T, E> {
    fn into_acknowledgement(self) -> Result<Option<Acknowledgement>, Fault> {
        self.map_err(Into::into)?.into_acknowledgement()
    }
}

impl IntoAcknowledgement for Arguments {
    fn into_acknowledgement(self) -> Result<Option<Acknowledgement>, Fault> {
        acknowledgement(self)
    }
}

fn acknowledgement(arguments: impl IntoArguments) -> Result<Option<Acknowledgement>, Fault> {
    let Arguments { args, attachments } = arguments.into_arguments().map_err(|error| {
        log::error!("an acknowledgement cannot be written as JSON: {error}");
        Fault::from(ReplyError::INTERNAL)
    })?;
    Ok(Some(Acknowledgement { args, attachments }))
}

fn write(value: &impl Serialize) -> Result<Arguments, JsonError> {
    let (args, attachments) = with_attachments(vec![], || Json::write(value));
    Ok(Arguments { args: args?, attachments })
}

fn read<T: DeserializeOwned>(elements: &[&RawValue], at: usize) -> Result<T, BadArgument> {
    let (position, raw) = (at + 1, elements.get(at));
    // Where it is an `Option`, none is as good as null.
    let text = raw.map_or("null", |raw| raw.get());
    serde_json::from_str(text).map_err(|error| match raw {
        Some(_) => BadArgument::Type { position, reason: error.to_string() },
        None => BadArgument::Missing { position },
    })
}

macro_rules! tuples {
    ($($($name:ident $at:literal),+;)*) => {$(
        impl<$($name: DeserializeOwned),+> FromArguments for ($($name,)+) {
            fn from_arguments(Arguments { args, attachments }: Arguments) -> Result<Self, BadArgument> {
                let elements: Vec<&RawValue> = args.read().unwrap_or_default();
                with_attachments(attachments, || Ok(($(read::<$name>(&elements, $at)?,)+))).0
            }
        }

        impl<$($name: Serialize),+> IntoArguments for ($($name,)+) {
            fn into_arguments(self) -> Result<Arguments, JsonError> {
                write(&self)
            }
        }

        impl<$($name: Serialize),+> IntoAcknowledgement for ($($name,)+) {
            fn into_acknowledgement(self) -> Result<Option<Acknowledgement>, Fault> {
                acknowledgement(self)
            }
        }
    )*};
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
}

#[cfg(test)]
mod tests {
    use super::super::Binary;
    use super::*;

    fn arguments(args: &'static str) -> Arguments {
        Arguments { args: Json::parse(args.into()).expect("valid JSON"), attachments: vec![] }
    }

    #[test]
    fn arguments_are_read_one_by_one_and_a_bad_one_is_named() {
        let read = |args| <(u64, Option<String>)>::from_arguments(arguments(args));
        assert_eq!(read(r#"[1,"x",true]"#), Ok((1, Some("x".into()))));
        assert_eq!(read("[1]"), Ok((1, None)));
        assert_eq!(read("[]"), Err(BadArgument::Missing { position: 1 }));
        let bad = read(r#"[1,[]]"#).expect_err("no string").to_string();
        assert!(bad.starts_with("argument 2: invalid type: sequence"), "{bad}");
    }

    #[test]
    fn binary_goes_through_wherever_it_stands() {
        #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
        struct File {
            name: String,
            content: Binary,
        }
        let file = File { name: "a".into(), content: Binary("\u{0}b".into()) };
        let written = (Binary("x".into()), &file).into_arguments().expect("it has a JSON form");
        let text = r#"[{"_placeholder":true,"num":0},{"name":"a","content":{"_placeholder":true,"num":1}}]"#;
        assert_eq!(written.args.as_str(), text);
        assert_eq!(<(Binary, File)>::from_arguments(written), Ok((Binary("x".into()), file)));
    }

    #[test]
    fn binary_without_an_attachment_is_a_bad_argument() {
        let bad = <(Binary,)>::from_arguments(arguments(r#"[{"_placeholder":true,"num":0}]"#));
        assert!(matches!(bad, Err(BadArgument::Type { position: 1, .. })));
        assert!(Json::write(&Binary::default()).is_err(), "nothing to attach it to");
    }
}
