//! The little of HTTP that the tests need: one request a connection.
use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, as it came: the broker's answers to these requests have a length, so nothing is chunked.
    pub body: String,
}

/// A GET request.
pub fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    request(address, &format!("GET {path} HTTP/1.1\r\n"), "")
}

/// A POST request with this text.
pub fn post(address: SocketAddr, path: &str, body: &str) -> Result<Answer> {
    let length = body.len();
    request(address, &format!("POST {path} HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n"), body)
}

/// A call of the HTTP API with this key.
pub fn call(address: SocketAddr, key: &str, method: &str, body: &str) -> Result<Answer> {
    let head = format!(
        "POST /api/{method} HTTP/1.1\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    request(address, &head, body)
}

/// A call whose answer has no end: the connection after the head of the answer, whose status must be 200.
pub fn open(address: SocketAddr, key: &str, method: &str, body: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "POST /api/{method} HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let head = head(&mut stream)?;
    match head.starts_with(b"HTTP/1.1 200 ") {
        true => Ok(stream),
        false => Err(Error::other(String::from_utf8_lossy(&head).into_owned())),
    }
}

fn head(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(head)
}

/// A WebSocket after its handshake, to write bytes on.
pub fn upgraded(address: SocketAddr) -> Result<TcpStream> {
    upgraded_at(address, "/connection/websocket")
}

/// One at this path.
pub fn upgraded_at(address: SocketAddr, path: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let head = head(&mut stream)?;
    match head.starts_with(b"HTTP/1.1 101 ") {
        true => Ok(stream),
        false => Err(Error::other(String::from_utf8_lossy(&head).into_owned())),
    }
}

/// The status that is answered to a request, which is sent as it is; what follows it is left unread.
pub fn status(address: SocketAddr, request: &str) -> Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request.as_bytes())?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    let status = std::str::from_utf8(&start).ok().and_then(|start| start.get(9..)).and_then(|code| code.parse().ok());
    status.ok_or_else(|| Error::other("no HTTP answer"))
}

fn request(address: SocketAddr, head: &str, body: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "{head}Host: {address}\r\nConnection: close\r\n\r\n{body}")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Error::other("no HTTP answer"))?;
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Ok(Answer { status, body })
}
