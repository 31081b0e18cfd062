//! Settings of `[[expose]]` that make no sense.
use super::sense::Found;
use crate::broker::{Expose, Rule};
use crate::server::Config;
use std::collections::HashMap;

impl Found {
    pub(super) fn of_spaces(&mut self, config: &Config) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (index, table) in config.expose.iter().enumerate() {
            let at = |key: &str| format!("expose[{index}].{key}");
            self.of_space(config, table, at("space"));
            self.of_prefix(config, table, at("as"));
            if let Some(&other) = first.get(table.prefix.as_str()) {
                let message = format!("two spaces as `{}`; take another prefix", table.prefix);
                self.add_pair(true, at("as"), format!("expose[{other}].as"), message);
            }
            first.entry(&table.prefix).or_insert(index);
            let message =
                "nobody is a subscriber before the subscription; take nobody, token, scope:NAME, user or anyone";
            self.add(table.subscribe == Rule::Subscriber, at("subscribe"), message);
        }
    }

    fn of_space(&mut self, config: &Config, table: &Expose, key: String) {
        // A service is registered in Rust: whether it is there, its program finds out when it starts.
        if table.service().is_some() {
            return;
        }
        if table.plugin().is_some() || table.is_signals() {
            let (of, is_on) = match table.is_signals() {
                true => ("backstage.signals", config.backstage.signals),
                false => ("backstage.events", config.backstage.events),
            };
            return self.add_pair(!is_on, key, of, format!("has nothing to show: `{of}` is false"));
        }
        let Some(namespace) = table.socketio_namespace() else {
            let message = format!(
                "`{}` is no space; take `socketio:` and a namespace, such as `socketio:/chat`, `service:` and a path, `plugin:` \
                 and an id, or `signals`",
                table.space
            );
            return self.add(true, key, message);
        };
        let is_served = config
            .socketio
            .iter()
            .flat_map(|endpoint| &endpoint.namespaces)
            .any(|served| served.strip_suffix('*').map_or(served == namespace, |stem| namespace.starts_with(stem)));
        let message = format!("nobody serves `{namespace}`; name it in `namespaces` of a `[[socketio]]`");
        self.add(!is_served, key, message);
    }

    fn of_prefix(&mut self, config: &Config, table: &Expose, key: String) {
        let name = table.prefix.strip_suffix(':').unwrap_or_default();
        let wrong = name.is_empty() || name.contains([':', '#', '$']);
        let message = "a name and a colon is wanted, such as `chat:`, without `:`, `#` or `$` in the name";
        self.add(wrong, key.clone(), message);
        if let Some(other) = config.namespaces.iter().position(|namespace| !wrong && namespace.name == name) {
            let message = format!("`{name}` is a namespace of the config; take another name");
            self.add_pair(true, key, format!("namespace[{other}].name"), message);
        }
    }
}
