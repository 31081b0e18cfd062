//! A cable between one node and Redis or PostgreSQL, which can be cut while the other nodes have theirs.
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Cable {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    /// Nothing comes back once this has gone through.
    last: Option<Vec<u8>>,
    swallows: bool,
    /// How much later than all else comes what is pushed to who has subscribed.
    push_delay: Duration,
    /// How much later than what is pushed comes what is answered.
    answer_delay: Duration,
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
                let _ = connect(&shared, end, port);
            }
        });
        Cable { address, state }
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same for `redis.url`.
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

    /// From the command on that has these words nothing comes back; what is said to Redis still goes through.
    pub fn swallow_answers_from(&self, words: &str) {
        self.state.lock().unwrap().last = Some(words.as_bytes().to_vec());
    }

    /// What is pushed to who has subscribed comes later than all else from now on.
    pub fn delay_pushes(&self, delay: Duration) {
        self.state.lock().unwrap().push_delay = delay;
    }

    /// What is answered comes later than what is pushed from now on.
    pub fn delay_answers(&self, delay: Duration) {
        self.state.lock().unwrap().answer_delay = delay;
    }

    /// One can connect again, and is answered.
    pub fn mend(&self) {
        let mut state = self.state.lock().unwrap();
        (state.is_cut, state.last, state.swallows) = (false, None, false);
    }
}

/// Carries what comes from one end to the other, until either ends.
///
/// `subscribes` is shared by both directions: something has been subscribed to on this connection.
fn carry(
    from: &mut TcpStream,
    to: &mut TcpStream,
    state: &Mutex<State>,
    is_answer: bool,
    subscribes: &AtomicBool,
) -> io::Result<()> {
    let (mut chunk, mut tail) = (vec![0; 64 * 1024], Vec::<u8>::new());
    loop {
        let length = from.read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        let mut state = state.lock().unwrap();
        if let Some(last) = state.last.clone().filter(|_| !is_answer) {
            // It may come in two pieces.
            tail.extend(&chunk[..length]);
            state.swallows |= tail.windows(last.len()).any(|window| window == last);
            tail.drain(..tail.len().saturating_sub(last.len()));
        }
        let is_swallowed = is_answer && state.swallows;
        let (push_delay, answer_delay) = (state.push_delay, state.answer_delay);
        drop(state);
        if !is_answer && memchr::memmem::find(&chunk[..length], b"SUBSCRIBE").is_some() {
            subscribes.store(true, SeqCst);
        }
        if is_answer {
            // A slow network is what is told of here, so it is slept for.
            std::thread::sleep(if subscribes.load(SeqCst) { push_delay } else { answer_delay });
        }
        if !is_swallowed {
            to.write_all(&chunk[..length])?;
        }
    }
}

fn connect(state: &Arc<Mutex<State>>, here: TcpStream, port: u16) -> io::Result<()> {
    let mut locked = state.lock().unwrap();
    if locked.is_cut {
        return Ok(());
    }
    let there = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let subscribes = Arc::new(AtomicBool::new(false));
    for (from, to, is_answer) in [(&here, &there, false), (&there, &here, true)] {
        let (mut from, mut to, state) = (from.try_clone()?, to.try_clone()?, state.clone());
        let subscribes = subscribes.clone();
        std::thread::spawn(move || {
            let _ = carry(&mut from, &mut to, &state, is_answer, &subscribes);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    locked.ends.extend([here, there]);
    Ok(())
}
