//! What a server pushes, and how it is told what to push.
use super::core::Core;
use super::envelope;
use super::event_store;
use super::link::Link;
use super::subscriptions::{Receiver, SubscriptionChange};
use bytes::Bytes;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{PushInfo, PushKind, Value};
use std::sync::Arc;

/// Takes what a server pushes, on the engine's thread.
pub(super) fn pushed(core: &Core, link: &Link, push: PushInfo) {
    match push.kind {
        PushKind::Message => {
            let mut data = push.data.into_iter();
            if let (Some(Value::BulkString(name)), Some(Value::BulkString(payload))) = (data.next(), data.next()) {
                receive(core, link, &name, payload.into());
            }
        }
        PushKind::PMessage => {
            let parts: [Value; 3] = match push.data.try_into() {
                Ok(parts) => parts,
                Err(_) => return,
            };
            if let [Value::BulkString(pattern), Value::BulkString(name), Value::BulkString(payload)] = parts
                && let Some(Receiver::Tap(tap)) = core.subscriptions.receiver(&pattern)
            {
                tap.heard(&name, payload.into());
            }
        }
        PushKind::Disconnection => {
            core.subscriptions.fall(link);
            link.break_off();
        }
        _ => {}
    }
}

fn receive(core: &Core, link: &Link, name: &[u8], payload: Bytes) {
    let bytes = payload.len();
    match core.subscriptions.receiver(name) {
        Some(Receiver::Channel(way)) => match envelope::from_bus(way.channel().clone(), &core.id, payload) {
            Ok(brought) => link.bring(way, brought, bytes),
            Err(error) => {
                let name = String::from_utf8_lossy(name);
                core.drop_undecodable(format_args!("what came over the bus on {name}"), error);
            }
        },
        Some(Receiver::ControlSink(sink)) => sink.heard(payload),
        Some(Receiver::Tap(tap)) => tap.heard(name, payload),
        Some(Receiver::News(sink)) => event_store::tell(&*sink, &payload),
        Some(Receiver::Watchdog) => {
            if let Some(number) = std::str::from_utf8(&payload).ok().and_then(|text| text.parse().ok()) {
                link.watchdog.hear(number);
            }
        }
        None => {}
    }
}

/// A connection that subscriptions stand on: given up, whatever for, none of them does.
struct Ground<'a>(&'a Core, &'a Link);

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        self.0.subscriptions.fall(self.1);
    }
}

/// Subscribes and unsubscribes on a new connection until it fails; why it did.
pub(super) async fn drive(core: &Arc<Core>, link: &Arc<Link>, mut connection: MultiplexedConnection) -> String {
    core.subscriptions.renew(link);
    let _ground = Ground(core, link);
    loop {
        let changes = link.subscriptions.take();
        if changes.is_empty() {
            link.subscriptions.settle();
            link.subscriptions.filled().await;
            continue;
        }
        let mut pipeline = redis::Pipeline::with_capacity(changes.len());
        for change in &changes {
            // One name a command: each is confirmed by itself, so that an answer belongs to a command.
            match change {
                SubscriptionChange::Subscribe(name, _) => pipeline.cmd("SUBSCRIBE").arg(&name[..]),
                SubscriptionChange::SubscribePattern(pattern, _) => pipeline.cmd("PSUBSCRIBE").arg(&pattern[..]),
                SubscriptionChange::Unsubscribe(name) => pipeline.cmd("UNSUBSCRIBE").arg(&name[..]),
            };
        }
        let answers = match connection.req_packed_commands(&pipeline, 0, changes.len()).await {
            Ok(answers) => answers,
            Err(error) => return error.to_string(),
        };
        for (change, answer) in changes.into_iter().zip(answers) {
            match (change, answer) {
                (
                    SubscriptionChange::Subscribe(..) | SubscriptionChange::SubscribePattern(..),
                    Value::ServerError(error),
                ) => {
                    return format!("a subscription was refused: {} {}", error.code(), error.details().unwrap_or(""));
                }
                (SubscriptionChange::Subscribe(name, turn) | SubscriptionChange::SubscribePattern(name, turn), _) => {
                    core.subscriptions.confirm(&name, turn)
                }
                (SubscriptionChange::Unsubscribe(_), _) => {}
            }
        }
    }
}
