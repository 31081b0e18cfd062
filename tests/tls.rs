//! TLS: clients and API over it, and a certificate that is replaced while the broker runs.
mod harness;

use futures_util::{SinkExt, StreamExt};
use harness::Broker;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// Writes a new certificate and its key into the folder; gives the certificate.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("chain.pem"), made.cert.pem()).expect("its file");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("its key's file");
    made.cert.der().clone()
}

fn config(folder: &Path) -> String {
    let path = folder.display();
    format!(
        "[server]\ninternal_port = {{internal_port}}\ntls_certificate = '{path}/chain.pem'\ntls_key = '{path}/key.pem'\n\
         [auth]\nanonymous = true\n[[namespace]]\nname = ''\nsubscribe = 'anyone'\npublish = 'anyone'\n"
    )
}

/// A connection for which this certificate alone is good.
async fn secured(broker: &Broker, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.expect("its versions").with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(broker.address()).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[tokio::test]
async fn clients_come_in_over_tls_and_what_is_no_tls_harms_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = certify(folder.path());
    let broker = Broker::start_with_internal(&config(folder.path()));

    let mut plain = TcpStream::connect(broker.address()).await.expect("a connection");
    plain.write_all(b"GET /connection/websocket HTTP/1.1\r\n\r\n").await.expect("it is open");
    let mut answered = vec![];
    plain.read_to_end(&mut answered).await.expect("an end");
    assert!(!answered.starts_with(b"HTTP"), "{answered:?}");

    let stream = secured(&broker, &certificate).await.expect("the handshake");
    let url = format!("wss://localhost:{}/connection/websocket", broker.address().port());
    let (mut socket, _) = client_async(url, stream).await.expect("a WebSocket");
    let commands = [
        r#"{"id":1,"connect":{}}"#,
        r#"{"id":2,"subscribe":{"channel":"news"}}"#,
        r#"{"id":3,"publish":{"channel":"news","data":"over TLS"}}"#,
    ];
    socket.send(Message::text(commands.join("\n"))).await.expect("it is open");
    let mut received = String::new();
    while !(received.contains("over TLS") && received.contains(r#""id":3"#)) {
        let message = socket.next().await.expect("more to come").expect("a frame");
        received.push_str(message.to_text().expect("text"));
    }
    assert!(broker.stop().success());
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_taken_up_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = certify(folder.path());
    let broker = Broker::start_with_internal(&config(folder.path()));
    assert!(secured(&broker, &first).await.is_ok());

    std::fs::write(folder.path().join("chain.pem"), "broken").expect("a broken certificate");
    broker.until(|broker| broker.log().contains("the new TLS certificate cannot be used"), |told| *told);
    assert!(secured(&broker, &first).await.is_ok());

    let second = certify(folder.path());
    // What was written within one tick of the file system's clock would look unchanged.
    let key = std::fs::File::options().append(true).open(folder.path().join("key.pem")).expect("the key");
    key.set_modified(SystemTime::now() + Duration::from_secs(10)).expect("its time");
    broker.until(|broker| broker.log().contains("was reloaded"), |told| *told);
    assert!(secured(&broker, &second).await.is_ok());
    assert!(secured(&broker, &first).await.is_err());
    assert!(broker.stop().success());
}
