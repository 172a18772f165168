//! Two namespaces, a recorder in one of them, and its file read again.

use std::fmt::Write;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use v6check::capture::{Item, Reader, Way};
use v6check::facts::Happening;
use v6check_lab::Namespace;
use v6check_lab::needs;

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");
const LIMIT: Duration = Duration::from_secs(30);
/// What was sent has reached the recorder's socket, and time stands for the rest.
const SETTLE: Duration = Duration::from_millis(200);

/// Something in a recording.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) at_ns: u64,
    /// Name of the interface; empty where it is about none.
    pub(crate) interface: String,
    pub(crate) what: What,
}

#[derive(Debug, PartialEq)]
pub(crate) enum What {
    Section,
    Frame { out: bool, wire_length: u32, bytes: Vec<u8> },
    Happened(Happening),
    Found(Happening),
    Renamed(String),
    Gap(Option<u64>),
    Recording(String),
}

pub(crate) fn read(path: &Path) -> Vec<Seen> {
    read_bytes(&fs::read(path).unwrap())
}

pub(crate) fn read_bytes(bytes: &[u8]) -> Vec<Seen> {
    let mut reader = Reader::new(bytes).unwrap();
    let mut names = Vec::new();
    let mut seen = Vec::new();
    while let Some(item) = reader.next().unwrap() {
        match item {
            Item::Section { application, comment } => {
                assert!(application.starts_with("v6check ") && comment.starts_with("boot_id="), "{application} {comment}");
                seen.push(Seen { at_ns: 0, interface: String::new(), what: What::Section });
            }
            Item::Interface(interface) => names.push(interface.name),
            Item::Packet(packet) => seen.push(Seen {
                at_ns: packet.at_ns,
                interface: names[packet.interface].clone(),
                what: What::Frame { out: packet.way == Some(Way::Out), wire_length: packet.wire_length, bytes: packet.bytes.to_vec() },
            }),
            Item::Journal(fields) => seen.push(entry(&fields)),
            Item::Dropped { .. } => {}
        }
    }
    seen
}

fn entry(fields: &[(String, String)]) -> Seen {
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let happening = || serde_json::from_str(field("V6CHECK_EVENT").unwrap()).unwrap();
    assert!(field("MESSAGE").is_some_and(|message| !message.is_empty()), "{fields:?}");
    let what = if let Some(gap) = field("V6CHECK_GAP") {
        What::Gap(json(gap)["frames"].as_u64())
    } else if let Some(names) = field("V6CHECK_RENAMED") {
        What::Renamed(json(names)["from"].as_str().unwrap().into())
    } else if let Some(text) = field("V6CHECK_RECORDING") {
        What::Recording(text.into())
    } else if field("V6CHECK_FOUND").is_some() {
        What::Found(happening())
    } else {
        What::Happened(happening())
    };
    let at_us: u64 = field("__REALTIME_TIMESTAMP").unwrap().parse().unwrap();
    Seen { at_ns: at_us * 1000, interface: field("V6CHECK_INTERFACE").unwrap_or_default().into(), what }
}

/// A guest without links, and a host.
pub(crate) struct Scene {
    pub(crate) guest: Namespace,
    pub(crate) host: Namespace,
    folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn make(name: &str) -> Self {
        let namespace = |role: &str| Namespace::make(&format!("{name}-{role}")).unwrap();
        Self { guest: namespace("g"), host: namespace("h"), folder: tempfile::tempdir().unwrap() }
    }

    /// A link that is down in the guest and says nothing of its own on the host's side.
    pub(crate) fn plug(&self, name: &str) {
        self.host.ip(&format!("link add tap0 type veth peer name {name} netns {}", self.guest.name())).unwrap();
        self.host.set(&[("ipv6/conf/tap0/disable_ipv6", 1)]).unwrap();
        self.host.ip("link set tap0 up").unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn recording(&self) -> PathBuf {
        self.file("boot.pcapng")
    }

    /// Starts a recorder and waits until it says that it is ready.
    pub(crate) fn record(&self, arguments: &[&str]) -> Recorder {
        let socket = self.file("notify");
        let _ = fs::remove_file(&socket);
        let ready = UnixDatagram::bind(&socket).unwrap();
        ready.set_read_timeout(Some(LIMIT)).unwrap();
        let mut command = self.recorder(&self.recording().display().to_string(), arguments);
        let recorder = Recorder::start(command.env("NOTIFY_SOCKET", &socket));
        let mut told = [0; 64];
        let length = ready.recv(&mut told).unwrap();
        assert_eq!(&told[..length], b"READY=1");
        recorder
    }

    /// Starts one that may fail.
    pub(crate) fn record_to(&self, path: &str, arguments: &[&str]) -> Recorder {
        let recorder = Recorder::start(&mut self.recorder(path, arguments));
        sleep(SETTLE);
        recorder
    }

    fn recorder(&self, path: &str, arguments: &[&str]) -> Command {
        let mut command = self.guest.command(V6CHECK);
        command.args(["record", "--output", path]).args(arguments);
        command
    }

    /// This program again, in the guest.
    pub(crate) fn run_again(&self, order: &str) -> Recorder {
        let program = std::env::current_exe().unwrap();
        let recorder = Recorder::start(self.guest.command(&program.display().to_string()).env(order, "1"));
        sleep(SETTLE * 2);
        recorder
    }

    /// A v6check run in the guest; how it ends does not matter.
    pub(crate) fn check(&self, arguments: &[&str]) {
        self.guest.command(V6CHECK).args(arguments).output().unwrap();
    }

    pub(crate) fn send(from: &Namespace, interface: &str, frames: &[Vec<u8>]) {
        const SCRIPT: &str = "import socket, sys\n\
                              s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
                              s.bind((sys.argv[1], 0))\n\
                              for frame in sys.argv[2:]: s.send(bytes.fromhex(frame))\n";
        let hex = |bytes: &Vec<u8>| {
            bytes.iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            })
        };
        let frames: Vec<String> = frames.iter().map(hex).collect();
        let arguments: Vec<&str> = ["-c", SCRIPT, interface].into_iter().chain(frames.iter().map(String::as_str)).collect();
        from.succeed("python3", &arguments).unwrap();
        sleep(SETTLE);
    }

    /// Neighbour advertisements with a number each, at a pace that a reader can follow.
    pub(crate) fn send_numbered(&self, count: u32) {
        const SCRIPT: &str = "import socket, sys, time\n\
                              s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
                              s.bind(('tap0', 0))\n\
                              frame = bytearray.fromhex(sys.argv[1])\n\
                              for number in range(int(sys.argv[2])):\n\
                              \tframe[-4:] = number.to_bytes(4, 'big')\n\
                              \ts.send(frame)\n\
                              \tif number % 32 == 0: time.sleep(0.003)\n";
        let frame = super::frames::numbered().iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        self.host.succeed("python3", &["-c", SCRIPT, &frame, &count.to_string()]).unwrap();
        sleep(SETTLE);
    }

    /// A file system of a quarter of a mebibyte.
    pub(crate) fn small_disk(&self) -> Disk {
        let path = self.file("disk");
        fs::create_dir(&path).unwrap();
        let done = needs::command("mount").args(["-t", "tmpfs", "-o", "size=256k", "v6check-test"]).arg(&path).status().unwrap();
        assert!(done.success());
        Disk(path)
    }
}

pub(crate) struct Disk(PathBuf);

impl Disk {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = needs::command("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A process that goes on until it is told to end.
pub(crate) struct Recorder {
    child: Child,
    output: [File; 2],
}

impl Recorder {
    fn start(command: &mut Command) -> Self {
        let output = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
        let handle = |file: &File| Stdio::from(file.try_clone().unwrap());
        let child = command.stdin(Stdio::null()).stdout(handle(&output[0])).stderr(handle(&output[1])).spawn().unwrap();
        Self { child, output }
    }

    /// `ip netns exec` becomes the program, so that its process id is the program's.
    pub(crate) fn signal(&self, name: &str) {
        assert!(needs::command("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap().success());
    }

    pub(crate) fn end(self) -> Ended {
        self.signal("TERM");
        self.wait()
    }

    pub(crate) fn wait(mut self) -> Ended {
        let until = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "it does not end");
            sleep(Duration::from_millis(10));
        };
        let [stdout, stderr] = &mut self.output;
        Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(file: &mut File) -> String {
    use std::io::Seek;
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}
