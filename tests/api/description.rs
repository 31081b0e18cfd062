//! The OpenAPI document.
use super::house::{House, config, post};
use actix_web::test::TestRequest;
use serde_json::{Value, json};

async fn document(house: &House) -> Value {
    let answer = house.ask(TestRequest::get().uri("/api/openapi.json")).await;
    assert_eq!((answer.status, answer.header("Content-Type")), (200, "application/json"));
    answer.json()
}

#[actix_web::test]
async fn every_method_of_the_contract_is_listed_with_schemas_and_examples() {
    let document = document(&House::new()).await;
    for method in [
        "publish",
        "broadcast",
        "subscribe",
        "unsubscribe",
        "disconnect",
        "refresh",
        "revoke",
        "presence",
        "presence_stats",
        "history",
        "history_remove",
        "channels",
        "connections",
        "info",
        "rpc",
        "emit",
        "signal",
        "strapi_raw",
        "strapi_emit",
        "batch",
        "map_publish",
        "shared_poll_publish",
    ] {
        let operation = &document["paths"][format!("/api/{method}")]["post"];
        let request = &operation["requestBody"]["content"]["application/json"];
        let response = &operation["responses"]["200"]["content"]["application/json"];
        for content in [request, response] {
            assert!(content["schema"].is_object() && content["example"].is_object(), "{method}: {operation}");
        }
        assert_eq!(operation["security"].as_array().unwrap().len(), 3, "{method}");
    }
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[actix_web::test]
async fn every_path_that_is_listed_is_mounted_and_takes_its_example() {
    let house = House::new();
    let document = document(&house).await;
    for (path, item) in document["paths"].as_object().unwrap() {
        if item["get"].is_object() {
            assert_eq!(house.ask(TestRequest::get().uri(path)).await.status, 200, "{path}");
            continue;
        }
        let example = &item["post"]["requestBody"]["content"]["application/json"]["example"];
        let answer = house.ask(post("", example.to_string()).uri(path)).await;
        assert_eq!(answer.status, 200, "{path} {example}: {answer:?}");
    }
}

#[actix_web::test]
async fn the_result_of_an_example_has_the_fields_that_are_described() {
    let house = House::new();
    let document = document(&house).await;
    let schemas = &document["components"]["schemas"];
    for method in [
        "publish",
        "presence",
        "presence_stats",
        "history",
        "channels",
        "connections",
        "info",
        "subscribe",
        "broadcast",
    ] {
        let operation = &document["paths"][format!("/api/{method}")]["post"];
        let content = |part: &Value| part["content"]["application/json"].clone();
        let result = house.result(method, content(&operation["requestBody"])["example"].clone()).await;
        let reference = content(&operation["responses"]["200"])["schema"]["properties"]["result"]["$ref"].clone();
        let schema = &schemas[reference.as_str().unwrap().rsplit('/').next().unwrap()];
        for field in result.as_object().unwrap().keys() {
            assert!(schema["properties"][field].is_object(), "{method}: {field} is not in {schema}");
        }
        for field in schema["required"].as_array().into_iter().flatten() {
            assert!(result.get(field.as_str().unwrap()).is_some(), "{method}: {field} is not in {result}");
        }
    }
}

#[actix_web::test]
async fn every_schema_that_is_referred_to_is_there() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document(&House::new()).await;
    let mut found = vec![];
    references(&document, &mut found);
    assert!(found.iter().any(|reference| reference.ends_with("/SessionDescription")), "{found:?}");
    for reference in found {
        let schema = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        assert!(schema.is_some_and(Value::is_object), "{reference}");
    }
}

#[actix_web::test]
async fn a_payload_may_be_any_json() {
    let document = document(&House::new()).await;
    let data = &document["components"]["schemas"]["Publish"]["properties"]["data"];
    assert!(data["description"].is_string() && data.get("type").is_none(), "{data}");
}

#[actix_web::test]
async fn the_prefix_of_the_config_is_the_prefix_of_the_paths() {
    let mut config = config();
    config.server.api_prefix = "/broker/v1/".to_owned();
    let house = House::with(config);
    let document = house.ask(TestRequest::get().uri("/broker/v1/openapi.json")).await.json();
    assert!(document["paths"]["/broker/v1/publish"].is_object());
    let request = post("", json!({"channel": "news", "data": 1}).to_string()).uri("/broker/v1/publish");
    assert_eq!(house.ask(request).await.status, 200);
}

#[actix_web::test]
async fn every_example_of_the_documentation_is_answered_and_every_method_has_one() {
    let text = include_str!("../../docs/http-api.md");
    let calls = text.lines().filter_map(|line| {
        let (_, call) = line.strip_prefix("curl ")?.split_once("/api/")?;
        let (method, rest) = call.split_once(' ')?;
        Some((method, rest.split_once('\'')?.1.strip_suffix('\'')?))
    });
    let calls: Vec<(&str, &str)> = calls.collect();
    let house = House::new();
    for (method, body) in &calls {
        let answer = house.post(method, *body).await;
        assert_eq!(answer.status, 200, "{method} {body}: {answer:?}");
    }
    let document = document(&house).await;
    let methods = document["paths"].as_object().unwrap().keys().filter_map(|path| path.strip_prefix("/api/"));
    for method in methods.filter(|method| !method.starts_with("map_") && *method != "shared_poll_publish") {
        assert!(calls.iter().any(|(name, _)| *name == method), "{method} has no example");
    }
}
