//! The time of day.
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The time of day as one broker sees it.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    Machine,
    /// One that goes on from a moment as the timers of the runtime do: where those stand still, it does.
    Timers {
        /// The time of day at that moment.
        then: SystemTime,
        /// The moment.
        since: Instant,
    },
}

impl Clock {
    /// A clock that goes on from now as the timers of the runtime do. For tests, whose time stands still unless they say
    /// otherwise.
    pub fn of_timers() -> Self {
        Clock::Timers { then: SystemTime::now(), since: Instant::now() }
    }

    /// Seconds since 1970; a clock before that reads as 0.
    pub fn now(&self) -> i64 {
        self.since_1970().map_or(0, |time| time.as_secs() as i64)
    }

    /// Milliseconds since 1970; a clock before that reads as 0.
    pub fn now_in_millis(&self) -> u64 {
        self.since_1970().map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    fn since_1970(&self) -> Option<Duration> {
        let time = match self {
            Clock::Machine => SystemTime::now(),
            Clock::Timers { then, since } => then.checked_add(since.elapsed())?,
        };
        time.duration_since(UNIX_EPOCH).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_of_timers_goes_as_they_do() {
        let clock = Clock::of_timers();
        let began = clock.now();
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(clock.now(), began + 3600);
    }
}
