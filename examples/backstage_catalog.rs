//! The backend plugin of Backstage's documentation of events: the manager comes from the config, the plugin's client from the manager;
//! it publishes to two entities, and prints the first event of plugin `catalog` and topic `topic` that it hears. Ctrl-c ends it, too.
//!
//! Run it with `BACKSTAGE_TOKEN=… cargo run --example backstage_catalog -- http://localhost:7007`; a second argument is the id of the
//! plugin, else `myplugin`. It hears another one that is run as `catalog`, where the broker's config has `targeted_to_backends`.
use callboard::client::{Error, EventParams, EventsClient, EventsClientManager, PluginEventsManager};
use serde_json::{Value, json};
use std::time::Duration;

struct PluginEnvironment {
    events_manager: PluginEventsManager,
}

async fn create_plugin(env: PluginEnvironment) -> Result<EventsClient, Error> {
    let events = env.events_manager.get_client();
    events.connect().await?;
    Ok(events)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut arguments = std::env::args().skip(1);
    let base_url = arguments.next().ok_or("say where the broker is, such as http://localhost:7007")?;
    let plugin = arguments.next().unwrap_or_else(|| "myplugin".into());
    let config = json!({"backend": {"baseUrl": base_url, "events": true}});
    // The error of `var` can have the token in it, and the reason why a source gives none is logged.
    let token =
        || async { std::env::var("BACKSTAGE_TOKEN").map_err(|_| "BACKSTAGE_TOKEN is not set or is not valid Unicode") };
    let manager = EventsClientManager::from_config(&config, token)?;
    let events = create_plugin(PluginEnvironment { events_manager: manager.for_plugin(plugin) }).await?;

    let data = json!({"data": "data"}); // Data to be sent
    let topic = Some("topic".into()); // Target topic
    let entity_refs = Some(vec!["user:default/john.doe".into(), "group:default/admins".into()]); // Target entity references
    events.publish(data, EventParams { topic, entity_refs })?;

    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    // Plugin to subscribe, callback for data from the plugin's publish, topic to subscribe
    events.subscribe("catalog", move |data: Value| drop(heard.send(data)), "topic")?;
    tokio::select! {
        Some(data) = hears.recv() => println!("{data}"),
        ended = tokio::signal::ctrl_c() => ended?,
    }
    // What is published is kept until the socket has taken it, and `disconnect` would remove it.
    if tokio::time::timeout(Duration::from_secs(5), events.flush()).await.is_err() {
        eprintln!("the broker is away: what was published was not sent");
    }
    events.disconnect().await;
    Ok(())
}
