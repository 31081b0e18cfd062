//! Calls of services over Socket.IO: the event is the method, its first argument the path, and the answer an acknowledgement.
//!
//! Source: `@feathersjs/transport-commons` 5, `runMethod`. What is asked for with an acknowledgement and a text as first argument is
//! a call, also where there is no such service or method; the original would never answer that.
use super::app::App;
use super::call::{Input, Outcome, Purpose, ServiceCall};
use super::connection::Connection;
use super::error::ServiceError;
use super::method::Method;
use super::params::{Params, Provider};
use crate::broker::handler::{EmitCall, EmitRoute, Emitting};
use crate::delivery::Acknowledgement;
use crate::types::Json;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The event by which a client says which events of a service it wants.
const SUBSCRIBE: &str = "subscribe";

/// Takes the calls of the clients of services.
pub(super) struct SocketCalls;

impl EmitRoute for SocketCalls {
    fn route(&self, call: &EmitCall) -> Option<Emitting> {
        let app = App::of(call.session.node())?.for_caller(call.session.clone());
        if !app.services().are_for(&call.session) {
            return None;
        }
        let args: Vec<&RawValue> = call.args.read().ok()?;
        let path: Option<String> = args.first().and_then(|path| serde_json::from_str(path.get()).ok());
        let method = Method::named(&call.event);
        let is_method = app.services().have(&method);
        let is_call = is_method || call.wants_ack && path.is_some();
        match path {
            // Where a service has a method of that name, that goes before.
            Some(path) if call.event == SUBSCRIBE && !is_method && call.wants_ack => {
                Some(answered(subscribe(&app, call, &path, args.get(1).copied())))
            }
            Some(path) if is_call => Some(run(app, call, method, &path, args.len()).unwrap_or_else(refused)),
            None if is_method && call.wants_ack => Some(refused(ServiceError::not_found("Invalid service path"))),
            Some(_) | None => None,
        }
    }
}

fn run(app: App, call: &EmitCall, method: Method, path: &str, args: usize) -> Result<Emitting, ServiceError> {
    let not_found = || ServiceError::not_found(format!("Service '{path}' not found"));
    let (entry, route) = app.services().at(path).map(|(entry, route)| (entry.clone(), route)).ok_or_else(not_found)?;
    if !entry.definition.methods.contains(&method) {
        let message = format!("Method '{method}' not allowed on service '{path}'");
        return Err(ServiceError::method_not_allowed(message));
    }
    // The path, what the method has, and the query.
    if args > method.arguments() + 2 {
        return Err(ServiceError::bad_request(format!("Too many arguments for '{method}' method")));
    }
    let mut params = Params::default();
    params.route = route;
    params.provider = Some(Provider::SocketIo);
    params.connection = Some(Connection::of(&call.session));
    let handshake = call.session.home.as_ref().and_then(|home| home.handshake.as_deref());
    params.address = handshake.and_then(|handshake| handshake.address);
    let input = Input::Sent(call.args.clone(), call.attachments.clone());
    let (begun, answer) = entry.ask_and_see(ServiceCall { app, method, input, params, purpose: Purpose::Client });
    let answer = Box::pin(async move {
        let outcome = answer.await.map_err(ServiceError::from).and_then(|outcome| outcome);
        Ok(Some(acknowledgement(outcome)))
    });
    Ok(Emitting { begun, answer })
}

/// The client gets from now on those events alone that it names.
fn subscribe(app: &App, call: &EmitCall, path: &str, events: Option<&RawValue>) -> Result<Value, ServiceError> {
    let service = app.service(path)?;
    let events: BTreeSet<String> = events
        .and_then(|events| serde_json::from_str(events.get()).ok())
        .ok_or_else(|| ServiceError::bad_request("The events must be an array of names"))?;
    if let Some(unknown) = events.iter().find(|event| !service.lists(event)) {
        let message = format!("'{unknown}' is not an event of the service '{path}'");
        return Err(ServiceError::bad_request(message));
    }
    let answer = json!({"path": service.path(), "events": events});
    match Connection::of(&call.session).choose(service.path(), events) {
        true => Ok(answer),
        false => Err(ServiceError::too_many_requests("This connection has named the events of too many services")),
    }
}

fn refused(error: ServiceError) -> Emitting {
    answered(Err(error))
}

fn answered(result: Result<Value, ServiceError>) -> Emitting {
    let written = |value| Json::write(&value).map_err(|_| ServiceError::general_error("The answer has no JSON form"));
    let outcome = result.and_then(written).map(|body| Outcome::Shown { body, status: None, location: None });
    let answer = Ok(Some(acknowledgement(outcome)));
    Emitting { begun: Box::pin(std::future::ready(())), answer: Box::pin(std::future::ready(answer)) }
}

/// `[null, result]`, or `[error]` alone.
fn acknowledgement(outcome: Result<Outcome, ServiceError>) -> Acknowledgement {
    let lost = |_| Json::null();
    let args = match outcome {
        Ok(Outcome::Shown { body, .. }) => Json::array(&[&Json::null(), &body]),
        // It was asked for as it is sent.
        Ok(Outcome::Value(value)) => Json::array(&[&Json::null(), &Json::write(&value).unwrap_or_else(lost)]),
        Err(error) => Json::array(&[&Json::write(&error).unwrap_or_else(lost)]),
    };
    Acknowledgement { args, attachments: vec![] }
}
