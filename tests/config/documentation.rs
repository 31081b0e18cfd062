use super::*;
use callboard::broker::{Expose, Namespace};
use callboard::service::ServiceConfig;
use callboard::service::strapi::ContentTypeConfig;
use callboard::transport::engineio::EngineConfig;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/configuration.md");

/// The text under a heading, up to the next of its kind.
fn section(name: &str) -> &'static str {
    let heading = format!("\n## `{name}`\n");
    let start = DOCUMENT.find(&heading).unwrap_or_else(|| panic!("no heading for {name}")) + heading.len();
    DOCUMENT[start..].split("\n## ").next().unwrap()
}

/// The rows of a section's table: key, default, meaning.
fn rows(name: &str) -> Vec<Vec<&'static str>> {
    let lines = section(name).lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// A default as the tables write it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "unset".to_owned(),
        Value::String(text) => format!("`\"{text}\"`"),
        other => format!("`{other}`"),
    }
}

/// A table in a section stands under a heading of its own.
fn nested(sections: &mut Value) {
    sections["backstage.auth"] = sections["backstage"].as_object_mut().unwrap().remove("auth").unwrap();
}

#[test]
fn each_key_is_documented_with_its_default_and_no_other_key_is() {
    let mut sections = serde_json::to_value(Config::default()).unwrap();
    sections["namespace"] = serde_json::to_value(Namespace::default()).unwrap();
    sections["socketio"] = serde_json::to_value(EngineConfig::default()).unwrap();
    sections["service"] = serde_json::to_value(ServiceConfig::default()).unwrap();
    sections["expose"] = serde_json::to_value(Expose::default()).unwrap();
    sections["strapi.content_type"] = serde_json::to_value(ContentTypeConfig::new("", "")).unwrap();
    // A key without a section stands under its own name.
    let engine = sections["engine"].take();
    sections["engine"] = serde_json::json!({ "engine": engine });
    nested(&mut sections);
    for (name, keys) in sections.as_object().unwrap() {
        let heading = match name.as_str() {
            "namespace" | "socketio" | "expose" | "service" | "strapi.content_type" => format!("[[{name}]]"),
            "engine" => name.clone(),
            _ => format!("[{name}]"),
        };
        let rows = rows(&heading);
        let documented: Vec<(String, String)> = rows.iter().map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
        let wanted: Vec<_> = keys.as_object().unwrap().iter().map(|(k, v)| (format!("`{k}`"), shown(v))).collect();
        let missing: Vec<_> = wanted.iter().filter(|row| !documented.contains(row)).collect();
        let wrong: Vec<_> = documented.iter().filter(|row| !wanted.contains(row)).collect();
        assert!(missing.is_empty() && wrong.is_empty(), "{heading}: missing {missing:?}, wrong {wrong:?}");
        assert!(rows.iter().all(|row| row.len() == 3 && !row[2].is_empty()), "{heading}: a row without a meaning");
    }
}

#[test]
fn its_examples_are_good_configs() {
    let blocks: Vec<_> = DOCUMENT.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 3);
    for block in blocks {
        let file = file(block);
        let read = config::read(&Source::File(file.path().to_owned()), [], &Overrides::default());
        assert!(read.is_ok(), "{}\n{block}", read.unwrap_err());
    }
}
