//! Those who guess passwords, and the others meanwhile.
use super::house::{House, Kind, PASSWORD, WithUsers, config, local, log_ann_in, open, refusal, with};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A login over HTTP of a client that a trusted proxy says is at this address: its status and all that is answered.
async fn post(address: SocketAddr, from: &str, data: &Value) -> (u16, String) {
    let body = data.to_string();
    let request = format!(
        "POST /authentication HTTP/1.1\r\nHost: {address}\r\nX-Forwarded-For: {from}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("it is written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer)
}

async fn behind_a_proxy(on: Kind) -> WithUsers {
    let mut config = config();
    config.rest.prefix = Some("/".into());
    config.server.trusted_proxies = vec!["127.0.0.1".into()];
    with(config, on.table().await, |builder| builder).await
}

fn count(house: &House, metric: &str) -> u64 {
    let text = house.broker.node().metrics().text().expect("text");
    let line = text.lines().find(|line| line.starts_with(metric));
    line.and_then(|line| line.rsplit(' ').next()).and_then(|count| count.parse().ok()).unwrap_or_default()
}

pub async fn a_user_name_whose_password_is_guessed_waits_and_no_other_and_what_is_right_does_not_count(on: Kind) {
    let house = open(on, |builder| builder).await;
    let mut client = house.client(json!({})).await;
    for _ in 0..12 {
        log_ann_in(&mut client).await;
    }
    let guess = json!(["create", "authentication", local("bob@x.test", "wrong"), {}]);
    for _ in 0..10 {
        assert_eq!(refusal(&mut client, guess.clone()).await["message"], "Invalid login");
    }
    let right = json!(["create", "authentication", local("bob@x.test", "another one"), {}]);
    for data in [guess, right] {
        let refused = refusal(&mut client, data).await;
        assert_eq!((&refused["name"], &refused["code"]), (&json!("TooManyRequests"), &json!(429)));
        let seconds = refused["data"]["retryAfter"].as_u64().expect("a number");
        assert!((1..=7).contains(&seconds), "{refused}");
        assert_eq!(refused["message"], format!("Too many attempts; try again in {seconds} s"));
    }
    // Names that nobody has are counted likewise.
    let nobody = json!(["create", "authentication", local("nobody@x.test", "wrong"), {}]);
    for _ in 0..10 {
        assert_eq!(refusal(&mut client, nobody.clone()).await["code"], 401);
    }
    assert_eq!(refusal(&mut client, nobody).await["code"], 429);
    log_ann_in(&mut client).await;
    assert_eq!(count(&house, "callboard_limits_reached_total{limit=\"authentication.attempts_by_account\"}"), 3);
}

pub async fn passwords_that_clients_set_count_as_attempts_of_their_address(on: Kind) {
    let mut config = config();
    config.authentication.attempts_by_address = 3;
    let house = with(config, on.table().await, |builder| builder).await;
    let mut client = house.client(json!({})).await;
    let two = json!([{"email": "c", "password": "x"}, {"email": "d", "password": "x"}]);
    let (_, answered) = super::house::call(&mut client, json!(["create", "users", two, {}])).await;
    assert!(answered[0].is_null(), "{answered}");
    let refused = refusal(&mut client, json!(["create", "users", two, {}])).await;
    assert_eq!(refused["name"], "TooManyRequests");
    log_ann_in(&mut client).await;
    let refused = refusal(&mut client, json!(["create", "authentication", local("ann@x.test", PASSWORD), {}])).await;
    assert_eq!(refused["name"], "TooManyRequests");
}

pub async fn a_thousand_attempts_of_one_address_keep_nobody_else_from_logging_in(on: Kind) {
    let house = behind_a_proxy(on).await;
    let address = house.address;
    let began = Instant::now();
    let attack = (0..1_000).map(|n| {
        actix_rt::spawn(async move { post(address, "203.0.113.7", &local(&format!("user{n}@x.test"), "guess")).await })
    });
    let attack: Vec<_> = attack.collect();
    while count(&house, "callboard_limits_reached_total{limit=\"authentication.attempts_by_address\"}") == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let asked = Instant::now();
    let (status, answer) = post(address, "198.51.100.1", &local("ann@x.test", PASSWORD)).await;
    let waited = asked.elapsed();
    assert_eq!(status, 201, "{answer}");
    let answers: Vec<_> =
        futures_util::future::join_all(attack).await.into_iter().map(|done| done.expect("done")).collect();
    let of = |status: u16| answers.iter().filter(|(given, _)| *given == status).count();
    // No more than what one address may try in a minute, and what the time since has given back; and it may take a part of the
    // queue alone, so that fewer are looked at where that is slow.
    let tried = of(401);
    assert!((1..=60 + began.elapsed().as_secs() as usize + 1).contains(&tried), "{tried} were looked at");
    assert_eq!(tried + of(429), 1_000);
    let limited = answers.iter().find(|(status, _)| *status == 429).expect("most are");
    assert!(limited.1.to_lowercase().contains("\r\nretry-after: "), "{}", limited.1);
    // It has the next turn of the round, before all of the attack's that wait; the call as a whole has the time of any call.
    assert!(waited < house.broker.node().limits().handler_timeout, "it took {waited:?}");
    println!("a login beside 1000 attempts took {waited:?}");
    assert_eq!(count(&house, "callboard_hashing"), 0);
}
