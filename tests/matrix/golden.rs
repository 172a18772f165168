//! Golden files: the matrix of all golden reports in every form. `UPDATE=1 cargo test --test matrix` rewrites them; the change is then for review.

use std::fs;

use crate::{root, run, stderr, stdout};

use v6check_lab::needs;

/// The matrix of the golden reports in one form.
fn rendered(form: &str) -> String {
    let output = run(root(), &["tests/reports", "--title", "The golden reports", form, "-"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), ""));
    stdout(&output).to_owned()
}

#[test]
fn the_golden_reports_in_every_form() {
    for (form, ending) in [("--text", "txt"), ("--json", "json"), ("--html", "html")] {
        let path = root().join(format!("tests/matrix/reports.{ending}"));
        let text = rendered(form);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
            continue;
        }
        let golden = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; UPDATE=1 writes it", path.display()));
        assert!(golden == text, "{} differs; UPDATE=1 rewrites it\n--- is now\n{text}", path.display());
    }
}

#[test]
fn text_fits_80_columns_and_is_ascii_without_control_characters() {
    let text = rendered("--text");
    assert!(text.is_ascii() && !text.chars().any(|character| character.is_control() && character != '\n'));
    assert_eq!(text.lines().filter(|line| line.len() > 80).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn colour_only_adds_escape_sequences() {
    let coloured = run(root(), &["tests/reports", "--title", "The golden reports", "--color", "always"]);
    let mut plain = String::new();
    for (number, part) in stdout(&coloured).split("\x1b[").enumerate() {
        plain.push_str(if number == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert!(stdout(&coloured).contains("\x1b[31mF\x1b[0m"));
    assert_eq!(plain, rendered("--text"));
}

/// The page's policy lets one script run, by its hash, which Python computes here.
#[test]
fn the_policy_names_the_hash_of_the_script() {
    let page = rendered("--html");
    let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let program = "import base64, hashlib, sys; print(base64.b64encode(hashlib.sha256(sys.argv[1].encode()).digest()).decode())";
    let hash = needs::command("python3").args(["-c", program, script]).output().unwrap();
    let hash = format!("script-src 'sha256-{}'", stdout(&hash).trim());
    assert!(page.contains(&hash), "the page should say {hash}");
}

/// Void elements end without a slash in HTML and with one in XML; but for these the page is well-formed, which xmllint says.
#[test]
fn the_page_is_well_formed() {
    let mut page = rendered("--html").replace("<!DOCTYPE html>\n", "").replace("<br>", "<br/>").replace(" hidden>", " hidden=\"\">");
    for start in ["<meta ", "<input "] {
        page = page
            .split(start)
            .enumerate()
            .map(|(at, part)| if at == 0 { part.to_owned() } else { format!("{start}{}", part.replacen('>', "/>", 1)) })
            .collect();
    }
    // A style and a script hold anything.
    page = page.replace("<style>", "<style><![CDATA[").replace("</style>", "]]></style>");
    page = page.replace("<script>", "<script><![CDATA[").replace("</script>", "]]></script>");
    for entity in ["times", "middot"] {
        page = page.replace(&format!("&{entity};"), "");
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("page.xml");
    fs::write(&path, page).unwrap();
    let lint = needs::command("xmllint").args(["--noout", "--huge"]).arg(&path).output().unwrap();
    assert!(lint.status.success(), "{}", stderr(&lint));
}

/// No link leads nowhere: every fragment has its element, once, and every report its file.
#[test]
fn every_link_leads_somewhere() {
    let page = rendered("--html");
    let values = |name: &str| page.split(&format!(" {name}=\"")).skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned()).collect::<Vec<_>>();
    let mut ids = values("id");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is there twice");
    let links = values("href");
    assert!(links.len() > 100, "{links:?}");
    for link in links {
        match link.strip_prefix('#') {
            Some(id) => assert!(id.is_empty() || ids.iter().any(|known| known == id), "{link}"),
            None => assert!(link.starts_with("./tests/reports/") && root().join(&link).is_file(), "{link}"),
        }
    }
}
