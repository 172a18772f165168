//! Names that a mistyped name may have meant.

/// A longer name is no typing mistake of any known one, and comparing it takes time by the product of both lengths.
const MAX_CHARACTERS: usize = 200;

/// The names most similar to `wanted`, at most three, the most similar first; none if nothing is similar.
pub fn similar<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let characters = wanted.chars().count();
    if characters > MAX_CHARACTERS {
        return Vec::new();
    }
    let most = (characters / 3).max(2);
    let mut ranked: Vec<(usize, &str)> = known
        .filter_map(|name| {
            let part = !wanted.is_empty() && (name.contains(wanted) || wanted.contains(name));
            let distance = strsim::levenshtein(wanted, name);
            if part { Some((distance.min(most), name)) } else { (distance <= most).then_some((distance, name)) }
        })
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn the_most_similar_come_first() {
        let known = ["ra-received", "ra-accepted", "ra-accepted-at-boot", "ipv6-enabled"];
        let similar = |wanted: &str| similar(wanted, known.into_iter());
        assert_eq!(similar("ra-acepted"), ["ra-accepted"]);
        assert_eq!(similar("ra-accepted"), ["ra-accepted", "ra-accepted-at-boot"]);
        assert_eq!(similar("enabled"), ["ipv6-enabled"]);
        assert_eq!(similar("ipv6-enabeld"), ["ipv6-enabled"]);
        for wanted in ["", "dhclient", &"ra-accepted".repeat(20)] {
            assert!(similar(wanted).is_empty(), "{wanted}");
        }
    }
}
