//! A guest that does once, after its first boot's report, what its operator would do with the remedy.

use super::Layer;

const SCRIPT: &str = include_str!("mend.sh");
/// Begins each line of the console that the script writes.
const MARK: &str = "mend| ";
const END_OF_USER_DATA: &str = "end of user data";

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// Runs the script that `v6check remedy --format shell` prints there, twice, and reboots. [`ran_well`] is for its console.
    Shell,
    /// Shows the user data that `v6check remedy --format cloud-init` prints there. [`user_data`] is for its console.
    CloudInit,
    /// Reboots, after cloud-init has done what its user data say.
    Reboot,
}

impl Mend {
    /// What has a guest do so.
    pub fn layer(self) -> Layer {
        const WANTS: &str = "/etc/systemd/system/v6check-report.service.wants";
        let what = match self {
            Self::Shell => "shell",
            Self::CloudInit => "cloud-init",
            Self::Reboot => "reboot",
        };
        // The report pulls it in and has been written to its serial line when it ends.
        let unit = format!(
            "[Unit]\nDescription=What this guest's operator does\nAfter=v6check-report.service cloud-final.service\n\n\
             [Service]\nType=oneshot\nExecStart=/usr/local/sbin/mend {what}\n"
        );
        Layer::default()
            .program("usr/local/sbin/mend", SCRIPT)
            .file("etc/systemd/system/mend.service", &unit)
            .run(&format!("mkdir -p {WANTS} && ln -s ../mend.service {WANTS}/mend.service"))
    }
}

/// Whether the script ran to its end both times, and changed no file more the second time.
///
/// # Errors
/// It did not; what the console shows of it.
pub fn ran_well(console: &[u8]) -> Result<(), String> {
    let lines = marked(console);
    let said = ["remedy: exit 0", "first run: exit 0", "second run: exit 0", "second run: nothing changed"];
    let missing: Vec<&str> = said.into_iter().filter(|said| !lines.iter().any(|line| line == said)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not {}:\n{}", missing.join(", not "), lines.join("\n"))) }
}

/// The user data that it showed; `None` before all of it is there.
pub fn user_data(console: &[u8]) -> Option<String> {
    let lines = marked(console);
    let end = lines.iter().position(|line| line == END_OF_USER_DATA)?;
    Some(lines[..end].iter().fold(String::new(), |text, line| text + line + "\n"))
}

fn marked(console: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(console).replace('\r', "");
    text.lines().filter_map(|line| line.split_once(MARK)).map(|(_, line)| line.to_owned()).collect()
}
