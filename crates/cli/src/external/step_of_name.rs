//! Finds the training step in the name of a checkpoint.
//!
//! Trainers write `epoch=3-step=120-val_loss=0.60`, `checkpoint-500`, `ckpt_500`, `iter_500` or
//! `global_step500`; people write `net-500` or `net_40_h33`. The number beside the most specific
//! word is the step. Without such a word, the only whole number in the name is the step.

/// Words that name a step; each line is more specific than the next.
const STEPS: [&[&str]; 3] = [
    &["step", "steps", "globalstep"],
    &[
        "iter",
        "iters",
        "iteration",
        "iterations",
        "itr",
        "it",
        "update",
        "updates",
    ],
    &["checkpoint", "checkpoints", "ckpt", "chkpt", "chk", "cp"],
];

/// Words that name something else. A number beside one of them is never a step.
const OTHERS: [&str; 34] = [
    "epoch", "epochs", "ep", "e", "seed", "version", "v", "run", "fold", "trial", "rank", "layer",
    "layers", "width", "h", "d", "depth", "hidden", "lr", "wd", "loss", "acc", "accuracy", "batch",
    "bs", "tokens", "samples", "examples", "size", "k", "n", "p", "gpu", "part",
];

/// A number in a name.
#[derive(Debug)]
struct Number<'a> {
    /// Text of the number in the name.
    text: &'a str,
    /// Position of its first byte.
    start: usize,
    /// Position after its last byte.
    end: usize,
}

/// The step in `name`, which has no file ending, or the reason why it has none.
pub(super) fn step(name: &str) -> Result<u64, String> {
    let lower = name.to_ascii_lowercase();
    let numbers = numbers(&lower);
    for words in STEPS {
        let before = |number: &&Number| words.contains(&word_before(&lower, number));
        let mut named: Vec<&Number> = numbers.iter().filter(before).collect();
        if named.is_empty() {
            // For example 500_steps.
            let behind = |number: &&Number| words.contains(&word_behind(&lower, number, &numbers));
            named = numbers.iter().filter(behind).collect();
        }
        if !named.is_empty() {
            return one(&named);
        }
    }
    let other = |number: &Number| OTHERS.contains(&word_before(&lower, number));
    let whole: Vec<&Number> = numbers.iter().filter(|n| n.whole().is_some()).collect();
    // For example weights.{epoch}-{val_loss} from Keras.
    let score =
        |number: &&Number| number.whole().is_none() && word_before(&lower, number).is_empty();
    if let (Some(number), Some(score)) = (whole.first(), numbers.iter().find(score)) {
        return Err(format!(
            "the number {} in its name may be an epoch, because {} is next to it",
            number.text, score.text
        ));
    }
    match whole[..] {
        [number] if other(number) => {
            let word = word_before(&lower, number);
            Err(format!(
                "the number {} in its name belongs to {word:?}, not to a training step",
                number.text
            ))
        }
        _ => one(&whole),
    }
}

/// The step on which all of these numbers agree.
fn one(numbers: &[&Number]) -> Result<u64, String> {
    let mut steps = Vec::new();
    for number in numbers {
        let step = number.whole().ok_or_else(|| {
            format!(
                "the number {:?} in its name is not a whole number of training steps",
                number.text
            )
        })?;
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    match steps[..] {
        [] => Err("its name contains no training step".to_owned()),
        [step] => Ok(step),
        _ => {
            let all: Vec<&str> = numbers.iter().map(|number| number.text).collect();
            Err(format!(
                "each of the numbers {} in its name could be the training step",
                all.join(", ")
            ))
        }
    }
}

impl Number<'_> {
    /// Its value, if it is a whole number in range.
    fn whole(&self) -> Option<u64> {
        self.text.parse().ok()
    }
}

/// All numbers in a name, with sign, decimals, exponent and letters such as k.
fn numbers(name: &str) -> Vec<Number<'_>> {
    let bytes = name.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let negative = at > 1 && bytes[at - 1] == b'-' && b"=-_".contains(&bytes[at - 2]);
        let start = at - usize::from(negative);
        loop {
            while digit(at) {
                at += 1;
            }
            let next = bytes.get(at);
            let exponent = next == Some(&b'e')
                && (digit(at + 1)
                    || (matches!(bytes.get(at + 1), Some(b'-' | b'+')) && digit(at + 2)));
            if matches!(next, Some(b'.' | b',')) && digit(at + 1) {
                at += 1;
            } else if exponent {
                at += 2;
            } else {
                break;
            }
        }
        // A percentage of training is not a step.
        at += usize::from(bytes.get(at) == Some(&b'%'));
        // 10k must not be read as 10, but 40steps is 40.
        let letters = bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic());
        let end = at + letters.count();
        if !STEPS.iter().any(|words| words.contains(&&name[at..end])) {
            at = end;
        }
        numbers.push(Number {
            text: &name[start..at],
            start,
            end: at,
        });
    }
    numbers
}

/// The word before a number, with at most a few signs between them: `step` in `global_step = 40`.
fn word_before<'a>(name: &'a str, number: &Number<'_>) -> &'a str {
    let front = name[..number.start].trim_end_matches(separator);
    if number.start - front.len() > 3 {
        return "";
    }
    let word = front.rfind(|c: char| !c.is_alphabetic());
    front[word.map_or(0, |at| {
        at + front[at..].chars().next().map_or(1, char::len_utf8)
    })..]
        .trim()
}

/// The word after a number, unless that word has its own number.
fn word_behind<'a>(name: &'a str, number: &Number<'_>, numbers: &[Number<'_>]) -> &'a str {
    let rest = name[number.end..].trim_start_matches(separator);
    let start = name.len() - rest.len();
    let length = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let word = &rest[..length];
    let own = numbers
        .iter()
        .any(|other| other.start > start && word_before(name, other) == word);
    if start - number.end > 1 || own {
        ""
    } else {
        word
    }
}

fn separator(c: char) -> bool {
    matches!(c, '=' | '-' | '_' | '.' | ':' | ' ' | '#')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::step;

    #[test]
    fn the_step_is_read_where_trainers_write_it() {
        for (name, expected) in [
            ("00100", 100),
            ("step-00100", 100),
            ("net-7", 7),
            ("net_00030", 30),
            ("weights100", 100),
            ("epoch=0-step=40-val_loss=0.80", 40),
            ("epoch=0-step=0-val_loss=0.90", 0),
            ("epoch=12-step=1300-v1", 1300),
            ("step=40-v2", 40),
            ("step = 40", 40),
            ("Step_40_h33", 40),
            ("seed_3_step40", 40),
            ("net_h33-step-40", 40),
            ("checkpoint-500", 500),
            ("checkpoint_3-step_500", 500),
            ("ckpt_500", 500),
            ("ckpt-12-iter-500", 500),
            ("global_step500", 500),
            ("globalstep_500", 500),
            ("iter_0001000", 1000),
            ("model_500_steps", 500),
            ("model-500steps", 500),
            ("epoch3_iteration=900_lr1e-05", 900),
            ("lr0.01-100", 100),
            ("2026-01-31_step=9", 9),
            ("step=5-step=5", 5),
            ("größe-7", 7),
            ("v2/step.8", 8),
        ] {
            assert_eq!(step(name), Ok(expected), "{name}");
        }
    }

    #[test]
    fn an_ambiguous_name_gives_no_step() {
        for (name, parts) in [
            ("net_40_h33", &["40", "33"][..]),
            ("net-v2-100", &["2", "100"]),
            ("step=40-iter=3-step=80", &["40", "80"]),
            ("2026-01-31-100", &["2026", "100"]),
            ("epoch=5", &["5", "\"epoch\""]),
            ("e5", &["5", "\"e\""]),
            ("weights.05-0.55", &["05", "epoch", "0.55"]),
            ("net-20%", &["no training step"]),
            ("net-seed3", &["3", "\"seed\""]),
            ("net_h33", &["33", "\"h\""]),
            ("epoch=3-val_loss=0.5", &["3", "\"epoch\""]),
            ("best", &["no training step"]),
            ("step-final", &["no training step"]),
            ("val_loss=0.25", &["no training step"]),
            ("step-10k", &["\"10k\"", "whole number"]),
            ("step=1e3", &["\"1e3\"", "whole number"]),
            ("step=1.5", &["\"1.5\"", "whole number"]),
            ("step=1,000", &["\"1,000\"", "whole number"]),
            ("step=-1", &["\"-1\"", "whole number"]),
            ("step=99999999999999999999", &["whole number"]),
            ("", &["no training step"]),
        ] {
            let problem = step(name).unwrap_err();
            for part in parts {
                assert!(problem.contains(part), "{name}: {problem}");
            }
        }
    }
}
