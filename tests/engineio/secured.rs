//! TLS, whose sockets cannot be taken apart: they are read and written from the thread of their session.
use super::client::{POLLING, Socket, opening, send_on, try_websocket_on};
use super::house::{House, Kind, PATH, Plan};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;

/// As often as it takes for sessions and sockets to have met on each pair of workers.
const TRIES: usize = 8;

struct Secured {
    house: House,
    certificate: CertificateDer<'static>,
    _folder: tempfile::TempDir,
}

impl Secured {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let mut plan = Plan::new();
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (plan.config.server.tls_certificate, plan.config.server.tls_key) = (Some(chain), Some(key));
        Secured { house: plan.start(Kind::Own), certificate: made.cert.der().clone(), _folder: folder }
    }

    async fn connection(&self) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(self.house.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    async fn request(&self, method: &str, query: &str, body: &str) -> String {
        let target = format!("{PATH}?{query}");
        send_on(self.connection().await, method, &target, "", body.as_bytes()).await.reply().await.body
    }

    async fn websocket(&self, query: &str) -> Socket<TlsStream<TcpStream>> {
        try_websocket_on(self.connection().await, query, &[]).await.expect("a WebSocket")
    }
}

#[tokio::test]
async fn a_session_moves_to_a_secured_socket_wherever_that_came_in() {
    let secured = Secured::start();
    for turn in 0..TRIES {
        let sid = opening(&secured.request("GET", POLLING, "").await)["sid"].as_str().unwrap().to_owned();
        let (polls, moves) = (format!("{POLLING}&sid={sid}"), format!("EIO=4&transport=websocket&sid={sid}"));
        assert_eq!(secured.request("POST", &polls, "4queued").await, "ok");
        let mut socket = secured.websocket(&moves).await;
        socket.takes_over().await;
        socket.hears("4queued").await;
        // More than one record of TLS, and more than one read.
        let large = format!("4{}", "x".repeat(300_000));
        socket.say(&large).await;
        socket.hears(&large).await;
        socket.say_bytes(&[turn as u8]).await;
        assert_eq!(socket.next().await, Some(Message::binary(vec![turn as u8])));
        secured.websocket(&moves).await.was_closed(None).await;
        socket.say("1").await;
        socket.was_closed(None).await;
    }
}
