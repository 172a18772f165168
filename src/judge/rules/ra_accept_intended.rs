//! The interface is set up to accept Router Advertisements at boot.

use super::{Judgement, Kind, Subject, intended};

/// By configuration files, the stack in charge takes Router Advertisements itself, or the kernel will, as `accept_ra` and forwarding will be.
#[derive(Debug, Clone, Default)]
pub struct RaAcceptIntended;

impl Kind for RaAcceptIntended {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        intended::router_advertisements(subject)
    }
}
