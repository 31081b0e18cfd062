//! What types cannot express: settings that contradict each other, have no effect or can never work.
use crate::broker::{Limits, Namespace, Rule};
use crate::engine::redis;
use crate::server::{Config, ServerConfig};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// One thing that makes no sense.
#[derive(Debug)]
pub(super) struct Nonsense {
    /// The key it is about.
    pub(super) key: String,
    /// Another key that it depends on.
    pub(super) with: Option<String>,
    /// What is wrong, and what would be right.
    pub(super) message: String,
}

/// Everything in a config that makes no sense.
pub(super) fn find(config: &Config) -> Vec<Nonsense> {
    let mut found = Found(vec![]);
    found.of_server(&config.server);
    found.of_limits(&config.limits);
    found.of_redis(&config.redis);
    found.of_namespaces(&config.namespaces);
    found.of_socketio(config);
    found.of_rest(config);
    found.of_services(config);
    found.of_backstage(config);
    found.of_authentication(config);
    found.of_strapi(config);
    found.of_spaces(config);
    found.of_long_times(config);
    found.0
}

pub(super) struct Found(Vec<Nonsense>);

impl Found {
    pub(super) fn add(&mut self, wrong: bool, key: impl Into<String>, message: impl Into<String>) {
        if wrong {
            self.0.push(Nonsense { key: key.into(), with: None, message: message.into() });
        }
    }

    pub(super) fn add_pair(
        &mut self,
        wrong: bool,
        key: impl Into<String>,
        with: impl Into<String>,
        message: impl Into<String>,
    ) {
        if wrong {
            self.0.push(Nonsense { key: key.into(), with: Some(with.into()), message: message.into() });
        }
    }

    fn of_server(&mut self, server: &ServerConfig) {
        let (certificate, key) = (&server.tls_certificate, &server.tls_key);
        let (at_certificate, at_key) = ("server.tls_certificate", "server.tls_key");
        self.add_pair(certificate.is_some() && key.is_none(), at_certificate, at_key, "needs `server.tls_key`");
        self.add_pair(key.is_some() && certificate.is_none(), at_key, at_certificate, "needs `server.tls_certificate`");
        let lonely = server.internal_host.is_some() && server.internal_port.is_none();
        self.add_pair(lonely, "server.internal_host", "server.internal_port", "needs `server.internal_port`");
        let same_host = server.internal_host.is_none_or(|host| host == server.host);
        let same = same_host && server.port != 0 && server.internal_port == Some(server.port);
        self.add_pair(same, "server.internal_port", "server.port", "is the same as `server.port`; take another");
        for (index, proxy) in server.trusted_proxies.iter().enumerate() {
            let wrong = proxy.parse::<IpAddr>().is_err() && proxy.parse::<ipnet::IpNet>().is_err();
            let message = format!("`{proxy}` is neither an address nor a network such as `10.0.0.0/8`");
            self.add(wrong, format!("server.trusted_proxies[{index}]"), message);
        }
        self.of_prefixes(server);
        self.of_times(server);
    }

    fn of_prefixes(&mut self, server: &ServerConfig) {
        for (key, prefix) in [("connection_prefix", &server.connection_prefix), ("api_prefix", &server.api_prefix)] {
            let odd = |c: char| c.is_whitespace() || c.is_control() || "{}?#".contains(c);
            let wrong = !prefix.starts_with('/') || prefix.ends_with('/') || prefix.contains(odd);
            let message = "a path is wanted that begins with `/` and does not end with it, such as `/api`";
            self.add(wrong, format!("server.{key}"), message);
        }
        let same = server.api_prefix == server.connection_prefix;
        let message = "is the same as `server.connection_prefix`; take another";
        self.add_pair(same, "server.api_prefix", "server.connection_prefix", message);
    }

    fn of_times(&mut self, server: &ServerConfig) {
        let zero = "must be more than 0";
        self.add(server.shutdown_pace == 0, "server.shutdown_pace", zero);
        self.add(server.ping_interval.is_zero(), "server.ping_interval", zero);
        self.add(server.pong_timeout.is_zero(), "server.pong_timeout", zero);
        self.add(server.stale_timeout.is_zero(), "server.stale_timeout", zero);
        let late = server.pong_timeout >= server.ping_interval && !server.ping_interval.is_zero();
        let message = "must be shorter than `server.ping_interval`";
        self.add_pair(late, "server.pong_timeout", "server.ping_interval", message);
    }

    fn of_limits(&mut self, limits: &Limits) {
        // Every field is named, so that a new limit does not build until it is thought of here.
        let Limits {
            connections,
            channels,
            channels_per_connection,
            frame,
            outbox,
            channel_name,
            unanswered_commands,
            recover_max,
            recover_bytes,
            history_page,
            join_buffer,
            hub_queue,
            lag_pace,
            channel_queue,
            registry_queue,
            history_bytes,
            idempotency_keys,
            presence_entries,
            positions,
            body,
            batch,
            tails,
            groups_per_session,
            kept_sessions,
            ack_rounds,
            ack_bytes,
            server_sessions,
            session_listeners,
            listener_queue,
            revocations,
            view_queue,
            view_timeout,
            handler_queue,
            handler_timeout,
        } = limits;
        let counts = [
            ("connections", connections),
            ("channels", channels),
            ("channels_per_connection", channels_per_connection),
            ("frame", frame),
            ("outbox", outbox),
            ("channel_name", channel_name),
            ("unanswered_commands", unanswered_commands),
            ("recover_max", recover_max),
            ("recover_bytes", recover_bytes),
            ("history_page", history_page),
            ("join_buffer", join_buffer),
            ("hub_queue", hub_queue),
            ("lag_pace", lag_pace),
            ("channel_queue", channel_queue),
            ("registry_queue", registry_queue),
            ("history_bytes", history_bytes),
            ("idempotency_keys", idempotency_keys),
            ("presence_entries", presence_entries),
            ("positions", positions),
            ("body", body),
            ("batch", batch),
            ("tails", tails),
            ("groups_per_session", groups_per_session),
            ("kept_sessions", kept_sessions),
            ("ack_rounds", ack_rounds),
            ("ack_bytes", ack_bytes),
            ("server_sessions", server_sessions),
            ("session_listeners", session_listeners),
            ("listener_queue", listener_queue),
            ("revocations", revocations),
            ("view_queue", view_queue),
            ("handler_queue", handler_queue),
        ];
        for (key, count) in counts {
            self.add(*count == 0, format!("limits.{key}"), "must be more than 0: no limit is off");
        }
        for (key, time) in [("view_timeout", view_timeout), ("handler_timeout", handler_timeout)] {
            self.add(*time == Duration::ZERO, format!("limits.{key}"), "must be more than 0: no limit is off");
        }
    }

    fn of_redis(&mut self, redis: &redis::Config) {
        let redis::Config { url: _, prefix, timeout, presence_ttl, emitter: _, emitter_key } = redis;
        let braced = prefix.contains(['{', '}']);
        self.add(braced, "redis.prefix", "must not hold braces, which say to a cluster what belongs together");
        let short = *timeout < Duration::from_millis(10);
        self.add(short, "redis.timeout", "must be at least 10ms");
        self.add(*presence_ttl < Duration::from_secs(1), "redis.presence_ttl", "must be at least 1s");
        self.add(emitter_key.is_empty(), "redis.emitter_key", "must not be empty");
    }

    fn of_namespaces(&mut self, namespaces: &[Namespace]) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (index, namespace) in namespaces.iter().enumerate() {
            let at = |key: &str| format!("namespace[{index}].{key}");
            self.of_name(&namespace.name, &at);
            if let Some(&other) = first.get(namespace.name.as_str()) {
                let message = format!("two namespaces of the name \"{}\"; join them or rename one", namespace.name);
                self.add_pair(true, at("name"), format!("namespace[{other}].name"), message);
            }
            first.entry(&namespace.name).or_insert(index);
            self.of_rules(namespace, &at);
            self.of_history(namespace, &at);
            let idle = namespace.force_push_join_leave && !namespace.join_leave;
            let message = "has no effect without `join_leave = true`";
            self.add_pair(idle, at("force_push_join_leave"), at("join_leave"), message);
        }
    }

    fn of_name(&mut self, name: &str, at: &dyn Fn(&str) -> String) {
        let message =
            "a namespace's name must not hold `:`, which ends it in a channel's name, nor `#`, which begins users";
        self.add(name.contains([':', '#']), at("name"), message);
        let message = "a namespace's name must not begin with `$`, which asks for a token in a channel's name";
        self.add(name.starts_with('$'), at("name"), message);
    }

    fn of_rules(&mut self, namespace: &Namespace, at: &dyn Fn(&str) -> String) {
        let message = "nobody is a subscriber before the subscription; take nobody, token, scope:NAME, user or anyone";
        self.add(namespace.subscribe == Rule::Subscriber, at("subscribe"), message);
        let message = "a token grants subscriptions only; take nobody, scope:NAME, user, subscriber or anyone";
        self.add(namespace.publish == Rule::Token, at("publish"), message);
    }

    fn of_history(&mut self, namespace: &Namespace, at: &dyn Fn(&str) -> String) {
        let (size, ttl) = (namespace.history_size > 0, !namespace.history_ttl.is_zero());
        let message = "keeps nothing without `history_ttl`, such as \"5m\"";
        self.add_pair(size && !ttl, at("history_size"), at("history_ttl"), message);
        self.add_pair(
            ttl && !size,
            at("history_ttl"),
            at("history_size"),
            "keeps nothing without `history_size`, such as 100",
        );
        let short = namespace.has_history() && namespace.history_meta_ttl < namespace.history_ttl;
        let message = "must not be shorter than `history_ttl`, or events outlive their positions";
        self.add_pair(short, at("history_meta_ttl"), at("history_ttl"), message);
    }
}
