//! What is known of the guest once the files are as an image has them: its intent read again, all else as it was observed.

use std::borrow::Cow;

use crate::exchange::Exchanges;
use crate::facts::{Facts, Goal, Link, Naming, Observed};
use crate::image::{Image, Nic};
use crate::judge::{Expectations, Finding, Subject, judge_goal};
use crate::observe::intent;

/// Facts, perhaps with another intent.
pub(super) struct View<'a> {
    pub(super) facts: Cow<'a, Facts>,
}

impl<'a> View<'a> {
    /// As observed.
    pub(super) fn new(facts: &'a Facts) -> Self {
        Self { facts: Cow::Borrowed(facts) }
    }

    /// As the files of `image` have it, for the host and for `interface`.
    pub(super) fn of(facts: &'a Facts, image: &Image, interface: Option<&str>) -> Self {
        let mut facts = facts.clone();
        facts.fixes.clear();
        let nics: Vec<Nic> = interface.map(|name| nic(&facts, name)).into_iter().collect();
        let (mut intents, host) = intent::read(image, &nics);
        facts.intent = host;
        for (name, intent) in &mut intents {
            if let Some(tenses) = facts.interfaces.get_mut(name).and_then(|interface| interface.tenses.as_mut()) {
                std::mem::swap(&mut tenses.intent, intent);
            }
        }
        Self { facts: Cow::Owned(facts) }
    }

    /// Whether the goal is met.
    pub(super) fn judge(&self, goal: Goal, interface: Option<&str>) -> Finding {
        let facts = &*self.facts;
        let expectations = Expectations::default();
        let exchanges = Exchanges::read(facts);
        let subject = match interface {
            Some(name) => Subject::of_interface(facts, &exchanges, name, &expectations),
            None => Subject::of_host(facts, &exchanges, &expectations),
        };
        judge_goal(goal, &subject)
    }
}

/// An interface as files may speak of it.
pub(super) fn nic(facts: &Facts, name: &str) -> Nic {
    let mac = |link: &Observed<Link>| link.get().ok().and_then(|link| link.mac);
    let interface = facts.interfaces.get(name);
    let driver = match interface.and_then(|interface| interface.naming.as_ref()) {
        Some(Naming::Assumed { driver, .. }) => Some(driver.clone()),
        Some(Naming::NeverGiven { .. }) | None => None,
    };
    Nic { mac: interface.and_then(|interface| mac(&interface.link)), driver, ..Nic::named(name) }
}
