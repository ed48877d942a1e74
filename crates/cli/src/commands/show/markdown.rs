//! The reference as Markdown tables, for documents.

use plan::reference::{Entry, Key, Topic};

/// One row for each entry of a topic; of metric kinds, one for each metric.
pub(super) fn topic(topic: &Topic) -> String {
    match topic.name {
        "metric" => metrics(topic),
        "spec" | "panel" | "activation" => {
            let rows = topic
                .entries
                .iter()
                .map(|entry| [code(&entry.name), entry.summary().to_owned()]);
            table(["", "what it is"], rows)
        }
        _ => {
            let rows = (topic.entries.iter()).map(|entry| {
                [
                    code(&entry.name),
                    entry.summary().to_owned(),
                    keys(&entry.keys),
                ]
            });
            table(["`kind`", "what it is", "keys, with their defaults"], rows)
        }
    }
}

fn metrics(topic: &Topic) -> String {
    let mut rows = Vec::new();
    for entry in &topic.entries {
        let mut kind = code(&entry.name);
        for given in &entry.gives {
            let quantity = &given.quantity;
            let index = match given.index {
                "" => String::new(),
                index => format!("; index: {index}"),
            };
            let source = match quantity.source {
                "" => String::new(),
                source => format!(" {source}"),
            };
            rows.push([
                std::mem::take(&mut kind),
                code(quantity.name),
                quantity.unit.to_owned(),
                format!("{}{index}{source}", quantity.meaning),
            ]);
        }
    }
    table(["`kind`", "metric", "unit", "meaning"], rows.into_iter())
}

/// The keys of an entry, one row each.
pub(super) fn entry(entry: &Entry) -> String {
    let rows = entry.keys.iter().map(|key| {
        let mut meaning = vec![key.meaning.clone()];
        meaning.extend(
            key.choices
                .iter()
                .map(|choice| match choice.meaning.as_str() {
                    "" => code(&choice.word),
                    meaning => format!("{}: {meaning}", code(&choice.word)),
                }),
        );
        let default = match (key.required, key.default.as_str()) {
            (true, _) => match key.name.rsplit_once('.') {
                Some((table, _)) => format!("required in {}", code(table)),
                None => "required".to_owned(),
            },
            (false, "") => String::new(),
            (false, default) => code(default),
        };
        [
            code(&key.name),
            key.value.clone(),
            default,
            meaning.join(" "),
        ]
    });
    table(["key", "value", "default", "meaning"], rows)
}

/// The keys of a kind: those that must be written first.
fn keys(keys: &[Key]) -> String {
    let own = || keys.iter().filter(|key| !key.name.contains('.'));
    let required = own().filter(|key| key.required).map(|key| code(&key.name));
    let others = own()
        .filter(|key| !key.required)
        .map(|key| match key.default.as_str() {
            "" => code(&key.name),
            // What a table holds by default takes too much room.
            default if default.starts_with('{') => code(&key.name),
            default => code(&format!("{} = {default}", key.name)),
        });
    let (required, others): (Vec<String>, Vec<String>) = (required.collect(), others.collect());
    match (&required[..], &others[..]) {
        (required, []) => required.join(", "),
        ([], others) => format!("[{}]", others.join(", ")),
        (required, others) => format!("{} [{}]", required.join(", "), others.join(", ")),
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(heads.map(str::to_owned).to_vec()),
        format!("|{}", "---|".repeat(N)),
    ];
    lines.extend(rows.map(|row| line(row.iter().map(|text| cell(text)).collect())));
    lines.join("\n")
}

/// Text that does not end a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
