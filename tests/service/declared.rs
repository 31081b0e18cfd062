//! Services that a config declares: their stores, who may call them, and who gets their events, without Rust.
use super::house::{House, answer, call, config, nothing_comes, with_users};
use crate::harness::Broker as Process;
use crate::harness::socketio::Client;
use callboard::config::{self, Overrides, Source};
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::{EventRule, Params};
use serde_json::{Value, json};
use std::io::Write;

/// A config of these tables, open for tests.
pub fn declaring(tables: &str) -> Config {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    let open = "[auth]\nanonymous = true\n[server]\nallow_insecure = true\n";
    file.write_all(format!("{open}{tables}").as_bytes()).expect("it is written");
    config::load(&Source::File(file.path().to_owned()), [], &Overrides::default())
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// A broker of the service `messages` with these keys, and users as clients say.
fn house(keys: &str) -> House {
    let table = format!("[[service]]\npath = 'messages'\nstore = 'memory'\npaginate = false\n{keys}");
    House::with(declaring(&table), with_users)
}

fn user(id: u64, company: u64) -> Value {
    json!({"id": id, "company_id": company})
}

async fn name_of_error(client: &mut Client, what: Value) -> Value {
    answer(client, what).await[0]["name"].clone()
}

#[actix_rt::test]
async fn a_service_of_the_config_answers_the_methods_of_feathers_and_its_events_follow() {
    let table = "[[service]]\npath = '/my/messages/'\nstore = 'memory'\nid = '_id'\nmulti = ['create']\nevents = ['status']\n\
                 paginate = { default = 1, max = 2 }\n";
    let house = House::with(declaring(table), |builder| builder);
    let mut client = house.client(json!({})).await;
    let (events, told) = call(&mut client, json!(["create", "my/messages", [{"text": "a"}, {"text": "b"}]])).await;
    assert_eq!(told, json!([null, [{"text": "a", "_id": 0}, {"text": "b", "_id": 1}]]));
    assert_eq!(events[0], json!(["my/messages created", {"text": "a", "_id": 0}]));
    let page = answer(&mut client, json!(["find", "my/messages", {"$limit": 10}])).await;
    assert_eq!((&page[1]["total"], &page[1]["limit"]), (&json!(2), &json!(2)));
    assert_eq!(name_of_error(&mut client, json!(["remove", "my/messages", null])).await, "MethodNotAllowed");
    house.broker.service("my/messages").expect("it is there").emit("status", json!({"is": "good"}));
    assert_eq!(client.event().await, json!(["my/messages status", {"is": "good"}]));
}

#[actix_rt::test]
async fn services_of_one_table_share_its_documents_with_options_of_their_own_and_stand_beside_those_of_rust() {
    let tables = "[[service]]\npath = 'messages'\nstore = 'memory'\n\
                  [[service]]\npath = 'archive'\nstore = 'memory'\ntable = 'messages'\npaginate = false\n\
                  allow = { find = 'true' }\n";
    let house = House::with(declaring(tables), |builder| builder.service("echo", super::house::echo()));
    let mut client = house.client(json!({})).await;
    call(&mut client, json!(["create", "messages", {"text": "a"}])).await;
    let found = json!([{"text": "a", "id": 0}]);
    assert_eq!(answer(&mut client, json!(["find", "archive", {}])).await, json!([null, found]));
    assert_eq!(answer(&mut client, json!(["find", "messages", {}])).await[1]["data"], found);
    assert_eq!(name_of_error(&mut client, json!(["create", "archive", {}])).await, "Forbidden");
    assert_eq!(call(&mut client, json!(["create", "echo", 5])).await.1, json!([null, 5]));
}

#[actix_rt::test]
async fn a_service_at_a_path_of_rust_and_a_store_that_cannot_be_opened_end_the_start() {
    let refusal =
        |tables: &str, plan: fn(BrokerBuilder) -> BrokerBuilder| match plan(Broker::builder(declaring(tables))).start()
        {
            Ok(_) => panic!("it starts"),
            Err(error) => error.to_string(),
        };
    let memory = "[[service]]\npath = 'messages'\nstore = 'memory'\n";
    let refused = refusal(memory, |builder| builder.service("/messages/", super::house::echo()));
    assert!(refused.starts_with("service[0].path is \"/messages/\""), "{refused}");
    let server = "[[service]]\npath = 'a'\nstore = 'memory'\n\
                  [[service]]\npath = 'b'\nstore = 'postgres://me:topsecret@127.0.0.1:1/db'\n";
    let refused = refusal(server, |builder| builder);
    assert!(refused.starts_with("service[1].store = \"postgres://me:[redacted]@127.0.0.1:1/db\""), "{refused}");
}

#[actix_rt::test]
async fn nobody_without_a_user_gets_events_where_the_filter_asks_for_one() {
    let house = house("filter = { all = 'connection.user != null' }\n");
    let mut user = house.client(user(1, 1)).await;
    let mut nobody = house.client(json!({})).await;
    house.create("messages", json!({"text": "a"})).await;
    assert_eq!(user.event().await, json!(["messages created", {"text": "a", "id": 0}]));
    nothing_comes(&mut nobody).await;
}

#[actix_rt::test]
async fn nobody_of_another_company_gets_events_and_a_rule_that_fails_is_counted_and_tells_nothing() {
    let house = house("filter = { all = 'data.company_id == connection.user.company_id' }\n");
    let mut same = house.client(user(1, 1)).await;
    let mut other = house.client(user(2, 2)).await;
    let mut nobody = house.client(json!({})).await;
    house.create("messages", json!({"company_id": 1})).await;
    assert_eq!(same.event().await[1]["company_id"], 1);
    nothing_comes(&mut other).await;
    nothing_comes(&mut nobody).await;
    let metrics = house.broker.node().metrics().text().expect("a text");
    assert!(metrics.contains("callboard_handler_failures_total{reason=\"rule\"} 1"), "{metrics}");
    // A document without the field is for nobody, and for somebody again where the rule asks whether it is there.
    house.create("messages", json!({"text": "a"})).await;
    nothing_comes(&mut same).await;
}

#[actix_rt::test]
async fn only_friends_of_the_author_hear_of_what_that_creates_and_the_company_hears_of_the_rest() {
    let filter = "filter = { all = 'data.company_id == connection.user.company_id', \
                  created = 'hook.params.user._id in connection.user.friends' }\n";
    let house = house(&format!("multi = true\n{filter}"));
    let user = |id: u64, company: u64, friends: Vec<u64>| json!({"_id": id, "company_id": company, "friends": friends});
    let mut author = house.client(user(1, 1, vec![])).await;
    let mut friend = house.client(user(2, 1, vec![1])).await;
    let mut stranger = house.client(user(3, 1, vec![2])).await;
    let mut foreigner = house.client(user(4, 2, vec![1])).await;
    answer(&mut author, json!(["create", "messages", {"company_id": 1}])).await;
    assert_eq!(friend.event().await[0], "messages created");
    for client in [&mut stranger, &mut foreigner] {
        nothing_comes(client).await;
    }
    let (events, _) = call(&mut author, json!(["patch", "messages", 0, {"done": true}])).await;
    assert_eq!(events[0][0], "messages patched");
    for client in [&mut friend, &mut stranger] {
        assert_eq!(client.event().await[0], "messages patched");
    }
    nothing_comes(&mut foreigner).await;
    // What no user has caused is nobody's friend's.
    house.create("messages", json!({"company_id": 1})).await;
    nothing_comes(&mut friend).await;
}

#[actix_rt::test]
async fn a_connection_is_seen_as_it_is_now_and_not_as_it_was_at_the_last_event() {
    let house = House::with(
        declaring(
            "[[service]]\npath = 'messages'\nstore = 'memory'\nfilter = { all = 'connection.user.id == data.to' }\n",
        ),
        |builder| {
            use callboard::service::events::Socket;
            builder.on("/", "become", |socket: Socket, (id,): (u64,)| async move {
                socket.connection().set("user", json!({"id": id}));
            })
        },
    );
    let mut client = house.client(json!({})).await;
    for id in [5, 6] {
        client.say(&format!("420{}", json!(["become", id]))).await;
        assert!(client.next().await.starts_with("430"));
        house.create("messages", json!({"to": 11 - id})).await;
        house.create("messages", json!({"to": id})).await;
        assert_eq!(client.event().await[1]["to"], id);
    }
}

#[actix_rt::test]
async fn the_methods_that_are_allowed_are_called_by_those_that_meet_their_rules_and_by_rust() {
    let rules = "allow = { find = 'true', create = 'connection.user != null && size(data.text) > 0', \
                 remove = \"connection.user.role == 'admin' && hook.params.provider == 'socketio'\" }\n";
    let house = house(&format!("{rules}filter = {{ all = 'false' }}\n"));
    let mut admin = house.client(json!({"id": 1, "role": "admin"})).await;
    let mut user = house.client(user(2, 1)).await;
    let mut nobody = house.client(json!({})).await;
    let refused = answer(&mut nobody, json!(["create", "messages", {"text": "a"}])).await;
    let told = json!({"name": "Forbidden", "message": "You do not have the correct permissions.", "code": 403,
        "className": "forbidden"});
    assert_eq!(refused, json!([told]));
    for data in [json!({"text": ""}), json!({}), json!([{"text": "a"}]), json!(null)] {
        assert_eq!(name_of_error(&mut user, json!(["create", "messages", data])).await, "Forbidden");
    }
    assert_eq!(answer(&mut user, json!(["create", "messages", {"text": "a"}])).await[1]["id"], 0);
    assert_eq!(answer(&mut nobody, json!(["find", "messages", {}])).await[1][0]["id"], 0);
    // What is not named is allowed to nobody.
    for what in
        [json!(["get", "messages", 0]), json!(["patch", "messages", 0, {}]), json!(["update", "messages", 0, {}])]
    {
        assert_eq!(name_of_error(&mut admin, what).await, "Forbidden");
    }
    assert_eq!(name_of_error(&mut user, json!(["remove", "messages", 0])).await, "Forbidden");
    let messages = house.broker.service("messages").expect("it is there");
    assert_eq!(messages.get(0, Params::default()).await.expect("Rust may")["text"], "a");
    assert_eq!(answer(&mut admin, json!(["remove", "messages", 0])).await[1]["text"], "a");
    let metrics = house.broker.node().metrics().text().expect("a text");
    assert!(metrics.contains("callboard_refusals_total{reason=\"rule\"} 9"), "{metrics}");
}

#[actix_rt::test]
async fn without_rules_everybody_who_is_let_in_may_call_and_all_goes_before_each() {
    let open = house("");
    let mut nobody = open.client(json!({})).await;
    assert_eq!(call(&mut nobody, json!(["create", "messages", {}])).await.1[0], Value::Null);
    let closed = house("allow = { all = 'connection.user != null', remove = 'connection.user.id == 1' }\n");
    let mut nobody = closed.client(json!({})).await;
    assert_eq!(name_of_error(&mut nobody, json!(["find", "messages", {}])).await, "Forbidden");
    let mut second = closed.client(user(2, 1)).await;
    assert_eq!(answer(&mut second, json!(["find", "messages", {}])).await, json!([null, []]));
    assert_eq!(name_of_error(&mut second, json!(["remove", "messages", 0])).await, "Forbidden");
    let mut first = closed.client(user(1, 1)).await;
    assert_eq!(name_of_error(&mut first, json!(["remove", "messages", 0])).await, "NotFound");
}

#[actix_rt::test]
async fn a_service_of_the_config_needs_no_endpoint_of_its_own_and_goes_with_rust_ones_that_have_one() {
    assert_eq!(declaring("[[service]]\npath = 'a'\nstore = 'memory'\n").socketio, config().socketio);
    assert_eq!(declaring("").socketio.len(), 0);
    let one = "[[service]]\npath = 'a'\nstore = 'memory'\n[[socketio]]\npath = '/elsewhere/'\n";
    assert_eq!(declaring(one).socketio.len(), 1);
}

#[actix_rt::test]
async fn the_example_of_the_documentation_does_what_it_says() {
    let document = include_str!("../../docs/feathers.md");
    let example = document.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let house = House::with(declaring(&example.replace("sqlite:callboard.db", "memory")), with_users);
    let said = |id: u64, company: u64, friends: Value| json!({"id": id, "company_id": company, "friends": friends});
    let mut author = house.client(said(1, 1, json!([]))).await;
    let mut friend = house.client(said(2, 1, json!([1]))).await;
    let mut stranger = house.client(said(3, 1, json!([2]))).await;
    let mut foreigner = house.client(said(4, 2, json!([1]))).await;
    let mut nobody = house.client(json!({})).await;
    assert_eq!(name_of_error(&mut nobody, json!(["create", "messages", {"company_id": 1}])).await, "Forbidden");
    answer(&mut author, json!(["create", "messages", {"company_id": 1}])).await;
    assert_eq!(friend.event().await, json!(["messages created", {"company_id": 1, "id": 0}]));
    for client in [&mut stranger, &mut foreigner, &mut nobody] {
        nothing_comes(client).await;
    }
    assert_eq!(name_of_error(&mut author, json!(["remove", "messages", 0])).await, "Forbidden");
}

#[actix_rt::test]
async fn rules_stand_among_filters_of_rust_and_see_what_those_made_of_the_data() {
    let rule = |text: &str| EventRule::new(text).expect("a rule");
    let (first, later) = (rule("data.n > 1"), rule("data.seen && connection.user.id == 1 && hook.method == 'create'"));
    let house = House::open(move |builder| {
        let notes = super::house::echo()
            .filter_rule(None, &first)
            .filter(|data, _, _| json!({"seen": data["n"] == 3, "n": data["n"]}))
            .filter_rule(None, &rule("has(data.seen)"))
            .filter_async(|data, _, _| async move {
                tokio::task::yield_now().await;
                (*data).clone()
            })
            .filter_rule(Some(&["created"]), &later);
        with_users(builder).service("notes", notes)
    });
    let mut first = house.client(user(1, 1)).await;
    let mut second = house.client(user(2, 1)).await;
    for n in 1..=3 {
        house.create("notes", json!({"n": n})).await;
    }
    assert_eq!(first.event().await, json!(["notes created", {"seen": true, "n": 3}]));
    nothing_comes(&mut second).await;
}

#[actix_rt::test]
async fn the_binary_serves_the_services_of_its_config_and_needs_no_other_table() {
    let process = Process::start(
        "[auth]\nanonymous = true\n[[service]]\npath = 'messages'\nstore = 'memory'\nallow = { all = 'true' }\n",
    );
    let (mut client, told) = Client::connect(process.address(), &json!({})).await;
    assert!(told.starts_with("40{"), "{told}");
    let (_, created) = call(&mut client, json!(["create", "messages", {"text": "a"}])).await;
    assert_eq!(created, json!([null, {"text": "a", "id": 0}]));
    assert_eq!(answer(&mut client, json!(["get", "messages", 0])).await[1]["text"], "a");
}
