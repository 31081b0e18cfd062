//! Writing the JSON encoding: replies, pushes and events, with the protocol's fields in the order of its numbers.
use super::object::{Object, frame};
use crate::protocol::{Connected, Expiry, Frame, HistoryPage, Push, Reply, Subscribed};
use crate::types::{ClientInfo, Event};
use std::sync::{Arc, LazyLock};

/// Bytes around the values of a small frame, for the first guess at its size.
const SMALL: usize = 96;
/// The same for one client's info or one event's tags.
const EXTRA: usize = 160;

static PING: LazyLock<Frame> = LazyLock::new(|| Frame::of_text("{}"));

pub(super) fn ping() -> Frame {
    PING.clone()
}

pub(super) fn event(event: &Event) -> Frame {
    published(event, |push| push.text("channel", event.channel.as_str()))
}

pub(super) fn event_compact(event: &Event, id: u32) -> Frame {
    published(event, |push| push.number("id", id.into()))
}

fn published(event: &Event, channel: impl FnOnce(&mut Object<'_>)) -> Frame {
    let size = SMALL + event.channel.as_str().len() + size_of_event(event);
    pushed(size, |push| {
        channel(push);
        push.object("pub", |publication| write_event(publication, event));
    })
}

pub(super) fn push(push: &Push) -> Frame {
    pushed(SMALL + EXTRA, |object| match push {
        Push::Join { channel, info } => {
            object.text("channel", channel.as_str());
            object.object("join", |join| join.object("info", |o| write_client(o, info)));
        }
        Push::Leave { channel, info } => {
            object.text("channel", channel.as_str());
            object.object("leave", |leave| leave.object("info", |o| write_client(o, info)));
        }
        Push::Subscribe { channel, subscribed } => {
            object.text("channel", channel.as_str());
            object.object("subscribe", |o| write_server_side(o, subscribed));
        }
        Push::Unsubscribe { channel, reason } => {
            object.text("channel", channel.as_str());
            object.object("unsubscribe", |o| write_code(o, reason.code, &reason.reason));
        }
        Push::Lagged { channel, count } => object.object("message", |message| {
            message.object("data", |data| {
                data.object("lagged", |lagged| {
                    lagged.text("channel", channel.as_str());
                    lagged.number("count", *count);
                });
            });
        }),
        Push::Message(data) => object.object("message", |message| message.json("data", Some(data))),
        Push::Refresh(expiry) => object.object("refresh", |o| write_expiry(o, *expiry)),
        Push::Disconnect(reason) => object.object("disconnect", |o| write_code(o, reason.code.into(), &reason.reason)),
    })
}

fn pushed(size: usize, write: impl FnOnce(&mut Object<'_>)) -> Frame {
    frame(size, |reply| reply.object("push", write))
}

pub(super) fn reply(id: u32, reply: &Reply) -> Frame {
    frame(size_of_reply(reply), |object| {
        object.number("id", id.into());
        write_reply(object, reply);
    })
}

fn write_reply(object: &mut Object<'_>, reply: &Reply) {
    match reply {
        Reply::Error(error) => object.value("error", error),
        Reply::Connected(connected) => object.object("connect", |o| write_connected(o, connected)),
        Reply::Subscribed(subscribed) => object.object("subscribe", |o| write_subscribed(o, subscribed)),
        Reply::Unsubscribed => object.object("unsubscribe", |_| {}),
        // No client of this wire can ask for an account.
        Reply::Published | Reply::Accounted(_) => object.object("publish", |_| {}),
        Reply::Presence(present) => object.object("presence", |o| write_presence(o, present)),
        Reply::PresenceStats { clients, users } => object.object("presence_stats", |stats| {
            stats.value("num_clients", clients);
            stats.value("num_users", users);
        }),
        Reply::History(page) => object.object("history", |o| write_history(o, page)),
        // No client of this wire registers, or emits events; an answer would be read like that of an rpc.
        Reply::Registered => object.object("rpc", |_| {}),
        Reply::Acknowledged { args, .. } => object.object("rpc", |rpc| rpc.json("data", Some(args))),
        Reply::Rpc(data) => object.object("rpc", |rpc| rpc.json("data", data.as_ref())),
        Reply::Refreshed(expiry) => object.object("refresh", |o| write_expiry(o, *expiry)),
        Reply::SubRefreshed(expiry) => object.object("sub_refresh", |o| write_expiry(o, *expiry)),
    }
}

fn write_connected(object: &mut Object<'_>, connected: &Connected) {
    object.value("client", &connected.client);
    object.text("version", &connected.version);
    write_expiry(object, connected.expiry);
    object.json("data", connected.data.as_ref());
    if !connected.subs.is_empty() {
        object.object("subs", |subs| {
            for (channel, subscribed) in &connected.subs {
                subs.entry(channel, |o| write_subscribed(o, subscribed));
            }
        });
    }
    object.number("ping", connected.ping.into());
    object.flag("pong", connected.pong);
}

fn write_subscribed(object: &mut Object<'_>, subscribed: &Subscribed) {
    let recovery = subscribed.recovery.as_ref();
    write_expiry(object, subscribed.expiry);
    object.flag("recoverable", subscribed.recoverable);
    write_epoch(object, subscribed);
    if let Some(recovery) = recovery.filter(|recovery| !recovery.events.is_empty()) {
        write_events(object, &recovery.events);
    }
    object.flag("recovered", recovery.is_some_and(|recovery| recovery.complete));
    write_offset(object, subscribed);
    object.flag("positioned", subscribed.positioned);
    object.json("data", subscribed.data.as_ref());
    object.flag("was_recovering", recovery.is_some());
    object.number("id", subscribed.compact_id.unwrap_or(0).into());
}

/// The push of a server-side subscription has fewer fields than the reply (`client.proto`, message `Subscribe`).
fn write_server_side(object: &mut Object<'_>, subscribed: &Subscribed) {
    object.flag("recoverable", subscribed.recoverable);
    write_epoch(object, subscribed);
    write_offset(object, subscribed);
    object.flag("positioned", subscribed.positioned);
    object.json("data", subscribed.data.as_ref());
}

fn write_epoch(object: &mut Object<'_>, subscribed: &Subscribed) {
    object.text("epoch", subscribed.position.as_ref().map_or("", |position| position.epoch.as_str()));
}

fn write_offset(object: &mut Object<'_>, subscribed: &Subscribed) {
    object.number("offset", subscribed.position.as_ref().map_or(0, |position| position.offset));
}

fn write_presence(object: &mut Object<'_>, present: &[(String, Arc<ClientInfo>)]) {
    object.object("presence", |clients| {
        for (client, info) in present {
            clients.entry(client, |o| write_client(o, info));
        }
    });
}

fn write_history(object: &mut Object<'_>, page: &HistoryPage) {
    write_events(object, &page.events);
    object.value("epoch", page.epoch.as_str());
    object.value("offset", &page.offset);
}

fn write_events(object: &mut Object<'_>, events: &[Arc<Event>]) {
    object.list("publications", events, |o, event| write_event(o, event));
}

fn write_event(object: &mut Object<'_>, event: &Event) {
    object.json("data", Some(&event.data));
    if let Some(info) = &event.publisher {
        object.object("info", |o| write_client(o, info));
    }
    let position = event.position.as_ref();
    object.number("offset", position.map_or(0, |position| position.offset));
    if let Some(tags) = event.tags.as_ref().filter(|tags| !tags.is_empty()) {
        object.object("tags", |o| tags.iter().for_each(|(key, value)| o.text_entry(key, value)));
    }
    // The first event of a stream tells the epoch to clients that subscribed before there was one.
    if let Some(first) = position.filter(|position| position.offset == 1) {
        object.text("epoch", first.epoch.as_str());
    }
}

fn write_client(object: &mut Object<'_>, info: &ClientInfo) {
    object.value("user", info.user.as_ref() as &str);
    object.value("client", &info.client);
    object.json("conn_info", info.conn_info.as_ref());
    object.json("chan_info", info.chan_info.as_ref());
}

fn write_expiry(object: &mut Object<'_>, expiry: Option<Expiry>) {
    object.flag("expires", expiry.is_some());
    object.number("ttl", expiry.map_or(0, |expiry| expiry.ttl).into());
}

fn write_code(object: &mut Object<'_>, code: u32, reason: &str) {
    object.number("code", code.into());
    object.text("reason", reason);
}

fn size_of_reply(reply: &Reply) -> usize {
    let events = |events: &[Arc<Event>]| events.iter().map(|event| size_of_event(event)).sum::<usize>();
    SMALL
        + match reply {
            Reply::Subscribed(s) => EXTRA + s.recovery.as_ref().map_or(0, |recovery| events(&recovery.events)),
            Reply::Connected(c) => EXTRA * (1 + c.subs.len()),
            Reply::History(page) => events(&page.events),
            Reply::Presence(present) => EXTRA * present.len(),
            Reply::Acknowledged { args, .. } => args.bytes().len(),
            Reply::Rpc(data) => data.as_ref().map_or(0, |data| data.bytes().len()),
            _ => 0,
        }
}

fn size_of_event(event: &Event) -> usize {
    let extras = usize::from(event.publisher.is_some()) + usize::from(event.tags.is_some());
    SMALL + event.data.bytes().len() + extras * EXTRA
}
