//! A Redis that is spoken to over TLS only.
use super::bad_input::refused;
use super::house::config;
use crate::harness::free_address;
use crate::harness::redis::Redis;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

#[test]
fn a_certificate_is_trusted_or_told_at_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    std::fs::write(path("chain.pem"), made.cert.pem()).expect("its file");
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).expect("its key's file");
    let port = free_address().port();
    let _redis = Redis::start_with(&[
        "--save",
        "",
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &path("chain.pem"),
        "--tls-key-file",
        &path("key.pem"),
        "--tls-ca-cert-file",
        &path("chain.pem"),
        "--tls-auth-clients",
        "no",
    ]);
    let url = format!("rediss://localhost:{port}/1");
    let (code, said) = refused(&url);
    assert!(code == Some(1) && said.contains("certificate"), "{code:?}: {said}");

    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(config(&url).as_bytes()).expect("its text");
    let mut broker = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["serve", "--port", "0", "--config"])
        .arg(file.path())
        .env("SSL_CERT_FILE", path("chain.pem"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(broker.stderr.take().expect("its log")).lines().map_while(Result::ok);
    let gets_through = lines.take(100).any(|line| line.contains("events get through Redis"));
    broker.kill().expect("it still runs");
    broker.wait().expect("it ends");
    assert!(gets_through, "what is published comes back over TLS");
}
