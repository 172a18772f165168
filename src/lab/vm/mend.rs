//! A guest that is mended from inside after its first boot's report, as its operator would mend it, and boots again.

use super::Layer;

/// A oneshot unit that the report pulls in and that waits for it: a report that is out has been written to its serial line to the end.
const UNIT: &str = "[Unit]\nDescription=Mends this guest by what v6check says\nAfter=v6check-report.service\n\n\
                    [Service]\nType=oneshot\nExecStart=/usr/local/sbin/mend\n";
const SCRIPT: &str = include_str!("mend.sh");

/// Runs the script that `v6check remedy --format shell` prints in the guest, twice, and reboots. [`mended_twice_alike`] is what it says then.
pub fn by_script() -> Layer {
    const WANTS: &str = "/etc/systemd/system/v6check-report.service.wants";
    Layer::default()
        .program("usr/local/sbin/mend", SCRIPT)
        .file("etc/systemd/system/mend.service", UNIT)
        .run(&format!("mkdir -p {WANTS} && ln -s ../mend.service {WANTS}/mend.service"))
}

/// Whether the script ran to its end both times, and changed nothing more the second time.
///
/// # Errors
/// It did not; what the console shows of it.
pub fn mended_twice_alike(console: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(console).replace('\r', "");
    let said = ["mend: remedy exit 0", "mend: first exit 0", "mend: second exit 0", "mend: twice is as once"];
    if said.iter().all(|said| text.lines().any(|line| line == *said)) {
        return Ok(());
    }
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("mend: ")).take(200).collect();
    Err(format!("the script did not mend the guest as it should:\n{}", lines.join("\n")))
}
