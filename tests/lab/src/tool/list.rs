//! `v6check-lab faults`: the table, for people and for programs.

use serde_json::{Value, json};

use super::show;
use crate::faults::{ALL, Fault, Whose};
use crate::{LabError, needs};
use v6check::terminal::wrap;

/// Where titles begin.
const TITLES_AT: usize = 27;

pub(super) fn faults(json: bool) -> Result<u8, LabError> {
    if json {
        let all: Vec<Value> = ALL.iter().map(as_json).collect();
        let text = serde_json::to_string_pretty(&all).map_err(|error| LabError::Refused(error.to_string()))?;
        show(&format!("{text}\n"));
        return Ok(0);
    }
    let mut text = String::new();
    for (heading, whose) in [("The guest's fault", Some(Whose::Guest)), ("The network's fault", Some(Whose::Network)), ("Nobody's fault", None)] {
        text.push_str(heading);
        text.push_str(":\n");
        for fault in ALL.iter().filter(|fault| fault.whose == whose) {
            let first = format!("  {:width$}", fault.name, width = TITLES_AT - 2);
            text.push_str(&wrap(&first, TITLES_AT, &described(fault)).join("\n"));
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(&wrap("", 0, NOTES).join("\n"));
    text.push('\n');
    show(&text);
    Ok(0)
}

const NOTES: &str = "Those with a * guests of every --stack can have; the others are made for guests of ifupdown.\n\
                     See one: v6check-lab demo NAME. Play with it: v6check-lab link up --fault NAME.";

fn described(fault: &Fault) -> String {
    let star = if fault.any_stack { " *" } else { "" };
    let missing = needs::check_for("", fault.needs).err().map(|error| error.to_string());
    let missing = missing.map_or_else(String::new, |told| format!(" ({})", told.trim()));
    format!("{}{star}{missing}", fault.title)
}

fn as_json(fault: &Fault) -> Value {
    json!({
        "name": fault.name,
        "title": fault.title,
        "fault": fault.whose.map(Whose::word),
        "requirement": Some(fault.told_by).filter(|id| !id.is_empty()),
        "any_stack": fault.any_stack,
        "needs": fault.needs,
    })
}
