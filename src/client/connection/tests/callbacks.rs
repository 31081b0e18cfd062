//! Which callbacks are called, and what becomes of one that panics.
use super::*;

#[tokio::test(start_paused = true)]
async fn a_callback_is_not_called_after_another_one_of_the_same_event_or_the_last_handle_ended_it() {
    let shared = Arc::new(client(Role::Backend("catalog".into())));
    shared.ask();
    let heard: Arc<Mutex<Vec<(&str, String)>>> = Arc::default();
    let callback = |name: &'static str, ends: fn(&Shared)| {
        let (heard, shared) = (heard.clone(), Arc::downgrade(&shared));
        Subscribed::new(move |data| {
            heard.lock().unwrap().push((name, data.get().to_owned()));
            ends(&shared.upgrade().expect("the test holds it"));
            Ok(())
        })
    };
    shared.subscribe(key("a"), callback("a", |shared| shared.unsubscribe(&key("a")))).unwrap();
    shared.subscribe(key("a"), callback("behind", |_| {})).unwrap();
    shared.subscribe(key("b"), callback("b", Shared::drop_all)).unwrap();
    shared.subscribe(key("b"), callback("behind", |_| {})).unwrap();
    let (end, _) = talk(&shared, 4096, async |mut peer, _| {
        for plugin in ["a", "a", "b", "b"] {
            let event = format!(r#"{{"command":"publish","pluginId":"{plugin}","data":1}}"#);
            peer.send(Message::Text(event.into())).await.unwrap();
        }
        while let Some(Ok(_)) = peer.next().await {}
    })
    .await;
    assert_eq!(end, End::Left);
    assert_eq!(*heard.lock().unwrap(), [("a", "1".to_owned()), ("b", "1".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_callback_whose_destructor_panics_harms_nothing() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("a panic, which the test wants");
        }
    }
    let shared = Arc::new(client(Role::Backend("catalog".into())));
    shared.ask();
    let (held, own) = (Panics, Arc::downgrade(&shared));
    let callback = Subscribed::new(move |_| {
        let _held = &held;
        own.upgrade().expect("the test holds it").unsubscribe(&key("a"));
        panic!("another one, which the test wants");
    });
    shared.subscribe(key("a"), callback).unwrap();
    let (end, _) = talk(&shared, 4096, async |mut peer, shared| {
        peer.send(Message::Text(r#"{"command":"publish","pluginId":"a","data":1}"#.into())).await.unwrap();
        peer.send(Message::Text(r#"{"command":"error"}"#.into())).await.unwrap();
        while shared.counts().refused == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(shared.counts().failed_callbacks, 1);
    })
    .await;
    lost(&end, "the connection was lost");
}
