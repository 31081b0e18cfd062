//! What a call of a service fails with, as clients of Feathers know it.
//!
//! Source: `@feathersjs/errors` 5: the classes, their codes, and the fields of their JSON form.
use crate::types::{Fault, ReplyError};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

macro_rules! classes {
    ($($(#[$doc:meta])* $class:ident $make:ident = $code:literal $class_name:literal;)*) => {
        /// The kinds of errors that clients tell apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorClass {
            $($(#[$doc])* $class,)*
        }

        impl ErrorClass {
            /// All of them.
            pub const ALL: &'static [ErrorClass] = &[$(ErrorClass::$class),*];

            /// The number, which is the status of an answer over HTTP.
            pub fn code(self) -> u16 {
                match self {
                    $(ErrorClass::$class => $code,)*
                }
            }

            /// The name, by which clients find the class.
            pub fn name(self) -> &'static str {
                match self {
                    $(ErrorClass::$class => stringify!($class),)*
                }
            }

            /// The name as `className` has it.
            pub fn class_name(self) -> &'static str {
                match self {
                    $(ErrorClass::$class => $class_name,)*
                }
            }
        }

        impl ServiceError {
            $(
                $(#[$doc])*
                pub fn $make(message: impl Into<Cow<'static, str>>) -> Self {
                    ServiceError::new(ErrorClass::$class, message)
                }
            )*
        }
    };
}

classes! {
    /// The call makes no sense.
    BadRequest bad_request = 400 "bad-request";
    /// Nobody knows whose call it is.
    NotAuthenticated not_authenticated = 401 "not-authenticated";
    /// It must be paid for.
    PaymentError payment_error = 402 "payment-error";
    /// The caller may not do this.
    Forbidden forbidden = 403 "forbidden";
    /// There is no such service or document.
    NotFound not_found = 404 "not-found";
    /// The service has no such method.
    MethodNotAllowed method_not_allowed = 405 "method-not-allowed";
    /// The answer cannot have the form that was asked for.
    NotAcceptable not_acceptable = 406 "not-acceptable";
    /// It took too long.
    Timeout timeout = 408 "timeout";
    /// It contradicts what is there.
    Conflict conflict = 409 "conflict";
    /// It was there once.
    Gone gone = 410 "gone";
    /// The length of the body is missing.
    LengthRequired length_required = 411 "length-required";
    /// The data is understood and not accepted.
    Unprocessable unprocessable = 422 "unprocessable";
    /// Too much at once.
    TooManyRequests too_many_requests = 429 "too-many-requests";
    /// Something failed on our side.
    GeneralError general_error = 500 "general-error";
    /// It is not there yet.
    NotImplemented not_implemented = 501 "not-implemented";
    /// Another server that is needed failed.
    BadGateway bad_gateway = 502 "bad-gateway";
    /// It cannot be done now.
    Unavailable unavailable = 503 "unavailable";
}

/// Why a call failed. Its JSON form has `name`, `message`, `code`, `className`, and `data` and `errors` where there are any.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceError {
    /// Which kind of error it is.
    pub class: ErrorClass,
    /// The reason in words.
    pub message: Cow<'static, str>,
    /// More about it.
    pub data: Option<Box<Value>>,
    /// What is wrong with which field.
    pub errors: Option<Box<Value>>,
}

/// What a method of a service returns.
pub type ServiceResult = Result<Value, ServiceError>;

impl ServiceError {
    /// An error of this class.
    pub fn new(class: ErrorClass, message: impl Into<Cow<'static, str>>) -> Self {
        ServiceError { class, message: message.into(), data: None, errors: None }
    }

    /// The same with more about it: any JSON. The member `errors` of an object becomes [`ServiceError::errors`].
    pub fn with_data(mut self, data: impl Into<Value>) -> Self {
        let mut data = data.into();
        if let Value::Object(members) = &mut data
            && let Some(errors) = members.remove("errors")
        {
            self.errors = Some(Box::new(errors));
        }
        self.data = Some(Box::new(data));
        self
    }

    /// The same with what is wrong with which field: an object.
    pub fn with_errors(mut self, errors: impl Into<Value>) -> Self {
        self.errors = Some(Box::new(errors.into()));
        self
    }

    /// Its JSON form.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("name".into(), self.class.name().into());
        members.insert("message".into(), self.message.as_ref().into());
        members.insert("code".into(), self.class.code().into());
        members.insert("className".into(), self.class.class_name().into());
        members.extend(self.data.clone().map(|data| ("data".into(), *data)));
        members.extend(self.errors.clone().map(|errors| ("errors".into(), *errors)));
        Value::Object(members)
    }
}

impl Serialize for ServiceError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("name", self.class.name())?;
        members.serialize_entry("message", &self.message)?;
        members.serialize_entry("code", &self.class.code())?;
        members.serialize_entry("className", self.class.class_name())?;
        if let Some(data) = &self.data {
            members.serialize_entry("data", data)?;
        }
        if let Some(errors) = &self.errors {
            members.serialize_entry("errors", errors)?;
        }
        members.end()
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.name(), self.message)
    }
}

impl std::error::Error for ServiceError {}

/// The one table of what became of a call that never reached its service, or never came back.
impl From<Fault> for ServiceError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Reply(error) if error == ReplyError::TOO_MANY_REQUESTS => {
                ServiceError::too_many_requests("Too many calls of this service are under way")
            }
            Fault::Reply(error) if error == ReplyError::INTERNAL => {
                ServiceError::general_error("The service failed, or did not answer in time")
            }
            Fault::Reply(error) => ServiceError::general_error(error.message),
            Fault::Close(reason) => ServiceError::general_error(reason.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_has_the_form_that_clients_rebuild_it_from() {
        let error =
            ServiceError::unprocessable("bad thing").with_data(json!({"hint": "h", "errors": {"text": "required"}}));
        let form = json!({
            "name": "Unprocessable", "message": "bad thing", "code": 422, "className": "unprocessable",
            "data": {"hint": "h"}, "errors": {"text": "required"}
        });
        assert_eq!(error.to_json(), form);
        assert_eq!(serde_json::to_value(&error).expect("texts and numbers have a JSON form"), form);
    }

    #[test]
    fn each_class_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<u16> = ErrorClass::ALL.iter().map(|class| class.code()).collect();
        assert_eq!(codes.len(), ErrorClass::ALL.len());
    }
}
