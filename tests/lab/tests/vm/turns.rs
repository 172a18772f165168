//! Guests start two at a time, since a translated one keeps a processor busy while it starts; what only waits for its report keeps nobody up.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// As many start at once.
const STARTING: usize = 2;
/// One that has shown no login prompt after this waits for its network.
const LONGEST: Duration = Duration::from_secs(45);

static NUMBER: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

fn number() -> MutexGuard<'static, usize> {
    NUMBER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A turn to start; over with this value.
pub(crate) struct Turn;

impl Turn {
    /// Waits for one.
    pub(crate) fn take() -> Self {
        let mut starting = ENDED.wait_while(number(), |starting| *starting >= STARTING).unwrap_or_else(PoisonError::into_inner);
        *starting += 1;
        Self
    }
}

/// Ends a turn when its guest has started, by what its console shows so far.
pub(crate) fn over(turn: Turn, console: impl Fn() -> Vec<u8>) {
    let began = Instant::now();
    let started = |console: &[u8]| console.windows(6).any(|part| part == b"login:");
    while began.elapsed() < LONGEST && !started(&console()) {
        sleep(Duration::from_millis(200));
    }
    drop(turn);
}

impl Drop for Turn {
    fn drop(&mut self) {
        *number() -= 1;
        ENDED.notify_one();
    }
}
