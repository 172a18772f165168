//! The page in a real Chromium: what is seen, what a click opens, that hostile text does nothing, and that it can be read in any light.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use v6check_lab::needs;

use crate::chromium::Chromium;
use crate::{folder, order, put, root, run, sample};

/// The page of the golden reports, in a folder of its own.
fn golden() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("page.html");
    let output = run(root(), &["tests/reports", "--html", page.to_str().unwrap(), "--title", "The golden reports"]);
    assert_eq!(output.status.code(), Some(1));
    (folder, page)
}

/// A page of images of disk as large as real ones: every requirement of the profile, and long names.
fn wide() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let mut report = sample("guest-fault");
    let results = report["results"].as_array_mut().unwrap();
    let first = results[3].clone();
    results.extend((0..40).map(|number| {
        let mut result = first.clone();
        result["id"] = format!("a-requirement-with-a-long-name-{number}").into();
        result
    }));
    put(folder.path(), &format!("{}.json", "a-rather-long-name-of-an-image-".repeat(5)), &report);
    let page = folder.path().join("page.html");
    run(folder.path(), &[".", "--html", page.to_str().unwrap(), "--text", "/dev/null"]);
    (folder, page)
}

/// Whether an element is seen, by its computed style.
fn is_seen(browser: &mut Chromium, selector: &str) -> bool {
    browser.value(&format!("document.querySelector({selector:?}).checkVisibility({{visibilityProperty: true, opacityProperty: true}})")) == true
}

/// The evidence of the first image's cell that is called so.
const CELL: &str = "tr[id=r2] a[title^='ra-accepted']";

#[test]
fn rows_come_in_the_order_of_the_matrix() {
    let (_folder, page) = golden();
    let mut browser = Chromium::start();
    browser.open(&page, "");
    let rows = browser.value("[...document.querySelectorAll('tbody tr')].map((row) => row.cells[0].querySelector('a').textContent)");
    let (matrix, _) = crate::json(root(), &["tests/reports"]);
    assert_eq!(rows, json!(order(&matrix)));
    // Each cell belongs to the column that its title names.
    let wrong = browser.value(
        "[...document.querySelectorAll('td a')].filter((cell) => !cell.title.startsWith(
          document.querySelector('thead tr').cells[cell.parentNode.cellIndex].textContent + ': ')).length",
    );
    let cells = browser.value("document.querySelectorAll('td a').length");
    assert_eq!((wrong, cells.as_u64().unwrap() > 50), (json!(0), true));
    let heads = browser.value("[...document.querySelectorAll('th')].filter((head) => !['row', 'col'].includes(head.scope)).length");
    assert_eq!(heads, json!(0), "each head says what it is the head of");
}

#[test]
fn a_click_opens_the_evidence_and_closing_leads_back() {
    let (_folder, page) = golden();
    let mut browser = Chromium::start();
    for (width, height, scripts) in [(1280, 900, true), (400, 800, true), (1280, 900, false)] {
        browser.size(width, height);
        browser.scripts(scripts);
        browser.open(&page, "");
        let target = browser.value(&format!("document.querySelector({CELL:?}).getAttribute('href')"));
        let panel = target.as_str().unwrap();
        assert!(!is_seen(&mut browser, panel), "{width}: it is closed at first");
        assert_eq!(browser.value("[...document.querySelectorAll('.panel')].filter((panel) => panel.checkVisibility()).length"), json!(0));
        browser.follow(CELL);
        assert!(is_seen(&mut browser, panel), "{width}: the click opens it");
        let text = browser.value(&format!("document.querySelector({panel:?}).innerText"));
        for part in ["eth0", "accept_ra=1", "accept_ra=0, forwarding=0", "evidence", "remedy", "source", "guest-fault"] {
            assert!(text.as_str().unwrap().contains(part), "{part} is not in {text}");
        }
        // It lies over the page, in the window.
        let inside = browser.value(&format!(
            "(() => {{ const place = document.querySelector({panel:?}).getBoundingClientRect();
              return place.left >= 0 && place.top >= 0 && place.right <= innerWidth && place.bottom <= innerHeight && place.height > 100; }})()"
        ));
        assert_eq!(inside, json!(true), "{width}");
        browser.follow(&format!("{panel} .close"));
        assert_eq!(browser.value("location.hash"), json!("#r2"));
        assert!(!is_seen(&mut browser, panel), "{width}: it is closed again");
    }
}

#[test]
fn an_address_with_a_fragment_opens_it_at_once() {
    let (_folder, page) = golden();
    let mut browser = Chromium::start();
    browser.open(&page, "#i2");
    assert!(is_seen(&mut browser, "#i2") && !is_seen(&mut browser, "#i3"));
    let link = browser.value("document.querySelector('#i2 a[href^=\".\"]').href");
    let file = root().join("tests/reports/guest-fault.json");
    assert_eq!(link, json!(format!("file://{}", file.display())), "it links the report");
}

#[test]
fn filters_hide_and_show() {
    let (_folder, page) = golden();
    let mut browser = Chromium::start();
    browser.open(&page, "");
    let rows = |browser: &mut Chromium| {
        browser.value("[...document.querySelectorAll('tbody tr')].filter((row) => row.checkVisibility()).length").as_u64().unwrap()
    };
    let columns = |browser: &mut Chromium| {
        browser.value("[...document.querySelectorAll('thead th')].filter((head) => head.checkVisibility()).length").as_u64().unwrap()
    };
    let (all_rows, all_columns) = (rows(&mut browser), columns(&mut browser));
    browser.value("document.getElementById('bad').click(); document.getElementById('loud').click()");
    assert_eq!((all_rows - rows(&mut browser), all_columns - columns(&mut browser)), (3, 3));
    browser.value("document.getElementById('bad').click(); document.getElementById('loud').click()");
    assert_eq!((rows(&mut browser), columns(&mut browser)), (all_rows, all_columns));
    browser.value("(() => { const name = document.getElementById('name'); name.value = 'FAULT'; name.dispatchEvent(new Event('input')) })()");
    assert_eq!(rows(&mut browser), 2);
}

#[test]
fn hostile_text_is_text() {
    let evil = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\"><svg onload=document.title='pwned'>\
                </title></style></textarea>\" onmouseover=\"document.title='pwned'\" x='javascript:alert(1)'<!-- ]]> &lt;b&gt;";
    let mut report = sample("guest-fault");
    for key in ["title", "expected", "seen", "message", "remedy"] {
        report["results"][3][key] = evil.into();
    }
    report["results"][3]["interface"] = evil.into();
    report["results"][3]["evidence"] = json!([{"tense": "state", "source": evil, "value": evil}]);
    report["results"][3]["source"] = json!({"document": evil, "section": evil});
    report["results"][0]["id"] = evil[..90].into();
    for key in ["name", "distribution"] {
        report["host"][key] = evil.into();
    }
    report["profile"] = evil.into();
    report["image"] = evil.into();
    report["summary"]["diagnosis"][0]["text"] = evil.into();
    let folder = folder(&[("<img src=x onerror=document.title=1>.json", report)]);
    fs::write(folder.path().join("<svg onload=document.title=2>.json"), format!("{{\"schema\": {evil:?}}}")).unwrap();
    let title = "A title with </title><script>document.title='pwned'</script>";
    let output = run(folder.path(), &[".", "--html", "page.html", "--title", title]);
    assert_eq!(output.status.code(), Some(2));
    let mut browser = Chromium::start();
    browser.size(1280, 900);
    browser.open(&folder.path().join("page.html"), "");
    let column = browser.value("document.querySelector('td.f a').getAttribute('href')");
    browser.follow("td.f a");
    assert!(is_seen(&mut browser, column.as_str().unwrap()));
    browser.call("Input.dispatchMouseEvent", &json!({"type": "mouseMoved", "x": 900, "y": 200}));
    assert_eq!(browser.value("document.title"), json!(title), "no script ran");
    let panel = browser.value(&format!("document.querySelector('{} dd.seen').textContent", column.as_str().unwrap()));
    assert_eq!(panel, json!(evil), "the text is there as it is");
    // Not by the page's policy alone: nothing of it is markup.
    let found = browser.value(
        "[document.scripts.length, document.querySelectorAll('img, svg, textarea, iframe, object, link, form').length,
          [...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith('on')).length,
          [...document.links].filter((link) => link.protocol !== 'file:').length]",
    );
    assert_eq!(found, json!([1, 0, 0, 0]));
}

#[test]
fn only_the_table_scrolls_sideways_and_its_heads_stay() {
    let mut browser = Chromium::start();
    for (_folder, page) in [golden(), wide()] {
        for (width, height) in [(1280, 900), (400, 800)] {
            browser.size(width, height);
            browser.open(&page, "");
            assert_eq!(browser.value("document.documentElement.scrollWidth <= innerWidth"), json!(true), "{width}");
            browser.value("location.hash = '#r0c3'");
            assert_eq!(browser.value("document.querySelector('#r0c3').scrollWidth <= document.querySelector('#r0c3').clientWidth"), json!(true));
        }
    }
    browser.size(400, 300);
    let (_folder, page) = wide();
    browser.open(&page, "");
    let scrolled = browser.value(
        "(() => { const box = document.querySelector('.scroll'); box.scrollTo(500, 100);
          const [head, name] = [document.querySelector('thead th:nth-child(20)'), document.querySelector('tbody th')];
          const place = (element) => element.getBoundingClientRect();
          return [box.scrollLeft, Math.abs(place(name).left - place(box).left) <= 1, Math.abs(place(head).top - place(box).top) <= 1]; })()",
    );
    assert_eq!(scrolled, json!([500, true, true]));
}

/// Contrast by WCAG 2.2: text and background of everything that has text, at least 4.5 to 1.
const CONTRAST: &str = "(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => { const [r, g, b] = parts(colour).map((part) => { part /= 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (element) => { for (; element; element = element.parentElement) { const colour = getComputedStyle(element).backgroundColor;
    if (parts(colour)[3] !== 0) return colour; } return 'rgb(255, 255, 255)'; };
  const texts = [...document.body.querySelectorAll('*')].filter((element) => element.tagName !== 'SCRIPT' &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const ratio = (element) => { const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    return (a + 0.05) / (b + 0.05); };
  return [texts.length, texts.filter((element) => ratio(element) < 4.5).map((element) => [element.className, element.parentNode.className,
    element.textContent.slice(0, 20), ratio(element)])];
})()";

#[test]
fn it_can_be_read_in_the_light_and_in_the_dark() {
    let (_folder, page) = golden();
    let mut browser = Chromium::start();
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        browser.open(&page, "");
        let found: Value = browser.value(CONTRAST);
        assert!(found[0].as_u64().unwrap() > 300 && found[1] == json!([]), "{scheme}: {found:#}");
        grounds.push(browser.value("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(grounds[0], grounds[1]);
}

#[test]
fn it_prints_with_the_evidence_of_what_fails() {
    let (_folder, page) = golden();
    let mut browser = Chromium::start();
    browser.open(&page, "");
    assert!(!is_seen(&mut browser, "#r2c3"));
    browser.medium("print");
    assert!(is_seen(&mut browser, "#r2c3") && is_seen(&mut browser, "#r0 th"));
    assert!(!is_seen(&mut browser, ".filters") && !is_seen(&mut browser, "#r2c1"));
    assert_eq!(browser.value("getComputedStyle(document.querySelector('.scroll')).overflowX"), json!("visible"));
}

/// `tests/matrix/picture` makes the README's picture; here of a folder of reports.
#[test]
fn the_picture_is_one() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.png");
    let mut command = needs::command(root().join("tests/matrix/picture"));
    command.arg(root().join("tests/reports")).arg(&out).env("V6CHECK", env!("CARGO_BIN_EXE_v6check"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", crate::stderr(&output));
    assert_eq!(size(&out), (1280, 900));
    let mut browser = Chromium::start();
    browser.size(640, 480);
    assert!(browser.picture().starts_with("iVBORw0KGgo"), "a PNG as well");
}

/// Width and height in a PNG (its IHDR).
fn size(path: &Path) -> (u32, u32) {
    let bytes = fs::read(path).unwrap();
    assert_eq!((&bytes[..8], &bytes[12..16]), (&b"\x89PNG\r\n\x1a\n"[..], &b"IHDR"[..]));
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}
