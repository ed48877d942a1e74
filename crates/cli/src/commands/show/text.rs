//! The reference as text.

use std::collections::BTreeSet;

use plan::reference::{Entry, Key, RecordedMetric, Topic};

use super::Metric;

/// Columns of a line.
const WIDTH: usize = 100;

/// What comes next, below a list.
pub(super) const HOW: &str =
    "`layerwise show TOPIC NAME` explains one, with its keys and an example.";

/// The entries of a topic, a line or two each.
pub(super) fn topic(topic: &Topic) -> String {
    let mut lines = vec![wrapped(&format!("{}: {}", topic.name, topic.about), 0)];
    let width = topic
        .entries
        .iter()
        .map(|entry| entry.name.chars().count())
        .max();
    let width = width.unwrap_or_default() + 4;
    for entry in &topic.entries {
        let text = wrapped(entry.summary(), width);
        lines.push(format!(
            "  {:<fill$}{}",
            entry.name,
            text.trim_start(),
            fill = width - 2
        ));
        // A prediction gives what is measured, too: only the metrics themselves are listed.
        if topic.name == "metric" && !entry.gives.is_empty() {
            let names: Vec<&str> = entry
                .gives
                .iter()
                .map(|given| given.quantity.name)
                .collect();
            lines.push(wrapped(&format!("gives {}", names.join(", ")), width));
        }
    }
    lines.join("\n")
}

/// Everything about an entry.
pub(super) fn entry(topic: &Topic, entry: &Entry) -> String {
    let mut parts = vec![format!("{} {}", topic.name, entry.name)];
    parts.extend(entry.about.split("\n\n").map(|text| wrapped(text, 2)));
    if !entry.keys.is_empty() {
        let keys: Vec<String> = entry.keys.iter().map(key).collect();
        parts.push(format!("Keys:\n{}", keys.join("\n")));
    } else if topic.name != "activation" {
        parts.push("It has no keys of its own.".to_owned());
    }
    if topic.name == "metric" {
        parts.push(
            "Every [[measure]] also has a schedule, and may name models and variants: see `layerwise show spec measure`."
                .to_owned(),
        );
    }
    if !entry.gives.is_empty() {
        let gives: Vec<String> = entry.gives.iter().map(quantity).collect();
        parts.push(format!("Gives:\n{}", gives.join("\n")));
    }
    if !entry.example.is_empty() {
        parts.push(format!("Example:\n{}", indented(&entry.example, 4)));
    }
    let all = parts.join("\n\n");
    with_sources(all)
}

/// Everything about a metric, by its recorded name.
pub(super) fn metric(metric: &Metric<'_>) -> String {
    let mut parts = vec![format!("metric {}", metric.name)];
    // What is measured is told first. A prediction gives the number that it is laid over.
    let (measured, predicted): (Vec<_>, Vec<_>) = metric
        .given
        .iter()
        .partition(|(topic, ..)| *topic == "metric");
    let all = || measured.iter().chain(&predicted);
    let mut said = BTreeSet::new();
    for (_, _, first) in all() {
        if !said.insert(first.quantity.meaning) {
            continue;
        }
        let alike = || all().filter(|(.., given)| given.quantity.meaning == first.quantity.meaning);
        let mut indices: Vec<&str> = Vec::new();
        for (.., given) in alike().filter(|(.., given)| !given.index.is_empty()) {
            if !indices.contains(&given.index) {
                indices.push(given.index);
            }
        }
        let facts = [unit(first), index(&indices, first.whole_curve)];
        let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
        parts.push(wrapped(&sentence(first), 2));
        parts.push(indented(&facts.join("\n"), 2));
        for (_, entry, _) in alike().filter(|(topic, ..)| *topic == "metric") {
            parts.push(format!("  Measured by the metric kind {}:", entry.name));
            parts.push(indented(&entry.example, 4));
            parts.extend(
                entry
                    .about
                    .split("\n\n")
                    .skip(1)
                    .map(|text| wrapped(text, 2)),
            );
        }
    }
    if !predicted.is_empty() {
        let kinds: Vec<&str> = predicted
            .iter()
            .map(|(_, entry, _)| entry.name.as_str())
            .collect();
        parts.push(wrapped(
            &format!("Predictions that give it: {}.", kinds.join(", ")),
            2,
        ));
    }
    with_sources(parts.join("\n\n"))
}

fn key(key: &Key) -> String {
    let mut about = vec![key.value.clone()];
    if key.required {
        // What a table needs is needed only where the table is written.
        about.push(match key.name.rsplit_once('.') {
            Some((table, _)) => format!("required in {table}"),
            None => "required".to_owned(),
        });
    } else if key.default.is_empty() {
        about.push("optional".to_owned());
    } else {
        about.push(format!("default {}", key.default));
    }
    let mut lines = vec![wrapped(&format!("{} ({})", key.name, about.join("; ")), 2)];
    if !key.meaning.is_empty() {
        lines.push(wrapped(&key.meaning, 6));
    }
    for choice in &key.choices {
        let text = match choice.meaning.as_str() {
            "" => choice.word.clone(),
            meaning => format!("{}: {meaning}", choice.word),
        };
        lines.push(wrapped(&text, 8));
    }
    lines.join("\n")
}

fn quantity(given: &RecordedMetric) -> String {
    let name = given.quantity.name;
    let indices: Vec<&str> = [given.index]
        .into_iter()
        .filter(|index| !index.is_empty())
        .collect();
    let facts = [unit(given), index(&indices, given.whole_curve)];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    format!(
        "{}\n{}",
        wrapped(
            &format!("{name} ({})", facts.join("; ").trim_end_matches('.')),
            2
        ),
        wrapped(&sentence(given), 6)
    )
}

/// The meaning with its source.
fn sentence(given: &RecordedMetric) -> String {
    let quantity = &given.quantity;
    match quantity.source {
        "" => format!("{}.", quantity.meaning),
        source => format!("{} {source}.", quantity.meaning),
    }
}

fn unit(given: &RecordedMetric) -> String {
    match given.quantity.unit {
        "–" => "no unit".to_owned(),
        unit => format!("unit: {unit}"),
    }
}

fn index(indices: &[&str], whole_curve: bool) -> String {
    let index = match indices {
        [] => String::new(),
        indices => format!("index: {}", indices.join(" or ")),
    };
    match (whole_curve, index.as_str()) {
        (true, "") => "one value per cell, from the whole curve".to_owned(),
        (true, index) => format!("{index}; one value per cell, from the whole curve"),
        (false, index) => index.to_owned(),
    }
}

/// The text, and below it what its citations stand for.
fn with_sources(text: String) -> String {
    let mut lines = BTreeSet::new();
    for bracket in text.split('[').skip(1) {
        let inside = bracket.split(']').next().unwrap_or_default();
        for cited in inside.split(';') {
            let cited = cited.trim();
            let key = cited.split([',', ' ']).next().unwrap_or_default();
            let source = theory::citation(key);
            lines.extend(source.map(|source| wrapped(&format!("[{key}] {source}"), 2)));
        }
    }
    if lines.is_empty() {
        return text;
    }
    let lines: Vec<String> = lines.into_iter().collect();
    format!("{text}\n\nSources:\n{}", lines.join("\n"))
}

fn indented(text: &str, by: usize) -> String {
    let lines = text.lines().map(|line| match line {
        "" => String::new(),
        line => format!("{:by$}{line}", ""),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text in lines of the width of the page, indented.
fn wrapped(text: &str, by: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let fits = |line: &String| line.chars().count() + 1 + word.chars().count() <= WIDTH;
        match lines.last_mut().filter(|line| fits(line)) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(format!("{:by$}{word}", "")),
        }
    }
    lines.join("\n")
}
