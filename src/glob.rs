//! Shell patterns (fnmatch(3)), for names of files and interfaces.

/// Whether a name holds a wildcard of glob(7).
pub(crate) fn has_wildcard(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// Whether `name` matches the shell pattern `pattern` (fnmatch(3) without flags). Takes time proportional to the product of their lengths.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where to go on when what follows the last star did not fit: one character further.
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at + 1, seen));
            at += 1;
        } else if let Some(after) = one(&pattern, at, name[seen]) {
            at = after;
            seen += 1;
        } else if let Some((after, from)) = star {
            star = Some((after, from + 1));
            at = after;
            seen = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Where the pattern goes on after it took `character` at `at`; `None` if it does not take it.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => {
            let close = pattern[at + 1..].iter().skip(1).position(|found| *found == ']').map(|close| at + 2 + close);
            let Some(close) = close else { return (character == '[').then_some(at + 1) };
            let mut set = &pattern[at + 1..close];
            let negated = matches!(set.first(), Some('!' | '^'));
            if negated {
                set = &set[1..];
            }
            let mut taken = false;
            while let Some((first, rest)) = set.split_first() {
                if let ['-', last, after @ ..] = rest {
                    taken |= (*first..=*last).contains(&character);
                    set = after;
                } else {
                    taken |= *first == character;
                    set = rest;
                }
            }
            (taken != negated).then_some(close + 1)
        }
        '\\' if at + 1 < pattern.len() => (pattern[at + 1] == character).then_some(at + 2),
        literal => (*literal == character).then_some(at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("eth*", "eth0", true),
            ("eth*", "ens3", false),
            ("e?h[0-3]", "eth2", true),
            ("e?h[0-3]", "eth4", false),
            ("[!e]*", "eth0", false),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxbxx", false),
            ("[", "[", true),
            ("[]", "[]", true),
            ("", "", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(1000), &"a".repeat(999)), "ends");
    }
}
