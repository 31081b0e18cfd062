//! Views: what each session is shown, in the order of the channel, also where a view takes its time.
use super::house::{Client, House, Plan, json, pass, rest, story};
use super::residents::{Resident, args, home};
use callboard::broker::handler::{Handlers, SessionView};
use callboard::broker::{Emission, Expose, Limits, PublishRequest, Rule};
use callboard::filter::{Look, Shown, View};
use callboard::metrics::Metrics;
use callboard::types::{ChannelName, Event};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

const NAMESPACES: &str = r#"
[[namespace]]
name = "seen"
subscribe = "anyone"
publish = "anyone"
join_leave = true
allow_tags_filter = true
force_push_join_leave = true
[[namespace]]
name = "kept"
subscribe = "anyone"
history_for = "anyone"
history_size = 100
history_ttl = "5m"
force_recovery = true
[[namespace]]
name = "plain"
subscribe = "anyone"
"#;

/// The looks that are under way, by the number of the event.
#[derive(Clone, Default)]
struct Looks(Arc<Mutex<HashMap<u64, oneshot::Sender<Shown>>>>);

impl Looks {
    fn begin(&self, number: u64) -> Look {
        let (decide, decided) = oneshot::channel();
        self.0.lock().unwrap().insert(number, decide);
        Look::Later(Box::pin(async move { decided.await.expect("it is decided") }))
    }

    async fn decide(&self, number: u64, shown: Shown) {
        let look = self.0.lock().unwrap().remove(&number).expect("it is looked at");
        look.send(shown).expect("it is waited for");
        rest().await;
    }

    /// Whether nobody waits for this look any more.
    fn is_over(&self, number: u64) -> bool {
        self.0.lock().unwrap()[&number].is_closed()
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Takes its time for odd numbers; of the even ones it drops those that end in 4, and shows all others.
struct Odd(Looks);

impl View for Odd {
    fn look(&self, event: &Event) -> Look {
        let number: u64 = event.data.as_str().parse().expect("a number");
        match number {
            _ if number % 2 == 1 => self.0.begin(number),
            7_000 => panic!("the view breaks, as the story wants it"),
            _ if number % 10 == 4 => Look::Now(Shown::Drop),
            _ => Look::Now(Shown::Pass),
        }
    }
}

/// A house whose views see users; the user `staff` sees everything.
fn house(limits: Limits) -> (House, Looks) {
    let looks = Looks::default();
    let mut handlers = Handlers::new(Duration::from_secs(5), 64, Metrics::new());
    for namespace in ["seen", "kept"] {
        let looks = looks.clone();
        handlers.view(namespace, move |session: &SessionView, _: &ChannelName| {
            (&*session.identity.user != "staff").then(|| Rc::new(Odd(looks.clone())) as Rc<dyn View>)
        });
    }
    (Plan { limits, handlers: Some(handlers), ..Plan::of(NAMESPACES) }.build(), looks)
}

async fn publish(house: &House, channel: &str, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        house.publish(channel, number).await.expect("it is accepted");
    }
    rest().await;
}

async fn listening(house: &House, channel: &str) -> Client {
    let client = house.guest().await;
    client.subscribe(channel, "").await;
    rest().await;
    client.forget();
    client
}

#[test]
fn what_comes_behind_an_event_that_is_looked_at_keeps_its_order() {
    story(async {
        let (house, looks) = house(Limits::default());
        let client = listening(&house, "seen:1").await;
        publish(&house, "seen:1", [2, 11, 12, 13, 14, 16]).await;
        assert_eq!(client.numbers(), [2]);
        looks.decide(13, Shown::Replace(json("130"))).await;
        assert_eq!(client.numbers(), [2], "the one before is looked at still");
        looks.decide(11, Shown::Pass).await;
        assert_eq!(client.numbers(), [2, 11, 12, 130, 16]);
        publish(&house, "seen:1", [15]).await;
        looks.decide(15, Shown::Drop).await;
        publish(&house, "seen:1", [18]).await;
        assert_eq!(client.numbers(), [2, 11, 12, 130, 16, 18]);
    });
}

#[test]
fn each_session_sees_with_its_own_view() {
    story(async {
        let (house, looks) = house(Limits::default());
        let (client, staff) = (listening(&house, "seen:1").await, house.user("staff").await);
        staff.subscribe("seen:1", "").await;
        publish(&house, "seen:1", [4, 5, 6]).await;
        assert_eq!((client.numbers(), staff.numbers()), (vec![], vec![4, 5, 6]), "nobody waits for another's view");
        looks.decide(5, Shown::Drop).await;
        assert_eq!(client.numbers(), [6]);
        let elsewhere = listening(&house, "plain:1").await;
        publish(&house, "plain:1", [4, 5]).await;
        assert_eq!(elsewhere.numbers(), [4, 5]);
    });
}

#[test]
fn joins_and_leaves_wait_behind_the_events_before_them() {
    story(async {
        let (house, looks) = house(Limits::default());
        let client = listening(&house, "seen:1").await;
        publish(&house, "seen:1", [1]).await;
        let _other = listening(&house, "seen:1").await;
        assert!(client.heard().await.is_empty());
        looks.decide(1, Shown::Pass).await;
        let heard = client.heard().await;
        assert!(heard.len() == 2 && heard[0].contains(r#""data":1"#) && heard[1].contains(r#""join""#), "{heard:?}");
    });
}

#[test]
fn a_filter_of_the_client_goes_before_the_view() {
    story(async {
        let (house, looks) = house(Limits::default());
        let client = house.guest().await;
        client.subscribe("seen:1", r#""tf":{"key":"of","cmp":"eq","val":"me"}"#).await;
        let tagged = |of: &str| [("of".to_owned(), of.to_owned())].into_iter().collect();
        for (number, of) in [("1", "you"), ("3", "me")] {
            let request = PublishRequest { tags: Some(tagged(of)), ..PublishRequest::new(json(number)) };
            house.node.channels().publish("seen:1", request).await.expect("it is accepted");
        }
        rest().await;
        assert_eq!(looks.len(), 1, "what the client does not want is not looked at");
        looks.decide(3, Shown::Pass).await;
        assert_eq!(client.numbers(), [3]);
    });
}

#[test]
fn recovered_events_and_a_history_are_seen_with_the_view() {
    story(async {
        let (house, looks) = house(Limits::default());
        publish(&house, "kept:1", [1, 2, 4]).await;
        let client = house.guest().await;
        client.say(r#"{"id":2,"subscribe":{"channel":"kept:1","recover":true,"epoch":""}}"#);
        rest().await;
        publish(&house, "kept:1", [6]).await;
        assert!(client.said().is_empty(), "it is looked at");
        looks.decide(1, Shown::Replace(json("10"))).await;
        let heard = client.heard().await;
        assert!(heard.len() == 2 && heard[1].contains(r#""data":6"#), "{heard:?}");
        let reply = &heard[0];
        assert!(
            reply.contains(r#""data":10"#) && reply.contains(r#""data":2"#) && !reply.contains(r#""data":4"#),
            "{reply}"
        );
        client.say(r#"{"id":3,"history":{"channel":"kept:1","limit":9}}"#);
        rest().await;
        looks.decide(1, Shown::Drop).await;
        let reply = client.heard().await.concat();
        assert!(!reply.contains(r#""data":1,"#) && !reply.contains(r#""data":4,"#), "{reply}");
        assert!(reply.contains(r#""data":2,"#) && reply.contains(r#""data":6,"#), "{reply}");
    });
}

#[test]
fn a_view_that_does_not_decide_is_a_loss_that_its_listener_knows_of() {
    story(async {
        let limits = Limits { view_timeout: Duration::from_secs(2), ..Limits::default() };
        let (house, looks) = house(limits);
        let (plain, kept) = (listening(&house, "seen:1").await, listening(&house, "kept:1").await);
        publish(&house, "seen:1", [1, 2]).await;
        pass(Duration::from_secs(2)).await;
        assert_eq!(plain.numbers(), [2]);
        publish(&house, "kept:1", [3, 2]).await;
        pass(Duration::from_secs(2)).await;
        let heard = kept.heard().await;
        assert!(
            heard.len() == 1 && heard[0].contains(r#""unsubscribe":{"code":2500"#),
            "it comes back for them: {heard:?}"
        );
        let again = kept.ask(r#"{"id":2,"subscribe":{"channel":"kept:1","recover":true,"epoch":""}}"#);
        let (reply, ()) = tokio::join!(again, async { pass(Duration::from_secs(2)).await });
        assert!(reply.contains(r#""code":100"#), "what it may see is not known: {reply}");
        assert!(looks.is_over(1) && looks.is_over(3));
        let text = house.metrics.text().expect("text");
        assert!(text.contains(r#"callboard_limits_reached_total{limit="view_timeout"} 3"#), "{text}");
    });
}

#[test]
fn a_view_that_panics_loses_its_event_and_harms_nobody_else() {
    story(async {
        let (house, looks) = house(Limits::default());
        let client = listening(&house, "seen:1").await;
        publish(&house, "seen:1", [1, 2, 7_000, 3]).await;
        drop(looks.0.lock().unwrap().remove(&1));
        rest().await;
        assert_eq!(client.numbers(), [2]);
        looks.decide(3, Shown::Pass).await;
        assert_eq!(client.numbers(), [2, 3]);
        assert!(house.metrics.text().expect("text").contains(r#"callboard_handler_failures_total{reason="panic"} 2"#));
        let staff = house.user("staff").await;
        publish(&house, "kept:1", [7_000]).await;
        let refused = client.ask(r#"{"id":3,"subscribe":{"channel":"kept:1","recover":true,"epoch":""}}"#).await;
        assert!(refused.contains(r#""code":100"#), "{refused}");
        let seen = staff.subscribe("kept:1", r#""recover":true,"epoch":"" "#).await;
        assert_eq!(seen["publications"][0]["data"], 7_000);
    });
}

#[test]
fn what_waits_for_a_view_is_bounded_for_each_listener() {
    story(async {
        let (house, looks) = house(Limits { view_queue: 2, ..Limits::default() });
        let (slow, kept, staff) =
            (listening(&house, "seen:1").await, listening(&house, "kept:1").await, house.user("staff").await);
        staff.subscribe("seen:1", "").await;
        publish(&house, "seen:1", [1, 2, 6, 8, 10]).await;
        looks.decide(1, Shown::Pass).await;
        publish(&house, "seen:1", [12]).await;
        assert_eq!(slow.numbers(), [1, 2, 12], "it goes on where nobody could bring the others");
        assert_eq!(staff.numbers(), [1, 2, 6, 8, 10, 12]);
        publish(&house, "kept:1", [3, 2, 6, 8]).await;
        let heard = kept.heard().await;
        assert!(heard.len() == 1 && heard[0].contains(r#""unsubscribe":{"code":2500"#), "{heard:?}");
        assert!(looks.is_over(3), "nobody waits for what it would not get");
    });
}

#[test]
fn looks_end_with_the_subscription_and_with_the_session() {
    story(async {
        let (house, looks) = house(Limits::default());
        let (one, two) = (listening(&house, "seen:1").await, listening(&house, "seen:2").await);
        publish(&house, "seen:1", [1]).await;
        publish(&house, "seen:2", [3]).await;
        one.ask(r#"{"id":4,"unsubscribe":{"channel":"seen:1"}}"#).await;
        two.leave();
        rest().await;
        assert!(looks.is_over(1) && looks.is_over(3));
        assert_eq!(one.numbers(), [] as [u64; 0]);
        assert_eq!(house.metrics.listeners.get(), 0);
    });
}

#[test]
fn a_channel_that_shows_another_space_is_seen_with_its_own_view_and_that_space_with_none() {
    story(async {
        let looks = Looks::default();
        let mut handlers = Handlers::new(Duration::from_secs(5), 64, Metrics::new());
        for namespace in ["", "chat"] {
            let looks = looks.clone();
            handlers.view(namespace, move |_, _| Some(Rc::new(Odd(looks.clone()))));
        }
        let expose = Expose { space: "socketio:/".into(), prefix: "chat:".into(), subscribe: Rule::Anyone };
        let house = Plan { expose: vec![expose], handlers: Some(handlers), ..Plan::of(NAMESPACES) }.build();
        let (resident, guest) = (Resident::arrive(&house, false).await, house.guest().await);
        guest.subscribe("chat:", "").await;
        resident.heard().await;
        for number in ["[1]", "[2]", "[4]"] {
            drop(house.node.homes().emit(&home(), Emission::new("said", args(number), vec![]).expect("an array")));
        }
        assert_eq!(resident.heard().await.len(), 3);
        assert_eq!(guest.numbers(), [] as [u64; 0]);
        looks.decide(1, Shown::Pass).await;
        assert_eq!(guest.numbers(), [1, 2]);
    });
}
