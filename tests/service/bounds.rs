//! What one call may ask for and what may follow it: no client takes from the others what they share.
use super::house::{House, Notes, answer, call, config, documents, echo, nothing_comes};
use callboard::service::{Methods, Params, Registration};
use serde_json::{Value, json};

/// How many events of services went nowhere.
fn dropped(house: &House) -> Option<String> {
    let text = house.broker.node().metrics().text().expect("text");
    let line = text.lines().find(|line| line.starts_with(r#"callboard_drops_total{reason="service"}"#));
    line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
}

#[actix_rt::test]
async fn more_items_than_may_be_created_at_once_are_refused_before_the_method_runs() {
    let notes = Notes::default();
    let noted = notes.clone();
    let house = House::open(move |builder| {
        let create = async move |data: Value, _: Params| {
            noted.add(data.as_array().map(Vec::len));
            Ok(json!({}))
        };
        builder.service("notes", Methods::new().create(create))
    });
    let mut client = house.client(json!({})).await;
    let refused = answer(&mut client, json!(["create", "notes", vec![0; 1_001]])).await;
    assert_eq!((&refused[0]["name"], &refused[0]["code"]), (&json!("BadRequest"), &json!(400)));
    assert_eq!(refused[0]["message"], "No more than 1000 items may be created at once");
    let (_, allowed) = call(&mut client, json!(["create", "notes", vec![0; 1_000]])).await;
    assert_eq!(allowed, json!([null, {}]));
    assert_eq!(notes.take(), [json!(1_000)]);
}

#[actix_rt::test]
async fn the_events_of_a_large_result_come_in_order_before_the_answer_and_leave_others_their_room() {
    const ITEMS: u64 = 5_000;
    let mut config = config();
    config.limits.channel_queue = 300;
    let house = House::with(config, |builder| {
        let many = async |_, data: Value, _: Params| match data["n"].as_u64() {
            None => Ok((0..ITEMS).map(|n| json!({"n": n})).collect()),
            Some(_) => Ok(data),
        };
        builder.service("many", Registration::of(Methods::new().patch(many))).service("other", echo())
    });
    let mut client = house.client(json!({})).await;
    let [many, other] = ["many", "other"].map(|path| house.broker.service(path).expect("it is there"));
    let of_others = async {
        for n in 0..200 {
            other.create(json!({"other": n}), Params::default()).await.expect("it is created");
        }
    };
    // The second call comes after the first one, and so do its events.
    let last = async { many.patch(1, json!({"n": ITEMS}), Params::default()).await };
    let (called, last, ()) = tokio::join!(call(&mut client, json!(["patch", "many", null, {}])), last, of_others);
    assert!(last.is_ok());
    let (events, answer) = called;
    assert_eq!(answer[1].as_array().map(Vec::len), Some(5_000));
    let of_many: Vec<_> = events.iter().filter_map(|event| event[1]["n"].as_u64()).filter(|n| *n < ITEMS).collect();
    assert!(of_many.into_iter().eq(0..ITEMS));
    assert_eq!(dropped(&house), None);
}

#[actix_rt::test]
async fn an_event_that_is_too_large_reaches_no_client_and_is_counted_and_the_call_succeeds() {
    let house = House::open(|builder| builder.service("notes", echo()));
    let mut client = house.client(json!({})).await;
    let notes = Notes::default();
    let noted = notes.clone();
    let service = house.broker.service("notes").expect("it is there");
    service.on("created", move |data, _| noted.add(data["text"].as_str().map(str::len))).expect("there is room");
    let most = 256 * 1024 - json!({"text": ""}).to_string().len();
    for (length, comes) in [(most, true), (most + 1, false)] {
        house.create("notes", json!({"text": "x".repeat(length)})).await;
        if comes {
            assert_eq!(client.event().await[1]["text"].as_str().map(str::len), Some(length));
        }
        nothing_comes(&mut client).await;
    }
    assert_eq!(notes.take(), [json!(most), json!(most + 1)]);
    assert_eq!(dropped(&house).as_deref(), Some("1"));
}

#[actix_rt::test]
async fn a_document_grows_to_its_bound_and_no_patch_of_a_client_brings_it_further() {
    let house = House::open(|builder| builder.service("notes", documents()));
    let mut client = house.client(json!({})).await;
    call(&mut client, json!(["create", "notes", {}])).await;
    let mut patched = 0;
    let refused = loop {
        let field = format!("field {patched}");
        let (_, answer) = call(&mut client, json!(["patch", "notes", 0, {field: "x".repeat(50_000)}])).await;
        if !answer[0].is_null() {
            break answer;
        }
        patched += 1;
    };
    assert_eq!(patched, 5);
    assert_eq!(refused[0]["name"], "BadRequest");
    assert_eq!(refused[0]["message"], "A document may be 262144 bytes of JSON at most");
}

#[actix_rt::test]
async fn a_binary_part_that_a_call_names_a_thousand_times_is_refused() {
    let house = House::open(|builder| builder.service("notes", echo()));
    let mut client = house.client(json!({})).await;
    let named = vec![json!({"_placeholder": true, "num": 0}); 1_000];
    client.say(&format!(r#"451-0{}"#, json!(["create", "notes", named]))).await;
    client.say_bytes(vec![7; 100_000]).await;
    let refused = client.next().await;
    assert!(refused.starts_with(r#"430[{"name":"BadRequest""#), "{refused}");
    nothing_comes(&mut client).await;
}
