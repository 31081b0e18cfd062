//! Services that cannot be registered as they are: each refusal says what to change.
use super::house::{config, documents, echo};
use callboard::engine::Kind;
use callboard::engine::redis::Address;
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::events::Socket;
use callboard::service::{Methods, Registration, channel};

fn refusal(plan: impl FnOnce(BrokerBuilder) -> BrokerBuilder) -> String {
    refusal_of(config(), plan)
}

fn refusal_of(config: Config, plan: impl FnOnce(BrokerBuilder) -> BrokerBuilder) -> String {
    match plan(Broker::builder(config)).start() {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    }
}

#[actix_rt::test]
async fn two_services_cannot_have_one_path_and_none_can_have_no_path() {
    let refused = refusal(|builder| builder.service("a/b", echo()).service("/a/b/", echo()));
    assert!(refused.contains("two services at \"a/b\" and \"a/b\""), "{refused}");
    let refused = refusal(|builder| builder.service("users/:a", echo()).service("users/:b", echo()));
    assert!(refused.contains("two services at \"users/:b\" and \"users/:a\""), "{refused}");
    let refused = refusal(|builder| builder.service("/", echo()));
    assert!(refused.contains("is no path of a service"), "{refused}");
}

#[actix_rt::test]
async fn a_custom_method_cannot_take_a_name_of_feathers_own() {
    let service = Methods::new().custom("hooks", async |data, _| Ok(data));
    let refused = refusal(|builder| builder.service("notes", service));
    assert_eq!(refused, "'hooks' on service 'notes' is not allowed as a custom method name");
}

#[actix_rt::test]
async fn a_handler_of_an_event_cannot_take_the_calls_of_a_service() {
    let refused =
        refusal(|builder| builder.on("/", "create", |_: Socket, (): ()| async move {}).service("notes", echo()));
    assert!(refused.contains("takes the event \"create\"") && refused.contains("\"notes\""), "{refused}");
}

#[actix_rt::test]
async fn a_publisher_is_for_events_that_there_are() {
    let refused = refusal(|builder| builder.service("notes", echo().publish_event("nosuch", |_, _| channel("a"))));
    assert!(refused.contains("'nosuch' is not a valid service event of \"notes\""), "{refused}");
    let refused = refusal(|builder| builder.service("notes", echo()).publish_event("nosuch", |_, _| channel("a")));
    assert!(refused.contains("'nosuch' is not a valid service event"), "{refused}");
}

#[actix_rt::test]
async fn headers_are_never_carried_to_other_nodes() {
    let refused = refusal(|builder| builder.service("notes", echo().carry(&["params.headers.cookie"])));
    assert!(refused.contains("\"params.headers.cookie\" of \"notes\" cannot be carried"), "{refused}");
}

#[actix_rt::test]
async fn documents_on_one_node_are_refused_where_nodes_share_an_engine_unless_that_is_said() {
    let mut shared = config();
    shared.engine = Kind::Redis;
    let refused = refusal_of(shared.clone(), |builder| builder.service("notes", documents()));
    assert!(refused.contains("single_node()"), "{refused}");
    // Nobody is there at this address; the service is not what is refused.
    shared.redis.url = Address::new("redis://127.0.0.1:1").expect("an address");
    let plan = |builder: BrokerBuilder| builder.service("notes", Registration::of(documents()).single_node());
    if let Err(error) = plan(Broker::builder(shared)).start() {
        assert!(!error.to_string().contains("single_node()"), "{error}");
    }
}
