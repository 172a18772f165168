//! A guest that has booted once, and two guests made from its disk as it was then, on one link.

use std::path::Path;

use v6check_lab::vm::{Accelerator, Hardware, IMAGES, Machine, Nic, Overlay, Reported};
use v6check_lab::{CalicoLink, LabError, Port, Range};

use crate::table::{Cell, Found};
use crate::turns::{self, Turn};

/// What the table calls this in place of a break.
pub(crate) const NAME: &str = "clones";
const MEMORY: u32 = 512;
const LIMIT: std::time::Duration = std::time::Duration::from_mins(30);

/// Boots the cell's guest, then two from its disk, and gives what the second of these reports. The first one runs on meanwhile.
pub(crate) fn run(cell: &Cell, program: &Path) -> Result<Found, String> {
    let image = IMAGES.iter().find(|image| image.name == cell.image).ok_or_else(|| format!("no image is called {}", cell.image))?;
    let nics = [Nic { name: (image.nic)(0), dhcpv6: true }];
    boot(image, &(image.network)(&nics), program).map_err(|error| format!("the lab: {error}")).and_then(|[first, second]| {
        let [first, second] = [("clones-first", first), ("clones", second)].map(|(name, (reported, console))| {
            let name = format!("{}::{name}", cell.image);
            crate::cell::seen(&name, program, &reported, &console)
        });
        let (first, second) = (first?, second?);
        // Both are copies, and neither is told from the other by who came first.
        let wrong = cell.expected.differences(&first);
        if !wrong.is_empty() && !crate::table::updating() {
            return Err(format!("the first clone: {}", wrong.join("\n")));
        }
        Ok(Found { name: cell.name(), verdicts: second })
    })
}

type Boot = (Reported, Vec<u8>);

fn boot(image: &v6check_lab::vm::Image, network: &v6check_lab::vm::Layer, program: &Path) -> Result<[Boot; 2], LabError> {
    let mut link = CalicoLink::make(Range::Stateful)?.with_ipv4()?;
    let ports: Vec<Port> = (0..3).map(|_| link.plug_machine()).collect::<Result<_, _>>()?;
    link.serve()?;
    let start = |overlay: Overlay, port: usize| {
        let nics = &ports[port..=port];
        let turn = Turn::take();
        let hardware = Hardware { memory: MEMORY, nics, host: link.router(), seeds: Vec::new(), accelerator: Accelerator::best() };
        let machine = Machine::start(overlay, &hardware)?;
        // Before the next one takes its own, so that nobody waits for a turn who has one.
        turns::over(turn, || machine.console());
        Ok::<_, LabError>(machine)
    };
    let overlay = Overlay::over(&(image.base)().image()?.0)?;
    overlay.change(network, Some(program))?.map_err(|why| LabError::Refused(why.0))?;
    let mut template = start(overlay, 0)?;
    template.report_of(1, LIMIT)?;
    let snapshot = template.end()?;
    let mut first = start(Overlay::over_snapshot(&snapshot)?, 1)?;
    let reported = first.report_of(1, LIMIT)?;
    let mut second = start(Overlay::over_snapshot(&snapshot)?, 2)?;
    let told = second.report_of(1, LIMIT)?;
    Ok([(reported, first.console()), (told, second.console())])
}
