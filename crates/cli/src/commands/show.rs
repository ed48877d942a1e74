//! `show`: the reference of specs, from the structs that parse them.

mod markdown;
mod text;

use std::process::ExitCode;

use plan::reference::{Entry, RecordedMetric, Topic, spec_schema, topics};
use serde_json::json;
use tasks::choose_one_of;
use train::Kinds;

use super::print_json;
use crate::{args, failure::Failure};

/// A metric and the kinds that give it.
struct Metric<'a> {
    name: &'a str,
    /// Topic (metric or prediction), kind, and what it is there.
    given: Vec<(&'static str, &'a Entry, &'a RecordedMetric)>,
}

/// What a name stands for.
enum Named<'a> {
    Entry(&'a Topic, &'a Entry),
    Metric(Metric<'a>),
}

/// Lists topics or the entries of one, or explains one entry.
pub(super) fn show(arguments: &args::Show, kinds: &Kinds, json: bool) -> Result<ExitCode, Failure> {
    let topics = topics(kinds);
    let (topic, name) = match (&arguments.topic, &arguments.name) {
        (None, _) => {
            all(&topics, arguments.markdown, json);
            return Ok(ExitCode::SUCCESS);
        }
        (Some(topic), name) => (topic.as_str(), name.as_deref()),
    };
    let found = topics.iter().find(|known| known.name == topic);
    match (found, name) {
        (Some(topic), None) if json && topic.name == "spec" => print_json(&spec_schema(kinds)),
        (Some(topic), None) => one(topic, arguments.markdown, json),
        (Some(topic), Some(name)) => {
            let named = named(&topics, Some(topic), name).ok_or_else(|| unknown(topic, name))?;
            explain(&named, arguments.markdown, json);
        }
        // A name is enough where the topic is left out.
        (None, None) => {
            let named = named(&topics, None, topic).ok_or_else(|| nowhere(&topics, topic))?;
            explain(&named, arguments.markdown, json);
        }
        (None, Some(_)) => return Err(nowhere(&topics, topic)),
    }
    Ok(ExitCode::SUCCESS)
}

fn all(topics: &[Topic], markdown: bool, json: bool) {
    if json {
        let topics: Vec<_> = topics.iter().map(overview).collect();
        print_json(&json!({ "topics": topics }));
    } else if markdown {
        let tables = topics
            .iter()
            .map(|topic| format!("## {}\n\n{}", topic.name, markdown::topic(topic)));
        say!("{}", tables.collect::<Vec<_>>().join("\n\n"));
    } else {
        let parts: Vec<String> = topics.iter().map(text::topic).collect();
        say!("{}\n\n{}", parts.join("\n\n"), text::HOW);
    }
}

fn one(topic: &Topic, markdown: bool, json: bool) {
    if json {
        print_json(&overview(topic));
    } else if markdown {
        say!("{}", markdown::topic(topic));
    } else {
        say!("{}\n\n{}", text::topic(topic), text::HOW);
    }
}

fn overview(topic: &Topic) -> serde_json::Value {
    let entries = topic.entries.iter().map(|entry| {
        let gives: Vec<&str> = entry
            .gives
            .iter()
            .map(|given| given.quantity.name)
            .collect();
        json!({ "name": entry.name, "summary": entry.summary(), "gives": gives })
    });
    json!({
        "name": topic.name,
        "about": topic.about,
        "entries": entries.collect::<Vec<_>>(),
    })
}

fn explain(named: &Named<'_>, markdown: bool, json: bool) {
    match named {
        Named::Entry(topic, entry) if json => {
            let mut document = json!(entry);
            document["topic"] = topic.name.into();
            print_json(&document);
        }
        Named::Entry(_, entry) if markdown => say!("{}", markdown::entry(entry)),
        Named::Entry(topic, entry) => say!("{}", text::entry(topic, entry)),
        Named::Metric(metric) if json => {
            let given = metric.given.iter().map(|(topic, entry, given)| {
                let mut document = json!(given);
                document["given_by"] = json!({ "topic": topic, "kind": entry.name });
                document
            });
            print_json(&json!({
                "name": metric.name,
                "meanings": given.collect::<Vec<_>>(),
            }));
        }
        Named::Metric(metric) => say!("{}", text::metric(metric)),
    }
}

/// The entry of this name, or the metric; in one topic or in any.
fn named<'a>(topics: &'a [Topic], within: Option<&'a Topic>, name: &'a str) -> Option<Named<'a>> {
    let searched: Vec<&Topic> = match within {
        Some(topic) => vec![topic],
        None => topics.iter().collect(),
    };
    for topic in searched {
        if let Some(entry) = topic.entries.iter().find(|entry| entry.name == name) {
            return Some(Named::Entry(topic, entry));
        }
    }
    if within.is_some_and(|topic| topic.name != "metric") {
        return None;
    }
    let mut given = Vec::new();
    for topic in topics {
        for entry in &topic.entries {
            let own = entry
                .gives
                .iter()
                .filter(|given| given.quantity.name == name);
            given.extend(own.map(|given| (topic.name, entry, given)));
        }
    }
    (!given.is_empty()).then_some(Named::Metric(Metric { name, given }))
}

/// The names that a topic explains.
fn names(topic: &Topic) -> Vec<&str> {
    let mut names: Vec<&str> = topic
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    if topic.name == "metric" {
        let given = topic.entries.iter().flat_map(|entry| &entry.gives);
        names.extend(given.map(|given| given.quantity.name));
        names.sort_unstable();
        names.dedup();
    }
    names
}

fn unknown(topic: &Topic, name: &str) -> Failure {
    Failure::usage(format!(
        "show {} {name:?}: there is none of this name. {}",
        topic.name,
        choose_one_of(name, &names(topic))
    ))
}

fn nowhere(topics: &[Topic], word: &str) -> Failure {
    let choices: Vec<&str> = topics.iter().map(|topic| topic.name).collect();
    let all: Vec<&str> = (choices.iter().copied())
        .chain(topics.iter().flat_map(names))
        .collect();
    let near = tasks::nearest(word, &all);
    let near = near.map_or(String::new(), |near| format!("Did you mean {near}? "));
    Failure::usage(format!(
        "show {word:?}: is nothing that can be shown. {near}Topics: {}.",
        choices.join(", ")
    ))
}
