//! What makes no sense in the tables `[[service]]`.
use super::sense::Found;
use crate::engine;
use crate::server::{Config, service_clash};
use crate::service::{ALL, ServiceConfig};

/// How many fields of one service may be indexed.
const INDEXES: usize = 32;
/// How long the name of a table may be: as long as PostgreSQL takes it.
const TABLE: usize = 63;

impl Found {
    pub(super) fn of_services(&mut self, config: &Config) {
        for (index, service) in config.services.iter().enumerate() {
            let at = |key: &str| format!("service[{index}].{key}");
            self.of_service_path(config, index, service, &at);
            self.of_table(config, index, service, &at);
            self.of_documents(service, &at);
            self.of_events(service, &at);
            let is_shared = config.engine == engine::Kind::Redis;
            let apart = is_shared && service.store.is_on_one_node() && !service.single_node;
            let message = "keeps the documents on this node alone, and `engine = \"redis\"` is for several nodes; take \
                           postgres://…, or say `single_node = true`";
            self.add_pair(apart, at("store"), "engine", message);
        }
        if config.services.is_empty() {
            return;
        }
        for (index, endpoint) in config.socketio.iter().enumerate() {
            let both = endpoint.builtin_events && endpoint.services != Some(false);
            let (key, with) = (format!("socketio[{index}].builtin_events"), format!("socketio[{index}].services"));
            let message = format!(
                "cannot be on where there are services: what clients emit there is a call; set it or `{with}` to false"
            );
            self.add_pair(both && endpoint.services.is_none(), key, with, message);
        }
    }

    fn of_service_path(&mut self, config: &Config, index: usize, service: &ServiceConfig, at: &dyn Fn(&str) -> String) {
        if !service.has_path() {
            let message = "a path is wanted, such as `messages` or `my/messages`";
            return self.add(true, at("path"), message);
        }
        if let Some(other) = config.services[..index].iter().position(|other| other.is_at(&service.path)) {
            let message = format!("two services at `{}`; take another path", service.path);
            self.add_pair(true, at("path"), format!("service[{other}].path"), message);
        }
        if let Some(other) = service_clash(config, &service.path) {
            let message = format!("below `rest.prefix`, {other} answers there; take another path or prefix");
            self.add_pair(true, at("path"), "rest.prefix", message);
        }
    }

    fn of_table(&mut self, config: &Config, index: usize, service: &ServiceConfig, at: &dyn Fn(&str) -> String) {
        let table = service.table();
        let key = if service.table.is_some() { "table" } else { "path" };
        let wrong = table.is_empty() && service.table.is_some() || table.contains(char::is_control);
        self.add(wrong, at(key), "a name is wanted for the table, without control characters");
        let message = format!("the table's name is longer than {TABLE} bytes; name it with `table`");
        self.add(table.len() > TABLE, at(key), message);
        let is_same = |other: &&ServiceConfig| other.store == service.store && other.table() == table;
        let other = config.services[..index].iter().find(is_same).filter(|other| other.id != service.id);
        if let Some(other) = other {
            let message = format!("another service of the table `{table}` has `id = \"{}\"`; all must agree", other.id);
            self.add(true, at("id"), message);
        }
    }

    fn of_documents(&mut self, service: &ServiceConfig, at: &dyn Fn(&str) -> String) {
        let odd = service.id.is_empty() || service.id.contains('.') || service.id.starts_with('$');
        self.add(odd, at("id"), "the name of a field is wanted, without dots and not beginning with `$`");
        let many = service.indexes.len() > INDEXES;
        self.add(many, at("indexes"), format!("at most {INDEXES} fields can be indexed"));
        let Some(pages) = service.paginate else { return };
        let max = pages.max.unwrap_or(usize::MAX);
        self.add(max == 0, at("paginate"), "`max` must be more than 0");
        self.add(pages.default > max, at("paginate"), "`default` must not be more than `max`");
    }

    fn of_events(&mut self, service: &ServiceConfig, at: &dyn Fn(&str) -> String) {
        for (index, event) in service.events.iter().enumerate() {
            let key = at(&format!("events[{index}]"));
            let standard = service.event_names().take(4).any(|standard| standard == event);
            self.add(standard, key.clone(), format!("`{event}` is an event of every service; leave it out"));
            let odd = event.is_empty() || event == "error" || event == ALL || event.contains(|c: char| c.is_control());
            self.add(odd, key, format!("a name is wanted, other than `error` and `{ALL}`"));
        }
        for event in service.filter.keys() {
            let known = event == ALL || service.event_names().any(|known| known == event);
            let names: Vec<String> = service.event_names().map(|name| format!("`{name}`")).collect();
            let message = format!("no such event; take `{ALL}`, {}, or list it in `events`", names.join(", "));
            self.add(!known, at(&format!("filter.{event}")), message);
        }
    }
}
