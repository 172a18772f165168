//! Recordings alone as facts: of everything else there is nothing to look at.

use std::collections::BTreeMap;

use crate::facts::{
    BakedIdentity, Boot, Facts, Host, HostIntent, HostState, Interface, InterfaceIntent, Network, Observed, Recording, Run, SCHEMA, State, Tenses,
    Tool,
};

const ONLY_A_RECORDING: &str = "only what was recorded is looked at";

pub(super) fn of(recordings: &BTreeMap<String, Recording>) -> Facts {
    fn absent<T>() -> Observed<T> {
        Observed::Absent(ONLY_A_RECORDING.into())
    }
    let first = recordings.values().next();
    let tenses = |recording: &Recording| Tenses {
        intent: InterfaceIntent { stack: absent(), claims: absent(), sysctl: absent(), firewalls: absent() },
        state: State::absent(ONLY_A_RECORDING),
        boot: Boot { recording: Observed::Seen(recording.clone()), journal: absent() },
        network: Network::absent(ONLY_A_RECORDING),
    };
    let interface = |recording| Interface { left_out: None, link: absent(), tenses: Some(tenses(recording)) };
    Facts {
        schema: SCHEMA.into(),
        tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
        host: Host { name: String::new(), kernel: String::new(), distribution: String::new() },
        run: Run {
            started: first.map(|recording| recording.began.clone()).unwrap_or_default(),
            elapsed_us: first.map_or(0, |recording| recording.elapsed_us),
            uptime_cs: 0,
            image: None,
            capture: Some(first.map(|recording| recording.file.clone()).unwrap_or_default()),
            unread: Vec::new(),
            passive: true,
            thorough: false,
            timeout_ms: 0,
            interrupted: None,
        },
        intent: HostIntent {
            dhclient: absent(),
            pasted_backticks: absent(),
            command_line: absent(),
            modules: absent(),
            identity: absent::<BakedIdentity>(),
        },
        state: HostState::absent(ONLY_A_RECORDING),
        interfaces: recordings.iter().map(|(name, recording)| (name.clone(), interface(recording))).collect(),
    }
}
