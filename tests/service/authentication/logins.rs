//! Logins over Socket.IO, and what a connection is after them.
use super::house::{
    House, Kind, Notes, PASSWORD, answer, call, config, echo, jwt, local, log_ann_in, log_in, nothing_comes, open,
    user_of, whose, with,
};
use callboard::service::{HookContext, Hooks, authenticate, channel};
use serde_json::{Value, json};

async fn client(house: &House) -> crate::harness::socketio::Client {
    house.client(json!({})).await
}

pub async fn a_login_is_answered_as_feathers_answers_and_its_token_logs_in_again(on: Kind) {
    let house = open(on, |builder| builder.service("whose", whose())).await;
    let mut client_of_ann = client(&house).await;
    let answer_of_password = log_ann_in(&mut client_of_ann).await;
    let token = &answer_of_password["accessToken"];
    let payload = &answer_of_password["authentication"]["payload"];
    let user = json!({"email": "ann@x.test", "company": 7, "id": 1});
    let expected =
        json!({"accessToken": token, "authentication": {"strategy": "local", "payload": payload}, "user": user});
    assert_eq!(answer_of_password.to_string(), expected.to_string());
    let (iat, exp) = (payload["iat"].as_i64().expect("a time"), payload["exp"].as_i64().expect("a time"));
    assert_eq!(exp - iat, 24 * 3600);
    let said = ["aud", "iss", "sub"].map(|claim| payload[claim].as_str().expect("text"));
    assert_eq!(said, ["https://yourdomain.com", "feathers", "1"]);

    let mut other = client(&house).await;
    let answer_of_token = log_in(&mut other, jwt(token)).await;
    let expected = json!({
        "accessToken": token,
        "authentication": {"strategy": "jwt", "accessToken": token, "payload": payload},
        "user": user,
    });
    assert_eq!(answer_of_token.to_string(), expected.to_string());
    let whose = answer(&mut other, json!(["find", "whose", {}])).await;
    assert_eq!(whose[1], json!({"user": user, "authentication": {"strategy": "jwt", "accessToken": token}}));
    assert_eq!(user_of(&mut client(&house).await).await, Value::Null);
}

pub async fn calls_and_filters_after_a_login_see_the_document_as_it_is_then(on: Kind) {
    let house = open(on, |builder| {
        let notes = echo()
            .hooks(Hooks::new().before("all", authenticate))
            .filter(|data, connection, _| data["company"] == connection["user"]["company"]);
        builder.service("whose", whose()).service("notes", notes)
    })
    .await;
    let mut ann = client(&house).await;
    let refused = super::house::refusal(&mut ann, json!(["create", "notes", {"company": 7}, {}])).await;
    assert_eq!((&refused["name"], &refused["message"]), (&json!("NotAuthenticated"), &json!("Not authenticated")));
    let token = log_ann_in(&mut ann).await["accessToken"].take();
    let (events, answered) = call(&mut ann, json!(["create", "notes", {"company": 7}, {}])).await;
    assert_eq!((events, answered), (vec![json!(["notes created", {"company": 7}])], json!([null, {"company": 7}])));
    house.create("notes", json!({"company": 8})).await;
    nothing_comes(&mut ann).await;

    let users = house.broker.service("users").expect("it is there");
    users.patch(1, json!({"company": 8}), Default::default()).await.expect("it is patched");
    assert_eq!(ann.event().await[0], "users patched");
    assert_eq!(user_of(&mut ann).await["company"], 7, "the connection has the document of the login");
    log_in(&mut ann, jwt(&token)).await;
    assert_eq!(user_of(&mut ann).await["company"], 8);
    house.create("notes", json!({"company": 8})).await;
    assert_eq!(ann.event().await[1]["company"], 8);
}

pub async fn the_application_is_told_of_logins_and_may_put_the_connection_into_channels(on: Kind) {
    let notes = Notes::default();
    let noted = notes.clone();
    let house = open(on, move |builder| {
        builder
            .on_login(move |app, login| {
                noted.add(json!([login.user["email"], login.authentication["strategy"], login.provider.name()]));
                if let Some(connection) = &login.connection {
                    assert_eq!(connection.get("user"), login.user);
                    app.channel("users").join(connection);
                }
            })
            .on_login(|_, _| panic!("this listener breaks"))
            .service("notes", echo().publish(|_, _| channel("users")))
    })
    .await;
    let (mut ann, mut nobody) = (client(&house).await, client(&house).await);
    log_ann_in(&mut ann).await;
    // The channel was joined before the answer.
    house.create("notes", json!({"n": 1})).await;
    assert_eq!(ann.event().await[1], json!({"n": 1}));
    nothing_comes(&mut nobody).await;
    // Rust code that looks at a password is no login of a client.
    let service = house.broker.service("authentication").expect("it is there");
    let answered = service.create(local("bob@x.test", "another one"), Default::default()).await.expect("it is right");
    assert_eq!(answered["user"], json!({"email": "bob@x.test", "company": 8, "id": 2}));
    assert_eq!(notes.take(), [json!(["ann@x.test", "local", "socketio"])]);
}

pub async fn no_client_is_told_the_events_of_the_authentication_service_and_code_in_the_process_is(on: Kind) {
    let house = open(on, |builder| builder.publish(|_, _| callboard::service::Publication::Everyone)).await;
    let notes = Notes::default();
    let noted = notes.clone();
    let service = house.broker.service("authentication").expect("it is there");
    service
        .on("created", move |data, call| {
            noted.add(json!([data["accessToken"].is_string(), data["user"], call.map(|call| call.data.clone())]));
        })
        .expect("there is room");
    let (mut ann, mut other) = (client(&house).await, client(&house).await);
    log_ann_in(&mut ann).await;
    nothing_comes(&mut ann).await;
    nothing_comes(&mut other).await;
    let told = notes.take();
    assert_eq!((&told[0][0], &told[0][1]["id"]), (&json!(true), &json!(1)));
    assert!(!told[0].to_string().contains(PASSWORD), "{told:?}");
}

pub async fn hooks_of_the_users_service_decide_who_is_found_and_what_is_shown(on: Kind) {
    let table = on.table().await;
    let house = with(config(), table, |builder| {
        let hooks = Hooks::new()
            .before("find", async |context: &mut HookContext| {
                assert!(context.path != "users" || context.params.provider.is_none());
                context.params.query["company"] = json!({"$ne": 8});
                Ok(())
            })
            .after("get", async |context: &mut HookContext| {
                if context.params.provider.is_some() {
                    assert_eq!(context.params.user()["id"], 1);
                    context.dispatch = Some(json!({"id": context.result.as_ref().map(|user| user["id"].clone())}));
                }
                Ok(())
            });
        builder.hooks(hooks).service("own", whose())
    })
    .await;
    let mut ann = client(&house).await;
    let answered = log_ann_in(&mut ann).await;
    assert_eq!(answered["user"], json!({"id": 1}));
    let whose = answer(&mut ann, json!(["find", "own", {}])).await;
    assert_eq!(whose[1]["user"], json!({"email": "ann@x.test", "company": 7, "id": 1}));
    let refused = super::house::refusal(
        &mut client(&house).await,
        json!(["create", "authentication", local("bob@x.test", "another one"), {}]),
    )
    .await;
    assert_eq!(refused["message"], "Invalid login");
}
