//! Programs that run another one, and those whose output the next one reads.

use super::{Command, Word};

/// What `echo` and `printf` write.
pub(super) fn written(command: &Command) -> Word {
    let words = command.arguments().iter().filter(|word| !matches!(&word.text[..], "-n" | "-e" | "-en" | "-ne" | "--"));
    let (mut texts, mut known) = (Vec::new(), true);
    for word in words {
        known &= word.known;
        texts.push(word.text.trim_end_matches("\\n"));
    }
    let text = texts.join(" ");
    if known { Word::of(&text) } else { Word::unknown(&text) }
}

/// The command behind programs that only run another.
pub(super) fn unwrapped(mut words: Vec<Word>) -> Vec<Word> {
    for _ in 0..8 {
        let Some(program) = words.first().filter(|word| word.known) else { break };
        let name = program.text.rsplit('/').next().unwrap_or_default().to_owned();
        let option = |text: &str| text.starts_with('-');
        let skip = |with_value: &[&str], also: usize| {
            let mut at = 1;
            while let Some(word) = words.get(at).filter(|word| option(&word.text) || name == "env" && word.text.contains('=')) {
                at += 1 + usize::from(with_value.contains(&&word.text[..]));
            }
            at + also
        };
        let from = match &name[..] {
            "sudo" => skip(&["-u", "-g"], 0),
            "env" => skip(&["-u", "-C"], 0),
            "nohup" | "setsid" | "exec" | "builtin" => skip(&[], 0),
            "command" if !words.get(1).is_some_and(|word| option(&word.text)) => 1,
            "nice" => skip(&["-n"], 0),
            "ionice" => skip(&["-c", "-n"], 0),
            "timeout" => skip(&["-s", "-k", "--signal", "--kill-after"], 1),
            "busybox" if words.len() > 1 && !words.get(1).is_some_and(|word| option(&word.text) || word.text == "sh") => 1,
            "start-stop-daemon" => {
                let Some(program) = words.iter().position(|word| matches!(&word.text[..], "-x" | "--exec" | "-a" | "--startas")) else { break };
                let mut inner: Vec<Word> = words.get(program + 1).cloned().into_iter().collect();
                if let Some(end) = words.iter().position(|word| word.text == "--") {
                    inner.extend_from_slice(&words[end + 1..]);
                }
                if !words.iter().any(|word| matches!(&word.text[..], "-S" | "--start")) || inner.is_empty() {
                    break;
                }
                words = inner;
                continue;
            }
            _ => break,
        };
        if from >= words.len() {
            break;
        }
        words.drain(..from);
    }
    words
}
