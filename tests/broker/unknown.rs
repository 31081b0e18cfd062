//! Error 102, as a Rust program meets it.
use callboard::auth::Secret;
use callboard::broker::Namespace;
use callboard::broker::messages::TypedMessage;
use callboard::server::{Broker, Config};
use callboard::types::{Identity, Json};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Note;

impl TypedMessage for Note {
    const TYPE: &'static str = "Note";
}

fn broker() -> Broker {
    let mut config = Config::default();
    config.api.key = vec![Secret::new("q3l0Yc2bN8xTzVw1")].into();
    config.namespaces = vec![Namespace { name: "news".into(), ..Namespace::default() }];
    Broker::builder(config).start().expect("a broker")
}

#[actix_rt::test]
async fn it_says_that_a_channel_without_a_colon_is_not_in_the_namespace_of_its_name() {
    let broker = broker();
    for (channel, wanted) in [
        ("news", "`news:…`"),
        ("sport", "add a [[namespace]] with name = \"\""),
        ("chat:lobby", "no [[namespace]] with name = \"chat\""),
    ] {
        let error = broker.publish(channel, Json::null()).await.expect_err("an unknown channel");
        assert!(error.code == 102 && error.to_string().contains(wanted), "{error}");
        let session = broker.open_session(Identity::anonymous()).expect("a session");
        let heard = session.messages().create_stream::<Note>(channel).await;
        let error = heard.err().expect("an unknown channel").to_string();
        assert!(error.contains(wanted) && error.contains("(102)"), "{error}");
    }
    assert!(broker.publish("news:today", Json::null()).await.is_ok());
}
