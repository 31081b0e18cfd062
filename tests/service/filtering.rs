//! Filters: what each connection is shown of the events of a service.
use super::house::{House, Notes, answer, call, echo, nothing_comes, with_users};
use callboard::service::{Registration, ServiceError};
use serde_json::{Value, json};

#[actix_rt::test]
async fn filters_for_all_events_go_before_those_for_one_and_each_sees_what_the_last_one_made() {
    let house = House::open(|builder| {
        let step = |name: &'static str| {
            move |data: &Value, _: &Value, _: Option<&callboard::service::EventOrigin>| {
                let mut data = data.clone();
                let mut way = data["way"].as_str().unwrap_or_default().to_owned();
                way.push_str(name);
                data["way"] = way.into();
                data
            }
        };
        let notes = echo()
            .filter_events(&["created", "removed"], step("1"))
            .filter_events(&["created"], step("2"))
            .filter_events(&["patched"], step("x"))
            .filter(step("a"))
            .filter(step("b"));
        builder.service("notes", notes)
    });
    let mut client = house.client(json!({})).await;
    let (events, answer) = call(&mut client, json!(["create", "notes", {"way": ""}])).await;
    assert_eq!(events, [json!(["notes created", {"way": "ab12"}])]);
    // What is replaced is replaced for the connection's event alone.
    assert_eq!(answer, json!([null, {"way": ""}]));
}

/// The three filters of the first version's documentation: a user is there, is of the same company, and is a friend of the author.
fn company(service: Registration) -> Registration {
    service
        .carry(&["params.user.id"])
        .filter(|_, connection, _| !connection["user"].is_null())
        .filter(|data, connection, _| data["company_id"] == connection["user"]["company_id"])
        .filter_events(&["created"], |_, connection, call| {
            let friends = connection["user"]["friends"].as_array();
            friends.is_some_and(|friends| friends.contains(&call.expect("it comes from a call")["params.user.id"]))
        })
}

#[actix_rt::test]
async fn nobody_sees_what_belongs_to_another_company_or_comes_from_a_stranger() {
    let house = House::open(|builder| with_users(builder).service("messages", company(echo())));
    let user = |id: u64, company: u64, friends: Vec<u64>| json!({"id": id, "company_id": company, "friends": friends});
    let mut author = house.client(user(1, 1, vec![])).await;
    let mut friend = house.client(user(2, 1, vec![1])).await;
    let mut stranger = house.client(user(3, 1, vec![2])).await;
    let mut foreigner = house.client(user(4, 2, vec![1])).await;
    let mut nobody = house.client(json!({})).await;
    let told = answer(&mut author, json!(["create", "messages", {"company_id": 1}])).await;
    assert_eq!(told[0], Value::Null);
    assert_eq!(friend.event().await, json!(["messages created", {"company_id": 1}]));
    for client in [&mut stranger, &mut foreigner, &mut nobody] {
        nothing_comes(client).await;
    }
}

#[actix_rt::test]
async fn a_filter_that_fails_or_panics_tells_its_connection_and_nobody_else() {
    let house = House::open(|builder| {
        let notes = echo().filter(|_, connection, _| match connection["user"]["does"].as_str() {
            Some("fail") => Err(ServiceError::forbidden("not for you")),
            Some("panic") => panic!("a filter that was told to"),
            _ => Ok(true),
        });
        with_users(builder).service("notes", notes)
    });
    let mut good = house.client(json!({})).await;
    let mut failing = house.client(json!({"does": "fail"})).await;
    let mut panicking = house.client(json!({"does": "panic"})).await;
    let (events, answer) = call(&mut good, json!(["create", "notes", {"n": 1}])).await;
    assert_eq!((events, answer), (vec![json!(["notes created", {"n": 1}])], json!([null, {"n": 1}])));
    let error = failing.event().await;
    assert_eq!(
        (&error[0], &error[1]["name"], &error[1]["message"]),
        (&json!("notes error"), &json!("Forbidden"), &json!("not for you"))
    );
    assert_eq!(panicking.event().await[1]["name"], "GeneralError");
    nothing_comes(&mut good).await;
}

#[actix_rt::test]
async fn a_filter_that_takes_its_time_keeps_the_order_of_its_connection() {
    let house = House::open(|builder| {
        let notes = echo().filter_async(|data, _, _| async move {
            // The earlier, the longer.
            for _ in 0..data["n"].as_u64().map_or(0, |n| (5 - n) * 10) {
                tokio::task::yield_now().await;
            }
            if data["n"] == 3 { Value::Null } else { json!({"seen": data["n"]}) }
        });
        builder.service("notes", notes)
    });
    let mut client = house.client(json!({})).await;
    let all: Vec<Value> = (1..5).map(|n| json!({"n": n})).collect();
    client.say(&format!("42{}", json!(["create", "notes", all]))).await;
    for n in [1, 2, 4] {
        assert_eq!(client.event().await, json!(["notes created", {"seen": n}]));
    }
}

#[actix_rt::test]
async fn a_filter_by_a_key_is_asked_once_for_all_connections_with_that_key() {
    let asked = Notes::default();
    let noted = asked.clone();
    let mut config = super::house::config();
    config.server.workers = 1;
    let house = House::with(config, move |builder| {
        let notes = echo().filter_by(
            |connection| connection["user"]["company"].clone(),
            move |data, company, _| {
                noted.add(company.clone());
                data["company"] == *company
            },
        );
        with_users(builder).service("notes", notes)
    });
    let mut clients = vec![];
    for n in 0..8 {
        clients.push(house.client(json!({"company": n % 2})).await);
    }
    house.create("notes", json!({"company": 1})).await;
    for client in clients.iter_mut().skip(1).step_by(2) {
        assert_eq!(client.event().await, json!(["notes created", {"company": 1}]));
    }
    for client in clients.iter_mut().step_by(2) {
        nothing_comes(client).await;
    }
    // Once for each key on each of the two threads that deliver.
    assert!(asked.take().len() <= 4);
}

#[actix_rt::test]
async fn a_client_that_asks_for_events_gets_those_alone() {
    let house = House::open(|builder| builder.service("notes", super::house::documents()).service("others", echo()));
    let mut client = house.client(json!({})).await;
    let subscribed = answer(&mut client, json!(["subscribe", "notes", ["removed"]])).await;
    assert_eq!(subscribed, json!([null, {"path": "notes", "events": ["removed"]}]));
    assert!(call(&mut client, json!(["create", "notes", {}])).await.0.is_empty());
    assert!(call(&mut client, json!(["create", "others", {}])).await.0.is_empty());
    assert_eq!(call(&mut client, json!(["remove", "notes", 0])).await.0, [json!(["notes removed", {"id": 0}])]);
    let unknown = answer(&mut client, json!(["subscribe", "notes", ["status"]])).await;
    assert_eq!(unknown[0]["name"], "BadRequest");
    let nowhere = answer(&mut client, json!(["subscribe", "nowhere", ["created"]])).await;
    assert_eq!(nowhere[0]["name"], "NotFound");
}
