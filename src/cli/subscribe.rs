//! `callboard sub`.
use super::client::Remote;
use super::listen::{End, Subscriber};
use super::wire::Position;
use super::{Error, Options};
use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::time::Duration;

/// Between tries, as the JavaScript client has it: from the first doubled up to the second, of which a random part is waited.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(20));

/// Between looks at whether the output is still read.
const LOOK: Duration = Duration::from_millis(500);

/// Listens to channels and prints a line per message
#[derive(Debug, Args)]
pub(super) struct Subscribe {
    /// The channels
    #[arg(required = true, value_name = "CHANNEL", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    channels: Vec<String>,
    /// Start after this position, which `callboard pub` prints; with one channel only
    #[arg(long, value_name = "EPOCH:OFFSET")]
    recover: Option<Position>,
    /// The connection token
    #[arg(long, env = "CALLBOARD_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The subscription token; with one channel only
    #[arg(long, value_name = "TOKEN")]
    subscription_token: Option<String>,
    /// Exit after this many messages
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Print whole events: `{"channel", "data", "offset", "epoch", "tags", "info"}`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Subscribe {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let url = self.remote.endpoints(options)?.socket;
        let mut names = self.channels;
        names.sort();
        names.dedup();
        if names.len() > 1 && (self.recover.is_some() || self.subscription_token.is_some()) {
            return Err(Error::Usage("--recover and --subscription-token are of one channel; name one".into()));
        }
        let positions = self.recover.map(|position| (names[0].clone(), position)).into_iter().collect();
        let mut listener = Subscriber {
            url,
            names,
            positions,
            token: self.token,
            subscription_token: self.subscription_token,
            left: self.count,
            is_json: self.json,
        };
        tokio::select! {
            ended = follow(&mut listener) => ended,
            () = output_closed() => Err(Error::OutputClosed),
        }
    }
}

/// Waits until whoever reads the output has gone: in a quiet channel the next line to fail on may be long in coming.
pub(super) async fn output_closed() {
    let stdout = std::io::stdout();
    loop {
        // What is asked for is nothing: errors and ends are told all the same (poll(2)).
        let mut output = [PollFd::new(&stdout, PollFlags::empty())];
        let polled = poll(&mut output, Some(&Timespec::default()));
        if polled.is_ok() && output[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Connects again and again until all is done or something failed for good. That a broker was never reached is for good.
async fn follow(listener: &mut Subscriber) -> Result<(), Error> {
    let mut failures = 0;
    let mut was_connected = false;
    loop {
        let (reason, connected) = match listener.connection().await? {
            End::Done => return Ok(()),
            End::Lost { reason, connected } => (reason, connected),
        };
        was_connected |= connected;
        if !was_connected {
            return Err(Error::Failed(reason));
        }
        failures = if connected { 0 } else { failures + 1 };
        let pause = pause(failures);
        eprintln!("{reason}; again in {:.1} s", pause.as_secs_f32());
        tokio::time::sleep(pause).await;
    }
}

/// A random part of a time that doubles with each failure, so that listeners do not come back all at once.
fn pause(failures: u32) -> Duration {
    let (least, most) = BACKOFF;
    let grown = least.saturating_mul(2u32.saturating_pow(failures)).min(most);
    rand::random_range(least / 2..=grown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_with_failures_up_to_its_bound() {
        assert!(pause(0) <= BACKOFF.0);
        assert!((0..100).all(|failures| pause(failures) >= BACKOFF.0 / 2 && pause(failures) <= BACKOFF.1));
    }
}
