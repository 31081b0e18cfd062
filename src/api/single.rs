//! The single endpoint of older libraries: `{"method": "publish", "params": {…}}`, posted to the prefix itself.
use super::method::{Malformed, Prepared, parse};
use super::table::METHODS;
use crate::types::ReplyError;
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Command {
    method: Option<String>,
    params: Option<Box<RawValue>>,
}

/// Reads a command: its method's name and the call. A method that does not exist is a call that answers error 104.
pub fn read(body: &str) -> Result<(&'static str, Prepared), Malformed> {
    let Command { method, params } = parse(body)?;
    let params = params.as_deref().map_or("{}", RawValue::get);
    match METHODS.iter().find(|entry| Some(entry.name) == method.as_deref()) {
        Some(entry) => Ok((entry.name, (entry.prepare)(params)?)),
        None => Ok(("", Box::new(|_| std::future::ready(Err(ReplyError::METHOD_NOT_FOUND)).boxed_local()))),
    }
}
