//! Where passwords stay: hashed in the store, and nowhere else.
use super::house::{
    House, Kind, Notes, PASSWORD, Table, answer, call, config, local, log_in, nothing_comes, refusal, stored, users,
};
use crate::harness::socketio::Client;
use callboard::service::{HookContext, Hooks, Methods, Params, Publication, Registration, channel};
use serde_json::{Value, json};

/// Another password, for changes.
const NEWER: &str = "Newer-pässword-of-ann";

/// Whether there is anything of a password in a text: as it was, or hashed.
fn tells(text: &str) -> bool {
    [PASSWORD, NEWER, "password", "$argon2", "$2b$"].iter().any(|secret| text.contains(secret))
}

fn seen(context: &HookContext) -> Value {
    json!([context.data, context.result, context.dispatch, context.params.query])
}

/// A house whose service of users is looked at from all sides: hooks after the methods, listeners in the process, publishers, a filter. All
/// that they see is noted.
fn open(table: &Table, notes: &Notes) -> House {
    let config = config();
    let [after, app, published, filtered] = [(); 4].map(|()| notes.clone());
    let hooks = Hooks::new()
        .after("all", async move |context: &mut HookContext| {
            after.add(seen(context));
            Ok(())
        })
        .after("patch", async |context: &mut HookContext| {
            // An author who is careless, and shows all that there is, and more.
            let mut result = context.result.take().expect("it succeeded");
            match &mut result {
                Value::Array(users) => users.iter_mut().for_each(|user| user["password"] = PASSWORD.into()),
                user => user["password"] = PASSWORD.into(),
            }
            context.dispatch = Some(result.clone());
            context.result = Some(result);
            Ok(())
        });
    let of_app = Hooks::new().after("all", async move |context: &mut HookContext| {
        if context.path == "users" && context.method != callboard::service::Method::Patch {
            app.add(seen(context));
        }
        Ok(())
    });
    let users = users(table)
        .hooks(hooks)
        .carry(&["id", "params.user.password", "params.query.password"])
        .publish(move |data, call| {
            published.add(json!([data, call.map(seen)]));
            let mut more = data.clone();
            more["password"] = PASSWORD.into();
            channel("all").send(more)
        })
        .filter(move |data, connection, _| {
            filtered.add(json!([data, connection["user"]]));
            true
        });
    let join = Methods::new().create(async |_, params: Params| {
        let connection = params.connection.as_ref().expect("over Socket.IO");
        params.app()?.channel("all").join(connection);
        Ok(json!({}))
    });
    let join = Registration::of(join).publish(|_, _| Publication::NOBODY);
    House::with(config, move |builder| builder.service("users", users).service("join", join).hooks(of_app))
}

/// A client that is told of the users.
async fn listener(house: &House) -> Client {
    let mut client = house.client(json!({})).await;
    answer(&mut client, json!(["create", "join", {}, {}])).await;
    client
}

/// Each way to write and read users, as a call.
fn ways() -> Vec<Value> {
    vec![
        json!(["create", "users", {"email": "ann@x.test", "password": PASSWORD}, {}]),
        json!(["create", "users", [{"email": "bob@x.test", "password": PASSWORD}, {"email": "cid@x.test"}], {}]),
        json!(["create", "users", {"email": "dot@x.test", "password": PASSWORD}, {"$select": ["email"]}]),
        json!(["get", "users", 1, {}]),
        json!(["find", "users", {}]),
        json!(["find", "users", {"$select": ["email"], "$limit": 1}]),
        json!(["update", "users", 1, {"email": "ann@x.test", "password": NEWER}, {}]),
        json!(["patch", "users", 1, {"password": NEWER}, {}]),
        json!(["patch", "users", 1, {"company": 7}, {}]),
        json!(["patch", "users", null, {"password": NEWER}, {"email": {"$in": ["bob@x.test"]}}]),
        json!(["remove", "users", 3, {}]),
        json!(["remove", "users", null, {"email": "cid@x.test"}]),
    ]
}

pub async fn no_way_to_a_user_leads_to_the_password(on: Kind) {
    let (table, notes) = (on.table().await, Notes::default());
    let house = open(&table, &notes);
    let mut client = listener(&house).await;
    let service = house.broker.service("users").expect("it is there");
    for event in ["created", "updated", "patched", "removed"] {
        let noted = notes.clone();
        service.on(event, move |data, call| noted.add(json!([data, call.map(seen)]))).expect("there is room");
    }
    for way in ways() {
        let (events, answered) = call(&mut client, way.clone()).await;
        assert!(answered[0].is_null(), "{way}: {answered}");
        for told in events.iter().chain([&answered]).map(Value::to_string) {
            assert!(!tells(&told), "{way}: {told}");
        }
        for noted in notes.take() {
            assert!(!tells(&noted.to_string()), "{way}: {noted}");
        }
    }
    service.emit("patched", json!({"id": 1, "password": PASSWORD}));
    let told = client.event().await;
    assert_eq!((&told[0], tells(&told.to_string())), (&json!("users patched"), false), "{told}");
    // Rust code sees no more than a client.
    let params = || Params::query(json!({}));
    let ann = service.get(1, params()).await.expect("it is there");
    let found = service.find(params()).await.expect("they are there");
    let created =
        service.create(json!({"email": "eve@x.test", "password": PASSWORD}), params()).await.expect("created");
    for seen in [ann, found, created] {
        assert!(!tells(&seen.to_string()), "{seen}");
    }
    for user in stored(&table).await {
        let hash = user.get("password").map(|hash| hash.as_str().expect("a text").to_owned());
        assert!(hash.is_none_or(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{user:?}");
    }
    let mut other = house.client(json!({})).await;
    for password in [PASSWORD, NEWER] {
        let data = local("ann@x.test", password);
        match password == NEWER {
            true => assert_eq!(log_in(&mut other, data).await["user"]["company"], 7),
            false => {
                let refused = refusal(&mut other, json!(["create", "authentication", data, {}])).await;
                assert_eq!(refused["message"], "Invalid login");
            }
        }
    }
    assert!(!notes.take().iter().any(|noted| tells(&noted.to_string())));
    let connected = house.broker.node().metrics().text().expect("text");
    assert!(!tells(&connected.replace("password", "")));
}

pub async fn no_query_of_anybody_asks_about_the_password(on: Kind) {
    let (table, notes) = (on.table().await, Notes::default());
    let house = open(&table, &notes);
    let mut client = listener(&house).await;
    let service = house.broker.service("users").expect("it is there");
    service.create(json!({"email": "ann@x.test", "password": PASSWORD}), Params::default()).await.expect("created");
    client.event().await;
    for query in [
        json!({"password": {"$gt": "$argon2id$v=19$m=19456,t=2,p=1$a"}}),
        json!({"password": {"$ne": null}}),
        json!({"password.0": "$"}),
        json!({"$or": [{"password": {"$lt": "x"}}]}),
        json!({"$and": [{"$or": [{"email": "a"}, {"password": {"$in": ["x"]}}]}]}),
        json!({"$select": ["password"]}),
        json!({"$sort": {"password": 1}}),
    ] {
        let calls = [
            json!(["find", "users", query]),
            json!(["get", "users", 1, query]),
            json!(["create", "users", {}, query]),
            json!(["update", "users", 1, {}, query]),
            json!(["patch", "users", null, {"a": 1}, query]),
            json!(["patch", "users", 1, {"a": 1}, query]),
            json!(["remove", "users", null, query]),
        ];
        for what in calls {
            let refused = refusal(&mut client, what.clone()).await;
            let said = (&refused["name"], &refused["message"]);
            assert_eq!(said, (&json!("BadRequest"), &json!("The field 'password' can not be queried")), "{what}");
        }
        let refused = service.find(Params::query(query)).await.expect_err("Rust code asks no more");
        assert_eq!(refused.class.code(), 400);
    }
    nothing_comes(&mut client).await;
    assert_eq!(stored(&table).await.len(), 1);
}

pub async fn a_password_that_is_none_is_refused_and_nothing_is_stored(on: Kind) {
    let (table, notes) = (on.table().await, Notes::default());
    let house = open(&table, &notes);
    let mut client = house.client(json!({})).await;
    for (bad, why) in [
        (json!(""), "must not be empty"),
        (json!(null), "must be a text"),
        (json!(5), "must be a text"),
        (json!({"$ne": "x"}), "must be a text"),
        (json!(["x"]), "must be a text"),
        (json!("x".repeat(1025)), "is too long: 1024 bytes are allowed"),
    ] {
        for what in [
            json!(["create", "users", {"email": "a", "password": bad}, {}]),
            json!(["create", "users", [{"email": "a", "password": "good"}, {"email": "b", "password": bad}], {}]),
        ] {
            let refused = refusal(&mut client, what).await;
            assert_eq!((&refused["name"], &refused["errors"]["password"]), (&json!("BadRequest"), &json!(why)));
            assert_eq!(refused["message"], format!("The field 'password' {why}"));
        }
    }
    let many: Vec<Value> = (0..33).map(|n| json!({"email": n, "password": "x"})).collect();
    let refused = refusal(&mut client, json!(["create", "users", many, {}])).await;
    assert_eq!(refused["message"], "No more than 32 passwords may be set at once");
    assert!(stored(&table).await.is_empty());
    // A hash is a password like any other: who knows one of somebody else's does not log in with it.
    let hash = "$2b$04$saltsaltsaltsaltsaltsOaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let (_, answered) = call(&mut client, json!(["create", "users", {"email": "a", "password": hash}, {}])).await;
    assert!(answered[0].is_null(), "{answered}");
    assert!(stored(&table).await[0]["password"].as_str().expect("a hash").starts_with("$argon2id$"));
    assert_eq!(log_in(&mut client, local("a", hash)).await["user"]["id"], 1);
}
