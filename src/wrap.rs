//! Paragraphs of 80 columns. A word is never broken: an address that is cut in two cannot be searched for.

/// As many columns as a line has, so that a report can be pasted in a ticket.
pub const COLUMNS: usize = 80;

/// Wraps `text` at its spaces: the first line begins with `first`, the others with `indent` spaces. Line ends in `text` stay, and so does the
/// indentation of its lines.
pub fn wrap(first: &str, indent: usize, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    for (number, paragraph) in text.lines().enumerate() {
        let own = paragraph.chars().take_while(|character| *character == ' ').count().min(COLUMNS / 4);
        if number > 0 {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        line.push_str(&" ".repeat(own));
        let mut width = line.chars().count();
        let mut begun = false;
        for word in paragraph.split_whitespace() {
            let length = word.chars().count();
            if begun && width + 1 + length > COLUMNS {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent + own)));
                width = indent + own;
                begun = false;
            }
            if begun {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
            begun = true;
        }
    }
    lines.push(line);
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn a_word_that_fits_nowhere_stays_whole() {
        let word = "x".repeat(100);
        assert_eq!(wrap("a  ", 3, &format!("b {word} c")), ["a  b".to_owned(), format!("   {word}"), "   c".to_owned()]);
    }

    #[test]
    fn a_line_is_filled_to_column_80_and_no_further() {
        let lines = wrap("", 2, &"1234567 ".repeat(21));
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [79, 73, 17]);
    }

    #[test]
    fn the_lines_of_a_text_stay_lines() {
        assert_eq!(wrap("remedy  ", 8, "write this:\n  a = 1\n\nthen boot"), ["remedy  write this:", "          a = 1", "", "        then boot"]);
    }
}
