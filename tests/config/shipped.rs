use super::*;
use callboard::broker::{Expose, Namespace, Rule};
use callboard::service::ServiceConfig;
use callboard::transport::engineio::EngineConfig;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Keys that have no default, and so stand in the file as an example.
const UNSET: [&str; 18] = [
    "server.tls_certificate",
    "server.tls_key",
    "server.internal_host",
    "server.internal_port",
    "auth.jwks_url",
    "authentication.service",
    "authentication.secret_file",
    "rest.prefix",
    "backstage.auth.user_jwks_url",
    "backstage.auth.service_jwks_url",
    "socketio.services",
    "service.table",
    "service.allow",
    "strapi.roles",
    "strapi.permissions",
    "strapi.tokens",
    "strapi.users",
    "strapi.public_role",
];

/// The keys of the shipped file, those that are commented out included: section and key to value and whether it is live.
/// Of several namespaces the first counts.
fn written() -> BTreeMap<String, (String, bool)> {
    let mut keys = BTreeMap::new();
    let mut section = String::new();
    for line in config::SHIPPED.lines() {
        if let Some(name) = line.strip_prefix('[').or_else(|| line.strip_prefix("# [")) {
            section = name.trim_matches(['[', ']']).to_owned();
        }
        let text = line.strip_prefix("# ").unwrap_or(line);
        let Some((key, value)) = text.split_once(" = ") else { continue };
        if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            keys.entry(format!("{section}.{key}")).or_insert((value.to_owned(), !line.starts_with('#')));
        }
    }
    keys
}

/// All keys with their built-in defaults.
fn built_in() -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    let mut sections = serde_json::to_value(Config::default()).unwrap();
    sections["namespace"] = serde_json::to_value(Namespace::default()).unwrap();
    sections["socketio"] = serde_json::to_value(EngineConfig::default()).unwrap();
    sections["service"] = serde_json::to_value(ServiceConfig::default()).unwrap();
    sections["expose"] = serde_json::to_value(Expose::default()).unwrap();
    sections["backstage.auth"] = sections["backstage"].as_object_mut().unwrap().remove("auth").unwrap();
    for (section, inner) in sections.as_object().unwrap() {
        let Some(inner) = inner.as_object() else {
            keys.insert(format!(".{section}"), inner.clone());
            continue;
        };
        for (key, value) in inner {
            keys.insert(format!("{section}.{key}"), value.clone());
        }
    }
    keys
}

#[test]
fn it_parses_and_is_open_on_loopback() {
    let config = config::load(&Source::Shipped, [], &Overrides::default()).unwrap();
    let plain = config.namespaces.iter().find(|namespace| namespace.name.is_empty()).unwrap();
    assert_eq!((&plain.subscribe, &plain.publish), (&Rule::Anyone, &Rule::Anyone));
    assert!(plain.has_history() && plain.presence);
    let socketio = config.socketio.iter().find(|endpoint| endpoint.path == "/socket.io/").unwrap();
    assert!(socketio.builtin_events && socketio.namespaces == ["/"] && socketio.cors.is_empty());
}

#[test]
fn every_key_stands_in_it_and_no_other() {
    let (written, built_in) = (written(), built_in());
    let missing: Vec<_> = built_in.keys().filter(|key| !written.contains_key(*key)).collect();
    let unknown: Vec<_> = written.keys().filter(|key| !built_in.contains_key(*key)).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}, unknown: {unknown:?}");
}

#[test]
fn a_key_that_is_commented_out_has_its_built_in_default_beside_it() {
    let built_in = built_in();
    for (key, (value, is_live)) in written() {
        // A table that is commented out as a whole is an example; each of its keys needs the others.
        if is_live || UNSET.contains(&key.as_str()) || key.starts_with("expose.") || key.starts_with("service.") {
            continue;
        }
        let (section, name) = key.rsplit_once('.').unwrap();
        let table = match section {
            "namespace" | "socketio" => format!("[[{section}]]"),
            "" => String::new(),
            _ => format!("[{section}]"),
        };
        let config =
            load(&format!("{table}\n{name} = {value}\n")).unwrap_or_else(|problems| panic!("{key}: {problems}"));
        let effective = match section {
            "namespace" => json!({ "namespace": config.namespaces[0] }),
            "socketio" => json!({ "socketio": config.socketio[0] }),
            "backstage.auth" => json!({ "backstage.auth": config.backstage.auth }),
            "" => json!({ "": config }),
            _ => serde_json::to_value(&config).unwrap(),
        };
        assert_eq!(effective[section][name], built_in[&key], "{key}");
    }
}

#[test]
fn what_has_no_default_is_told_as_unset() {
    for key in UNSET {
        assert!(built_in()[key].is_null(), "{key} has a default now");
    }
}

#[test]
fn all_of_it_can_be_switched_on() {
    // A key or a table whose comment mark is taken away must work where it stands.
    let live: Vec<_> = config::SHIPPED
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(text) if text.starts_with("[[") => text,
            Some(text) if text.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => text,
            _ => line,
        })
        .collect();
    let loaded = file(&live.join("\n"));
    let read = config::read(&Source::File(loaded.path().to_owned()), [], &Overrides::default());
    assert!(read.is_ok(), "{}", read.unwrap_err());
}
