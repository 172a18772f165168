//! The one place that all system calls below a root go through. A test lets one of them fail.

use std::cell::Cell;

use rustix::io::{Errno, Result};

/// A system call that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which one, counted from 0.
    pub call: u64,
    /// The number of the error (errno(3)).
    pub errno: i32,
}

#[derive(Debug)]
pub(super) struct Calls {
    made: Cell<u64>,
    fault: Option<Fault>,
}

impl Calls {
    pub(super) fn new(fault: Option<Fault>) -> Self {
        Self { made: Cell::new(0), fault }
    }

    pub(super) fn made(&self) -> u64 {
        self.made.get()
    }

    pub(super) fn make<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        let number = self.made.replace(self.made.get() + 1);
        match self.fault {
            Some(fault) if fault.call == number => Err(Errno::from_raw_os_error(fault.errno)),
            _ => call(),
        }
    }
}
