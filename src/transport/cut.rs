//! Ending a socket from outside. While a peer does not read, the HTTP dispatcher is parked on its write, and nothing that
//! goes through the dispatcher can end it.
use crate::delivery::Cut;
use actix_http::Extensions;
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::TcpStream;
use std::any::Any;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::rc::Rc;

/// A second handle to a connection's socket.
#[derive(Clone)]
pub struct SocketCut(Rc<std::net::TcpStream>);

impl Cut for SocketCut {
    fn cut(&self) {
        // An error means that the socket has ended by itself.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Marks the connections that came over TLS.
#[derive(Clone, Copy)]
pub struct Encrypted;

/// For a server's `on_connect`: keeps a second handle to each socket, so that it can be cut.
pub fn on_connect(io: &dyn Any, data: &mut Extensions) {
    let plain = io.downcast_ref::<TcpStream>();
    let Some(socket) = plain.or_else(|| io.downcast_ref::<TlsStream<TcpStream>>().map(|tls| tls.get_ref().0)) else {
        return;
    };
    if plain.is_none() {
        data.insert(Encrypted);
    }
    // Without a handle (no descriptor left) the connection works, but cannot be cut while its peer does not read.
    if let Ok(descriptor) = socket.as_fd().try_clone_to_owned() {
        let cut = SocketCut(Rc::new(descriptor.into()));
        // For those who know of connections only that they can be cut.
        data.insert::<Rc<dyn Cut>>(Rc::new(cut.clone()));
        data.insert(cut);
    }
}
