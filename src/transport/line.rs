//! A socket that the broker owns, shared by its reader, its writer and whoever ends it.
use crate::delivery::{Cut, Outbox};
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::TcpStream;
use std::cell::RefCell;
use std::io;
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use tokio::io::{AsyncRead, AsyncWrite};

/// A socket that can be ended while somebody waits for it.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Shuts it down in both directions: whoever reads or writes finds its end.
    fn shut(&self);

    /// The plain socket, where that is what this is: it can be written to without being waited for.
    fn plain(&self) -> Option<&TcpStream> {
        None
    }

    /// Whether what goes over it is encrypted.
    fn is_encrypted(&self) -> bool {
        false
    }

    /// The socket as it is given to another thread. Fails where it has ended.
    fn into_movable(self) -> io::Result<Movable>;
}

/// A socket on its way to another thread.
pub enum Movable {
    /// One that the other thread will wait for by itself.
    Plain(std::net::TcpStream),
    /// One for which the thread that it came to goes on waiting, and wakes whoever reads or writes it elsewhere: TLS, whose
    /// state cannot be taken apart, and what is relayed.
    Bound(Box<dyn Socket>),
}

impl Socket for TcpStream {
    fn shut(&self) {
        // An error means that it has ended by itself.
        let _ = rustix::net::shutdown(self.as_fd(), rustix::net::Shutdown::Both);
    }

    fn plain(&self) -> Option<&TcpStream> {
        Some(self)
    }

    fn into_movable(self) -> io::Result<Movable> {
        self.into_std().map(Movable::Plain)
    }
}

impl Socket for TlsStream<TcpStream> {
    fn is_encrypted(&self) -> bool {
        true
    }

    fn shut(&self) {
        self.get_ref().0.shut();
    }

    fn into_movable(self) -> io::Result<Movable> {
        Ok(Movable::Bound(Box::new(self)))
    }
}

impl Socket for Box<dyn Socket> {
    fn is_encrypted(&self) -> bool {
        (**self).is_encrypted()
    }

    fn shut(&self) {
        (**self).shut();
    }

    fn into_movable(self) -> io::Result<Movable> {
        Ok(Movable::Bound(self))
    }
}

/// One socket and what is written to it.
pub struct Line<T> {
    pub(super) socket: RefCell<T>,
    /// What is being written now.
    pub(super) outbox: RefCell<Weak<Outbox>>,
}

impl<T: Socket> Line<T> {
    /// A socket to which nothing is written yet.
    pub fn new(socket: T) -> Rc<Self> {
        Rc::new(Line { socket: RefCell::new(socket), outbox: RefCell::default() })
    }
}

/// Ends the socket from outside.
impl<T: Socket> Cut for Line<T> {
    fn cut(&self) {
        // The reader and the writer borrow for the length of a poll only, and none of them cuts while it does.
        if let Ok(socket) = self.socket.try_borrow() {
            socket.shut();
        }
    }
}
