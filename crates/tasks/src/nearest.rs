/// Similarity above which a name counts as a misspelling; clap uses the same value.
const ALIKE: f64 = 0.8;

/// A cure for `word`, which is not one of `choices`: the most similar choice, if one is similar,
/// and the list of all choices.
pub fn choose_one_of<S: AsRef<str>>(word: &str, choices: &[S]) -> String {
    let choices: Vec<&str> = choices.iter().map(AsRef::as_ref).collect();
    let all = format!("Choose one of: {}.", choices.join(", "));
    match nearest(word, &choices) {
        Some(near) => format!("Did you mean {near}? {all}"),
        None => all,
    }
}

/// The choice that is most similar to `word`, if any is similar.
pub fn nearest<'a>(word: &str, choices: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let alike = |choice: &str| {
        let choice = choice.to_lowercase();
        let slips = strsim::osa_distance(&word, &choice);
        let same = 1.0 - slips as f64 / (2.0 * word.len().max(choice.len()).max(1) as f64);
        let one_slip = if slips <= 1 { same } else { 0.0 };
        strsim::jaro_winkler(&word, &choice).max(one_slip)
    };
    let likest = (choices.iter()).max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(likest) > ALIKE).then_some(*likest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let kinds = ["multilinear", "mlp", "deep-linear"];
        assert_eq!(nearest("Multilinaer", &kinds), Some("multilinear"));
        assert_eq!(nearest("deep_linear", &kinds), Some("deep-linear"));
        assert_eq!(nearest("transformer", &kinds), None);
        assert_eq!(
            choose_one_of("mpl", &kinds),
            "Did you mean mlp? Choose one of: multilinear, mlp, deep-linear."
        );
    }
}
