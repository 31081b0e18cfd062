//! The OpenAPI document, built from the same table that mounts the methods.
use super::answer::Error;
use super::batch::Batch;
use super::method::{Entry, Method};
use super::table::METHODS;
use super::tail::{self, Tail, TailLine};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, ContentBuilder, InfoBuilder, OpenApiBuilder, PathItem, PathsBuilder, Ref, Required};
use utoipa::openapi::{RefOr, Response, ResponseBuilder};

type Place = fn(ApiKeyValue) -> ApiKey;

/// The ways to give a key: the scheme's name here, where it stands, under which name, and what.
const KEYS: [(&str, Place, &str, &str); 3] = [
    ("header", ApiKey::Header, "X-API-Key", "One of the keys of `api.key`"),
    ("authorization", ApiKey::Header, "Authorization", "`apikey KEY`"),
    ("query", ApiKey::Query, "api_key", "One of the keys of `api.key`; it may end up in logs"),
];

/// The document for an API mounted at `prefix`, as JSON.
pub fn document(prefix: &str) -> String {
    let mut components = ComponentsBuilder::new().schema_from::<Error>();
    let mut paths = PathsBuilder::new();
    for entry in METHODS {
        let names;
        (components, names) = (entry.describe)(components);
        let item = PathItem::new(HttpMethod::Post, operation(entry, &names));
        paths = paths.path(format!("{prefix}/{}", entry.name), item);
    }
    let mut inner = vec![];
    TailLine::schemas(&mut inner);
    components = components.schemas_from_iter(inner).schema_from::<Tail>().schema_from::<TailLine>();
    paths = paths.path(format!("{prefix}/{}", tail::NAME), PathItem::new(HttpMethod::Post, tailed()));
    for (path, summary, media) in WATCHED {
        paths = paths.path(path, PathItem::new(HttpMethod::Get, watched(path, summary, media)));
    }
    for (scheme, place, name, about) in KEYS {
        let key = place(ApiKeyValue::with_description(name, about));
        components = components.security_scheme(scheme, SecurityScheme::ApiKey(key));
    }
    let info = InfoBuilder::new().title("Callboard").version(env!("CARGO_PKG_VERSION"));
    let info =
        info.description(Some("What backends ask of the broker: publish, order sessions, read presence and history."));
    let document = OpenApiBuilder::new().info(info.build()).paths(paths.build()).components(Some(components.build()));
    document.build().to_json().expect("the document holds texts and numbers only, which JSON can")
}

/// What is asked by machines that keep the broker running; no key is needed.
const WATCHED: [(&str, &str, &str); 3] = [
    ("/health", "Answers as long as the process does", "application/json"),
    ("/ready", "Answers 200 where the broker may take traffic, else 503 with the reasons", "application/json"),
    ("/metrics", "The metrics in the OpenMetrics text format", "application/openmetrics-text"),
];

fn watched(path: &str, summary: &str, media: &str) -> Operation {
    let content = ContentBuilder::new().build();
    let operation = OperationBuilder::new().summary(Some(summary)).operation_id(Some(path.trim_start_matches('/')));
    let ok = ResponseBuilder::new().description("OK").content(media, content).build();
    let operation = operation.tag("watch").response("200", ok);
    match path {
        "/ready" => operation.response("503", Response::new("Not now; `reasons` says why")).build(),
        _ => operation.build(),
    }
}

fn operation(entry: &Entry, [request, result]: &[String; 2]) -> Operation {
    let request = content(Ref::from_schema_name(request), entry.request);
    called(entry.name, entry.summary, request, done(entry, result))
}

/// The one whose answer is a stream.
fn tailed() -> Operation {
    let request = content(Ref::from_schema_name(Tail::name()), tail::REQUEST);
    let ok = ResponseBuilder::new().description("The events, an object in each line; or, as JSON, the error");
    let ok = ok.content("application/x-ndjson", content(Ref::from_schema_name(TailLine::name()), tail::LINE));
    called(tail::NAME, tail::SUMMARY, request, ok.build())
}

fn called(name: &str, summary: &str, request: Content, ok: Response) -> Operation {
    let body = RequestBodyBuilder::new().required(Some(Required::True)).content("application/json", request);
    let mode = ParameterBuilder::new()
        .name("X-Centrifugo-Error-Mode")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "`transport`: errors are the body, with a status that fits, instead of standing in one with 200",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(utoipa::openapi::Type::String).enum_values(Some(["transport"]))));
    let operation = OperationBuilder::new()
        .summary(Some(summary))
        .operation_id(Some(name))
        .tag("api")
        .parameter(mode)
        .request_body(Some(body.build()))
        .response("200", ok)
        .response("400", Response::new("The body is no request of this method; a short text says why"))
        .response("401", Response::new("No key, or a wrong one"))
        .response("413", Response::new("The body is larger than `limits.body`"))
        .response("415", Response::new("The content type is not `application/json`"))
        .response("default", refused());
    let keys = KEYS.map(|(scheme, ..)| SecurityRequirement::new(scheme, std::iter::empty::<String>()));
    keys.into_iter().fold(operation, OperationBuilder::security).build()
}

fn done(entry: &Entry, result: &str) -> Response {
    let (result, example) = (Ref::from_schema_name(result), entry.result.to_owned());
    let content = match entry.name == Batch::NAME {
        true => content(result, &example),
        false => content(enclosing(result), &format!(r#"{{"result":{example}}}"#)),
    };
    let response = ResponseBuilder::new().description("The result, or the error with which the call was refused");
    response.content("application/json", content).build()
}

fn enclosing(result: Ref) -> Schema {
    let object = ObjectBuilder::new().property("result", result);
    object.property("error", Ref::from_schema_name(Error::name())).build().into()
}

fn refused() -> Response {
    let error = content(Ref::from_schema_name(Error::name()), r#"{"code":102,"message":"unknown channel"}"#);
    let response = ResponseBuilder::new().description("In the error mode `transport`: why the call was refused");
    response.content("application/json", error).build()
}

fn content(schema: impl Into<RefOr<Schema>>, example: &str) -> Content {
    let example: Option<Value> = serde_json::from_str(example).ok();
    ContentBuilder::new().schema(Some(schema)).example(example).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_json_and_every_request_can_be_read() {
        for entry in METHODS {
            assert!((entry.prepare)(entry.request).is_ok(), "{}: {}", entry.name, entry.request);
            assert!(serde_json::from_str::<Value>(entry.result).is_ok(), "{}: {}", entry.name, entry.result);
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document: Value = serde_json::from_str(&document("/api")).unwrap();
        let text = document.to_string();
        let references = text.split(r##""#/components/schemas/"##).skip(1);
        let mut names: Vec<&str> = references.filter_map(|rest| rest.split('"').next()).collect();
        names.dedup();
        assert!(names.len() > METHODS.len(), "{names:?}");
        for name in names {
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
