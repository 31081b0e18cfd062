//! Who is present.
use super::fixture::*;
use callboard::engine::PresenceStats;
use callboard::types::{ClientInfo, SessionId};
use std::sync::Arc;

impl Fixture {
    async fn enter(&self, name: &str, info: &Arc<ClientInfo>) {
        let answer = self.engine.add_presence(&channel(name), info.clone(), self.unit * 10).wait().await;
        answer.expect("the engine adds presence");
    }

    async fn leave(&self, name: &str, client: SessionId) {
        self.engine.remove_presence(&channel(name), client).wait().await.expect("the engine removes presence");
    }

    async fn present(&self, name: &str) -> Vec<SessionId> {
        let answer = self.engine.presence(&channel(name)).wait().await.expect("the engine lists presence");
        let mut clients: Vec<_> = answer.iter().map(|info| info.client).collect();
        clients.sort();
        clients
    }

    async fn stats(&self, name: &str) -> (usize, usize) {
        let stats = self.engine.presence_stats(&channel(name)).wait().await.expect("the engine counts presence");
        let PresenceStats { clients, users } = stats;
        (clients, users)
    }
}

fn sorted<const N: usize>(infos: [&Arc<ClientInfo>; N]) -> Vec<SessionId> {
    let mut clients = infos.map(|info| info.client).to_vec();
    clients.sort();
    clients
}

pub async fn nobody_is_present_in_an_unknown_channel(f: &Fixture) {
    assert_eq!(f.present("a").await, []);
    assert_eq!(f.stats("a").await, (0, 0));
}

pub async fn an_entry_is_present_until_removed(f: &Fixture) {
    let (mia, leo) = (client("mia"), client("leo"));
    f.enter("a", &mia).await;
    f.enter("a", &leo).await;
    assert_eq!(f.present("a").await, sorted([&mia, &leo]));
    f.leave("a", mia.client).await;
    assert_eq!((f.present("a").await, f.stats("a").await), (sorted([&leo]), (1, 1)));
    f.leave("a", leo.client).await;
    assert_eq!((f.present("a").await, f.stats("a").await), (vec![], (0, 0)));
}

pub async fn an_entry_ends_by_itself(f: &Fixture) {
    let (mia, leo) = (client("mia"), client("leo"));
    f.enter("a", &mia).await;
    f.pass(6).await;
    f.enter("a", &leo).await;
    f.pass(6).await;
    assert_eq!((f.present("a").await, f.stats("a").await), (sorted([&leo]), (1, 1)));
    f.pass(6).await;
    assert_eq!((f.stats("a").await, f.present("a").await), ((0, 0), vec![]));
}

pub async fn a_renewed_entry_stays(f: &Fixture) {
    let mia = client("mia");
    for _ in 0..5 {
        f.enter("a", &mia).await;
        f.pass(7).await;
        assert_eq!((f.present("a").await, f.stats("a").await), (sorted([&mia]), (1, 1)));
    }
    f.pass(7).await;
    assert_eq!(f.present("a").await, []);
}

pub async fn renewing_replaces_what_is_known_of_a_session(f: &Fixture) {
    let mia = client("mia");
    f.enter("a", &mia).await;
    let renewed = Arc::new(ClientInfo { chan_info: Some(number(1)), ..(*mia).clone() });
    f.enter("a", &renewed).await;
    let present = f.engine.presence(&channel("a")).wait().await.unwrap();
    assert_eq!(present.len(), 1);
    assert_eq!((&present[0].user, &present[0].chan_info), (&mia.user, &renewed.chan_info));
}

pub async fn removing_somebody_absent_does_nothing(f: &Fixture) {
    let (mia, leo) = (client("mia"), client("leo"));
    f.leave("a", mia.client).await;
    f.enter("a", &leo).await;
    f.leave("a", mia.client).await;
    assert_eq!(f.present("a").await, sorted([&leo]));
}

pub async fn users_are_counted_once_and_sessions_each(f: &Fixture) {
    let sessions = ["mia", "mia", "leo", "", ""].map(client);
    for info in &sessions {
        f.enter("a", info).await;
    }
    assert_eq!(f.stats("a").await, (5, 3));
    f.leave("a", sessions[0].client).await;
    assert_eq!(f.stats("a").await, (4, 3));
    f.leave("a", sessions[1].client).await;
    assert_eq!(f.stats("a").await, (3, 2));
}

pub async fn a_user_who_changes_is_counted_under_the_new_name(f: &Fixture) {
    let mia = client("mia");
    f.enter("a", &mia).await;
    f.enter("a", &Arc::new(ClientInfo { user: "leo".into(), ..(*mia).clone() })).await;
    assert_eq!(f.stats("a").await, (1, 1));
    f.leave("a", mia.client).await;
    assert_eq!(f.stats("a").await, (0, 0));
}

pub async fn presence_belongs_to_its_channel(f: &Fixture) {
    let mia = client("mia");
    f.enter("a", &mia).await;
    f.enter("b", &mia).await;
    f.leave("a", mia.client).await;
    assert_eq!((f.present("a").await, f.present("b").await), (vec![], sorted([&mia])));
}
