//! A headless Chromium, spoken to by the Chrome DevTools Protocol over pipes, in a network namespace of its own, so that nothing is sent.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use v6check_lab::needs;

/// A browser with one tab.
pub(crate) struct Chromium {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    number: u64,
    session: Option<String>,
    /// What it told without being asked, until somebody waits for it.
    events: VecDeque<Value>,
    // Where it keeps what it keeps; removed with it.
    _profile: TempDir,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        let profile = TempDir::new().unwrap();
        // It speaks the protocol on the descriptors 3 and 4. The namespace of process ids ends its helpers with it.
        let options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                       --disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe";
        let script = format!("exec chromium {options} --user-data-dir=\"$1\" 3<&0 4>&1 </dev/null >/dev/null 2>&1");
        let mut command = needs::command("unshare");
        command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script, "sh"]).arg(profile.path());
        let mut process = command.env("TMPDIR", profile.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut browser = Self { process, to, from, number: 0, session: None, events: VecDeque::new(), _profile: profile };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].clone();
        let session = browser.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        browser.call("Page.enable", &json!({}));
        browser
    }

    /// Calls a method and returns its result.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let number = self.number;
        let mut message = json!({"id": number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(b"\0").unwrap();
        let mut answer = loop {
            let message = self.next();
            if message["id"] == number {
                break message;
            }
            self.events.push_back(message);
        };
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Waits for an event, which may have come already since the last one that was waited for.
    fn wait(&mut self, method: &str) {
        loop {
            let event = self.events.pop_front().unwrap_or_else(|| self.next());
            if event["method"] == method {
                return;
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "chromium has ended; tests/install-packages installs it");
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Opens a page that is a file, `fragment` included, and waits until it is there.
    pub(crate) fn open(&mut self, page: &Path, fragment: &str) {
        // From another page, so that it is loaded even where only the fragment differs.
        for url in ["about:blank".to_owned(), format!("file://{}{fragment}", page.display())] {
            self.call("Page.navigate", &json!({"url": url}));
            self.wait("Page.loadEventFired");
        }
    }

    pub(crate) fn size(&mut self, width: u32, height: u32) {
        self.call("Emulation.setDeviceMetricsOverride", &json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}));
    }

    pub(crate) fn scheme(&mut self, scheme: &str) {
        self.call("Emulation.setEmulatedMedia", &json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}));
    }

    pub(crate) fn medium(&mut self, medium: &str) {
        self.call("Emulation.setEmulatedMedia", &json!({"media": medium}));
    }

    /// Whether the page's own scripts run.
    pub(crate) fn scripts(&mut self, run: bool) {
        self.call("Emulation.setScriptExecutionDisabled", &json!({"value": !run}));
    }

    /// The value of an expression in the page; a promise is waited for.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let mut result = self.call("Runtime.evaluate", &json!({"expression": expression, "returnByValue": true, "awaitPromise": true}));
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].take()
    }

    /// Clicks on a link in the page as a user does, and waits until it was followed. The link has to be seen, with nothing over it.
    pub(crate) fn follow(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const link = document.querySelector({selector:?});
              link.scrollIntoView({{inline: 'center', block: 'center'}});
              const place = link.getBoundingClientRect();
              const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
              return [x, y, link.contains(document.elementFromPoint(x, y))]; }})()"
        ));
        assert_eq!(place[2], json!(true), "{selector}: something lies over it: {place}");
        self.events.clear();
        for kind in ["mousePressed", "mouseReleased"] {
            self.call("Input.dispatchMouseEvent", &json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1}));
        }
        self.wait("Page.navigatedWithinDocument");
    }

    /// What the page looks like, as PNG in base64.
    pub(crate) fn picture(&mut self) -> String {
        self.call("Page.captureScreenshot", &json!({}))["data"].as_str().unwrap().to_owned()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
