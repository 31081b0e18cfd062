//! A cable between one node and Redis, which can be cut while the other nodes have theirs.
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub struct Cable {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    /// Both ends of what goes through, to cut them.
    ends: Vec<TcpStream>,
}

impl Cable {
    /// From a port of its own to this one.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        std::thread::spawn(move || {
            for end in listener.incoming().map_while(Result::ok) {
                // Nobody at the other end, or cut: it is closed.
                let _ = shared.lock().unwrap().connect(end, port);
            }
        });
        Cable { address, state }
    }

    /// Where it begins, for `redis.url`.
    pub fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// Nothing goes through any more, and what did is closed.
    pub fn cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_cut = true;
        for end in state.ends.drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// One can connect again.
    pub fn mend(&self) {
        self.state.lock().unwrap().is_cut = false;
    }
}

impl State {
    fn connect(&mut self, here: TcpStream, port: u16) -> io::Result<()> {
        if self.is_cut {
            return Ok(());
        }
        let there = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        for (from, to) in [(&here, &there), (&there, &here)] {
            let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
            std::thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
        self.ends.extend([here, there]);
        Ok(())
    }
}
