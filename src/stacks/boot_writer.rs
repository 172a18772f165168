//! What programs have in common that write the configuration of another stack at boot. The files as they will be are put on top of the image's,
//! and the stack that they are for reads them.

use std::io;

use crate::facts::{FileLine, Intent, Observed, RunsDhcpv6, Setting, StackId};
use crate::host::boot_commands::unit::Unit;
use crate::host::{services, udev};
use crate::image::{Entry, Image, Nic, Overlay};
use crate::stacks::stack::{Claim, Given, Read};

/// Permissions that every stack takes a file with.
const MODE: u32 = 0o600;

/// What starts a program at boot.
pub(crate) struct Start {
    /// The line of its unit that brings the interface up afterwards.
    pub(crate) ifup: Option<Setting<()>>,
    /// The words of the command lines of its unit; none where no unit starts it.
    pub(crate) words: Vec<String>,
}

impl Start {
    /// How the program `name` is started for `nic`: by a unit `NAME@.service` that rules of udev want, or by a script or job of this name.
    ///
    /// # Errors
    /// A file cannot be read, or does not say.
    pub(crate) fn of(root: &Image, name: &str, nic: &Nic) -> io::Result<Option<Self>> {
        if services::starts(root, &[name]) {
            let unit = Unit::read(root, &format!("{name}.service"))?;
            let lines = unit.map(|unit| unit.commands(root, &["ExecStart"])).transpose()?.unwrap_or_default();
            return Ok(Some(Self { ifup: None, words: lines.into_iter().flat_map(|line| line.words).collect() }));
        }
        let instance = format!("{name}@{}.service", nic.name);
        let Some(unit) = Unit::read(root, &instance)? else { return Ok(None) };
        if services::is_masked(root, &instance) || services::is_masked(root, &format!("{name}@.service")) {
            return Ok(None);
        }
        if !udev::wants(&udev::rules(root)?, nic, &instance).map_err(io::Error::other)? {
            return Ok(None);
        }
        let lines = unit.commands(root, &["ExecStartPre", "ExecStart"])?;
        let is_ifup = |words: &[String]| words.first().is_some_and(|program| program.ends_with("/ifup") && root.exists(program));
        let ifup = lines.iter().find(|line| is_ifup(&line.words)).map(|line| Setting { value: (), at: line.at.clone(), text: line.text.clone() });
        Ok(Some(Self { ifup, words: lines.into_iter().flat_map(|line| line.words).collect() }))
    }

    /// Whether the unit gives it this option.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.words.iter().any(|word| word == option)
    }
}

/// What a program writes for one interface.
pub(crate) struct Writes<'a> {
    pub(crate) id: StackId,
    /// Where its own file is.
    pub(crate) program: &'a str,
    pub(crate) start: &'a Start,
    /// Each file as it will be, by its path.
    pub(crate) files: Vec<(String, String)>,
    /// On what it depends that it writes so: a Router Advertisement that sets M.
    pub(crate) when_managed: bool,
    /// The stacks that may read the files.
    pub(crate) readers: &'a [(StackId, Read)],
}

impl Writes<'_> {
    /// What comes of it for `nic`; nothing if no stack here reads the files.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn claim(&self, root: &Image, nic: &Nic, given: &Given) -> io::Result<Option<Claim>> {
        let mut edits = Overlay::default();
        for (path, text) in &self.files {
            edits.put(path, Entry::File { bytes: text.as_bytes().into(), mode: MODE });
        }
        let then = root.with(&edits);
        for (stack, read) in self.readers {
            let intent = match read(&then, std::slice::from_ref(nic), given)?.interfaces.remove(&nic.name) {
                Some(Claim::Configures(Observed::Seen(intent)) | Claim::LeavesAlone(intent)) => intent,
                Some(Claim::Configures(unknown)) => return Ok(Some(Claim::Replaces(*stack, unknown))),
                _ => continue,
            };
            if let Some(intent) = self.told(intent) {
                return Ok(Some(Claim::Replaces(*stack, Observed::Seen(intent))));
            }
        }
        Ok(None)
    }

    /// The intent with the program in the place of the files that are not there yet; nothing if it does not rest on these.
    fn told(&self, intent: Intent) -> Option<Intent> {
        let mut rests = false;
        let intent = Intent {
            at_boot: self.setting(intent.at_boot, &mut rests),
            dhcpv6: self.setting(intent.dhcpv6, &mut rests),
            takes_ras: self.setting(intent.takes_ras, &mut rests),
            accept_ra: intent.accept_ra.map(|setting| self.setting(setting, &mut rests)),
            disable_ipv6: intent.disable_ipv6.map(|setting| self.setting(setting, &mut rests)),
            link_local_wait_s: intent.link_local_wait_s.map(|setting| self.setting(setting, &mut rests)),
            no_default_route: intent.no_default_route.map(|setting| self.setting(setting, &mut rests)),
            by: intent.by.or(Some(self.id)),
            ..intent
        };
        let dhcpv6 = match intent.dhcpv6.value {
            RunsDhcpv6::Yes if self.when_managed => intent.dhcpv6.holding(RunsDhcpv6::WhenManaged),
            _ => intent.dhcpv6.clone(),
        };
        let at_boot = match &self.start.ifup {
            Some(line) if !intent.at_boot.value => line.holding(true),
            _ => intent.at_boot.clone(),
        };
        rests.then_some(Intent { at_boot, dhcpv6, ..intent })
    }

    fn setting<T>(&self, setting: Setting<T>, rests: &mut bool) -> Setting<T> {
        let Setting { value, at, text } = setting;
        if !self.files.iter().any(|(path, _)| *path == at.path) {
            return Setting { value, at, text };
        }
        *rests = true;
        let when = if self.when_managed { " when a Router Advertisement sets M" } else { "" };
        let text = format!("{} as {} writes it{when}: {text}", at.path, self.id);
        Setting { value, at: FileLine::whole(self.program), text }
    }
}
