use toml::{Table, Value};

/// A file of the user that changed between two resolved specs: both name it and keep its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path, as the spec writes it.
    pub file: String,
    /// Whether it holds the rows of the task.
    pub holds_rows: bool,
    /// The file with their classes, where it is another one: either may have changed.
    pub label_file: Option<String>,
    /// SHA-256 in the first spec.
    pub before: String,
    /// SHA-256 in the second one.
    pub after: String,
}

impl std::fmt::Display for ChangedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (file, before, after) = (&self.file, &self.before, &self.after);
        match &self.label_file {
            Some(labels) => write!(
                f,
                "{file}, or {labels} with its classes, changed since the run: the SHA-256 of both was \
                 {before} and is {after}"
            ),
            None => write!(
                f,
                "{}{file} changed since the run: its SHA-256 was {before} and is {after}",
                if self.holds_rows { "the rows of " } else { "" }
            ),
        }
    }
}

/// The files that changed between two resolved specs, in the order of their keys.
///
/// # Examples
///
/// ```
/// let spec = |sum: &str| format!("[task]\nfile = 'a.csv'\nsha256 = '{sum}'").parse().unwrap();
/// let changed = layerwise_record::changed_files(&spec("12"), &spec("34"));
/// assert_eq!(
///     changed[0].to_string(),
///     "the rows of a.csv changed since the run: its SHA-256 was 12 and is 34"
/// );
/// assert!(layerwise_record::changed_files(&spec("12"), &spec("12")).is_empty());
/// ```
pub fn changed_files(before: &Table, after: &Table) -> Vec<ChangedFile> {
    changed_in(before, after, false)
}

fn changed_in(before: &Table, after: &Table, holds_rows: bool) -> Vec<ChangedFile> {
    let text = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut changed = Vec::new();
    if let (Some(file), Some(first), Some(second)) = (
        text(before, "file"),
        text(before, "sha256"),
        text(after, "sha256"),
    ) && text(after, "file").as_ref() == Some(&file)
        && first != second
    {
        changed.push(ChangedFile {
            file,
            holds_rows,
            label_file: text(after, "label_file"),
            before: first,
            after: second,
        });
    }
    for (key, value) in before {
        if let (Value::Table(inner), Some(Value::Table(other))) = (value, after.get(key)) {
            changed.extend(changed_in(inner, other, holds_rows || key == "task"));
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_in_a_file_of_their_own_may_be_what_changed() {
        let spec = |sum: &str| {
            let text =
                format!("[task]\nfile = 'images.idx'\nlabel_file = 'labels.idx'\nsha256 = '{sum}'");
            text.parse().unwrap()
        };
        let changed = changed_files(&spec("12"), &spec("34"));
        assert!(changed[0].holds_rows);
        assert_eq!(
            changed[0].to_string(),
            "images.idx, or labels.idx with its classes, changed since the run: the SHA-256 of both \
             was 12 and is 34"
        );
    }
}
