//! Rust code and the clients of a wire on the same channels.
use super::ears::{Ear, UserUpdate, house, post, session};
use super::house::{json, real_story, until};
use callboard::broker::PublishRequest;
use callboard::broker::messages::Heard;
use std::sync::{Arc, Mutex};

#[test]
fn a_client_gets_what_rust_posts_with_its_type_as_a_tag() {
    real_story(async {
        let house = house();
        let (client, session) = (house.guest().await, session(&house));
        client.subscribe("kept:user_updates", "").await;
        client.forget();
        session.messages().post_message("kept:user_updates", &UserUpdate { id: 7 }).await.unwrap();
        until("it is pushed", || !client.said().is_empty()).await;
        let said = client.said();
        let pushed =
            r#"{"push":{"channel":"kept:user_updates","pub":{"data":{"id":7},"offset":1,"tags":{"type":"UserUpdate"},"#;
        assert!(said.len() == 1 && said[0].starts_with(pushed), "{said:?}");
    });
}

#[test]
fn a_listener_hears_clients_backends_and_rust_alike_and_sees_who_and_where() {
    real_story(async {
        let house = house();
        let (client, session) = (house.user("42").await, session(&house));
        let (all, ear): (Arc<Mutex<Vec<Heard>>>, Ear) = Default::default();
        let noted = all.clone();
        let note = move |heard: Heard| noted.lock().unwrap().push(heard);
        session.messages().add_listener_to(["open:1", "kept:1"], note).await.unwrap();
        session.messages().add_listener("open:1", ear.listener()).await.unwrap();
        client.ask(r#"{"id":3,"publish":{"channel":"open:1","data":{"id":1}}}"#).await;
        let request = PublishRequest {
            tags: Some([("lang".to_owned(), "en".to_owned())].into()),
            ..PublishRequest::new(json(r#"{"id":2}"#))
        };
        house.node.publish("open:1", request).await.unwrap();
        post(&session.messages(), "open:1", [3]).await;
        ear.hears([1, 2, 3]).await;
        post(&session.messages(), "kept:1", [4]).await;
        until("all four are heard", || all.lock().unwrap().len() == 4).await;

        let heard = all.lock().unwrap();
        assert!(heard[..3].iter().all(|heard| heard.channel().as_str() == "open:1" && heard.position().is_none()));
        assert_eq!(heard[0].publisher().map(|client| &*client.user), Some("42"));
        assert!(heard[1..].iter().all(|heard| heard.publisher().is_none() && heard.missed().is_none()));
        assert_eq!((heard[1].tag("lang"), heard[2].tag("type")), (Some("en"), Some("UserUpdate")));
        assert_eq!(heard[3].position().map(|position| position.offset), Some(1));
        assert_eq!(heard[3].data().as_str(), r#"{"id":4}"#);
    });
}
