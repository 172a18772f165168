//! SIGINT, SIGTERM and SIGHUP end what the tool builds, by the way that errors take.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{LabError, interrupt};

/// From here on such a signal interrupts the lab, and calls `also`; a second one changes nothing.
///
/// # Errors
/// The signals cannot be waited for.
pub(super) fn listen(also: impl Fn() + Send + 'static) -> Result<(), LabError> {
    let failed = || LabError::io("waiting for signals");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed())?;
    let inside = runtime.enter();
    let of = |kind| signal(kind).map_err(failed());
    let (mut interrupted, mut terminated, mut hung_up) = (of(SignalKind::interrupt())?, of(SignalKind::terminate())?, of(SignalKind::hangup())?);
    drop(inside);
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                next(&mut interrupted, &mut terminated, &mut hung_up).await;
                interrupt();
                also();
            }
        });
    });
    Ok(())
}

async fn next(interrupted: &mut Signal, terminated: &mut Signal, hung_up: &mut Signal) {
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        _ = hung_up.recv() => {}
    }
}
