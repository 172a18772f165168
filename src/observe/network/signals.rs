//! SIGINT and SIGTERM: they end the waiting, not the run.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// Catches both signals from its making on, for the rest of the process.
#[derive(Debug)]
pub struct Signals {
    caught: Option<&'static str>,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to catch them; needs a runtime with I/O.
    ///
    /// # Errors
    /// The kernel's.
    pub fn catch() -> io::Result<Self> {
        Ok(Self { caught: None, interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for one of them and says which. Returns at once if one came before.
    pub async fn wait(&mut self) -> &'static str {
        if let Some(name) = self.caught {
            return name;
        }
        let name = poll_fn(|context| {
            if self.interrupt.poll_recv(context).is_ready() {
                Poll::Ready("SIGINT")
            } else if self.terminate.poll_recv(context).is_ready() {
                Poll::Ready("SIGTERM")
            } else {
                Poll::Pending
            }
        })
        .await;
        self.caught = Some(name);
        name
    }

    /// Waits for one of them for as long as `time`; whether one came.
    pub async fn within(&mut self, time: Duration) -> bool {
        tokio::select! {
            biased;
            _ = self.wait() => true,
            () = sleep(time) => false,
        }
    }

    /// Ends the process at the next of them, as if nobody caught them. Without this, whoever waits for a report that cannot be written, to
    /// a serial line say, could not end it: the handlers stay for the rest of the process. Not for asynchronous code.
    ///
    /// # Errors
    /// The kernel's; the signals then stay caught.
    pub fn give_back(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        // Before the thread begins, so that none is missed until it does.
        let mut next = {
            let _inside = runtime.enter();
            Self::catch()?
        };
        let end_at_next = move || {
            let number = if runtime.block_on(next.wait()) == "SIGINT" { libc::SIGINT } else { libc::SIGTERM };
            std::process::exit(128 + number);
        };
        std::thread::Builder::new().spawn(end_at_next).map(|_thread| ())
    }
}
