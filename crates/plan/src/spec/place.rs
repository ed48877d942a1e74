//! Where in the text of a spec a key stands.

/// The line of a byte.
pub(crate) fn line_at(source: &str, offset: usize) -> usize {
    source
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
        + 1
}

/// Line of the deepest part of `key` that the source has.
pub(crate) fn line_of(source: &str, key: &str) -> Option<usize> {
    use toml::de::{DeTable, DeValue};

    let document = DeTable::parse(source).ok()?;
    let mut table = Some(document.get_ref());
    let mut array = None;
    let mut line = None;
    for part in key_parts(key) {
        let value = if let Ok(position) = part.parse::<usize>()
            && let Some(items) = array
        {
            let items: &toml::de::DeArray<'_> = items;
            items
                .get(position)
                .inspect(|v| line = Some(line_at(source, v.span().start)))
        } else {
            table.and_then(|table: &DeTable<'_>| {
                table
                    .iter()
                    .find(|(name, _)| name.get_ref().as_ref() == part.as_str())
                    .map(|(name, value)| {
                        line = Some(line_at(source, name.span().start));
                        value
                    })
            })
        };
        let Some(value) = value else { break };
        (table, array) = match value.get_ref() {
            DeValue::Table(inner) => (Some(inner), None),
            DeValue::Array(items) => (None, Some(items)),
            _ => (None, None),
        };
    }
    line
}

/// Parts of `a.b[2]."c.d"`: `a`, `b`, `2`, `c.d`.
fn key_parts(key: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in key.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' | '[' if !quoted => parts.push(String::new()),
            ']' if !quoted => {}
            _ => parts.last_mut().expect("there is a first part").push(c),
        }
    }
    parts
}
