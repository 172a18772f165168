//! `v6check watch` while a guest boots on a real link: what it tells, and that it ends by a signal. Needs root and the packages of
//! tests/install-packages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Child, Command, Stdio};

use serde_json::Value;
use v6check_lab::needs;
use v6check_lab::{CalicoLink, Guest, Range, STATE_LIMIT, Stack, poll};

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");

struct Scene {
    guest: Guest,
    /// Serves as long as it is there.
    _link: CalicoLink,
}

impl Scene {
    /// A guest that has not booted, with a NIC on a link that is served.
    fn new() -> Self {
        let mut guest = Guest::make().unwrap();
        let mut link = CalicoLink::make(Range::Stateful).unwrap();
        let _port = link.plug(&mut guest, "eth0").unwrap();
        link.serve().unwrap();
        Self { guest, _link: link }
    }

    fn watch(&self, file: &str, command: &mut Command) -> Child {
        let out = std::fs::File::create(self.guest.path(file)).unwrap();
        command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until so many programs listen in the guest.
    fn wait_for_listeners(&self, count: usize) {
        // A line each (packet(7)), below a heading.
        let listening = || Ok(self.guest.succeed("cat", &["/proc/net/packet"])?.lines().count() > count);
        poll("somebody listens", STATE_LIMIT, listening).unwrap();
    }

    fn written(&self, file: &str) -> String {
        std::fs::read_to_string(self.guest.path(file)).unwrap()
    }
}

fn signal(child: &Child, name: &str) {
    assert!(needs::command("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Waits for the end of a process that complains about nothing.
fn ended(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn a_boot_is_told_as_it_happens_and_a_signal_ends_it() {
    let mut scene = Scene::new();
    let lines = scene.watch("watch.txt", scene.guest.command(V6CHECK).arg("watch"));
    let json = scene.watch("watch.json", scene.guest.command(V6CHECK).args(["watch", "--json", "-i", "eth0"]));
    scene.wait_for_listeners(2);
    scene.guest.boot_by(Stack::Ifupdown).unwrap();
    scene.guest.wait_for_global("eth0").unwrap();
    let usable = |text: &str| text.lines().any(|line| line.contains("eth0   *  address 2001:db8:1::") && line.ends_with(" usable"));
    poll("the address is told to be usable", STATE_LIMIT, || Ok(usable(&scene.written("watch.txt")))).unwrap();
    signal(&lines, "-INT");
    signal(&json, "-TERM");
    ended(lines);
    ended(json);
    let text = scene.written("watch.txt");
    assert!(!text.contains('\x1b'), "{text}");
    for (number, part) in
        ["link up", "->  Solicit xid ", "<-  Advertise 2001:db8:1::", "->  Request xid ", "<-  Reply 2001:db8:1::", "/128 added by dhclient\n"]
            .iter()
            .enumerate()
    {
        assert!(text.contains(part), "{number}: {part} is not in\n{text}");
    }
    assert!(text.contains("\n\neth0: "), "the diagnosis is missing in\n{text}");
    let json = scene.written("watch.json");
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reply = lines.iter().find(|line| line["kind"] == "reply" && line["addresses"][0].is_object()).unwrap_or_else(|| panic!("{json}"));
    assert_eq!((&reply["interface"], &reply["from"]), (&"eth0".into(), &"server".into()));
    assert_eq!(lines.last().unwrap()["kind"], "diagnosis");
}

#[test]
fn on_a_terminal_the_diagnosis_stays_below_what_happens() {
    let mut scene = Scene::new();
    let watch = format!("exec {V6CHECK} watch");
    // script(1) gives it a terminal of its own.
    let terminal = scene.watch("terminal", scene.guest.command("script").env("TERM", "xterm").args(["-qec", &watch, "/dev/null"]));
    scene.guest.boot_by(Stack::Ifupdown).unwrap();
    scene.guest.wait_for_global("eth0").unwrap();
    let usable = |text: &str| text.contains("address 2001:db8:1::10/128 usable");
    poll("the address is told to be usable", STATE_LIMIT, || Ok(usable(&scene.written("terminal")))).unwrap();
    let drawn = |text: &str| text.rsplit("usable").next().unwrap_or_default().contains("\x1b[1meth0:\x1b[0m ");
    poll("the diagnosis is drawn below it", STATE_LIMIT, || Ok(drawn(&scene.written("terminal")))).unwrap();
    let watching = scene.guest.namespace().processes().unwrap();
    let is_watch = |id: &&u32| std::fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| line == format!("{V6CHECK}\0watch\0").as_bytes());
    let watching = watching.iter().find(is_watch).unwrap().to_string();
    assert!(needs::command("kill").args(["-INT", &watching]).status().unwrap().success());
    ended(terminal);
    let text = scene.written("terminal");
    let screen = screen(&text);
    let at = |part: &str| screen.iter().rposition(|line| line.contains(part)).unwrap_or_else(|| panic!("{part} is not in {screen:#?}"));
    assert_eq!(screen.iter().filter(|line| line.starts_with("eth0: ")).count(), 1, "drawn over itself: {screen:#?}");
    assert!(at("eth0: ") > at("2001:db8:1::10/128 usable"), "{screen:#?}");
    assert!(text.matches("\x1b[J").count() > 2, "it was not drawn as things happened: {text:?}");
}

/// What stands on a terminal of endless height: of its sequences those that move up, erase and colour.
fn screen(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut row = 0;
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\r' => {}
            '\n' => {
                row += 1;
                lines.resize(lines.len().max(row + 1), String::new());
            }
            '\x1b' => {
                let sequence: String = rest.by_ref().skip(1).take_while(|it| !it.is_ascii_alphabetic()).collect();
                // What ended it is consumed; only one kind has a plain number and moves.
                let consumed = text.len() - rest.as_str().len();
                match text.as_bytes()[consumed - 1] {
                    b'A' => row -= sequence.parse::<usize>().unwrap(),
                    b'J' => lines.truncate(row),
                    _ => {}
                }
                lines.resize(lines.len().max(row + 1), String::new());
            }
            _ => lines[row].push(character),
        }
    }
    lines
}
