//! Names that a mistyped name may have meant.

/// The names nearest to `wanted`, at most three, nearest first; none if all are far off.
pub fn near<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let most = (wanted.chars().count() / 3).max(2);
    let mut ranked: Vec<(usize, &str)> = known
        .filter_map(|name| {
            let part = !wanted.is_empty() && (name.contains(wanted) || wanted.contains(name));
            let distance = distance(wanted, name);
            if part { Some((distance.min(most), name)) } else { (distance <= most).then_some((distance, name)) }
        })
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Levenshtein's distance: insertions, deletions and changes of one character.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    // A longer argument than any id is far from all of them, and must not cost the square of its length.
    for (line, have) in from.chars().take(200).enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, want) in to.iter().enumerate() {
            let changed = diagonal + usize::from(have != *want);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
