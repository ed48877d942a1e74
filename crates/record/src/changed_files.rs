use toml::{Table, Value};

use crate::ExternalSource;

/// A user's file that changed between two resolved specs. Both specs name the file and record its
/// SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Path of the file, as in the spec.
    pub file: String,
    /// Whether the file holds the rows of the task.
    pub holds_rows: bool,
    /// The file with the classes, if the classes are in another file. Either file may have changed.
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

/// How the source of a model differs from its source in the recorded run.
pub(crate) enum ChangedSource {
    /// The file has the same name but another content.
    Content(ChangedFile),
    /// The source is another file, or no file; the text is the end of a sentence.
    Origin(String),
}

/// The first difference between the curves and checkpoints of two runs.
pub(crate) fn changed_source(
    before: &[ExternalSource],
    after: &[ExternalSource],
) -> Option<ChangedSource> {
    fn find<'a>(all: &'a [ExternalSource], model: &str) -> Option<&'a ExternalSource> {
        all.iter().find(|source| source.model == model)
    }
    let said = |source: Option<&ExternalSource>| match source {
        Some(source) => format!("read from the {} {}", source.kind, source.name),
        None => "trained".to_owned(),
    };
    let models = before.iter().chain(after).map(|source| &source.model);
    models.into_iter().find_map(|model| {
        let [old, new] = [before, after].map(|all| find(all, model));
        match (old, new) {
            (Some(old), Some(new)) if (&old.kind, &old.sha256) == (&new.kind, &new.sha256) => None,
            (Some(old), Some(new)) if (&old.kind, &old.name) == (&new.kind, &new.name) => {
                Some(ChangedSource::Content(ChangedFile {
                    file: old.name.clone(),
                    label_file: None,
                    holds_rows: false,
                    before: old.sha256.clone(),
                    after: new.sha256.clone(),
                }))
            }
            (old, new) => Some(ChangedSource::Origin(format!(
                "{model} was {} and is {} now",
                said(old),
                said(new)
            ))),
        }
    })
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
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_change_of_the_separate_label_file_is_found() {
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

    #[test]
    fn changed_curves_are_named_by_their_file() {
        let source = |name: &str, sha256: &str| ExternalSource {
            model: "net".to_owned(),
            kind: "curves".to_owned(),
            name: name.to_owned(),
            sha256: sha256.to_owned(),
        };
        let said = |before: &[ExternalSource], after: &[ExternalSource]| {
            changed_source(before, after).map(|changed| match changed {
                ChangedSource::Content(file) => file.to_string(),
                ChangedSource::Origin(detail) => detail,
            })
        };
        let old = [source("a.csv", "12")];
        assert_eq!(said(&old, &old), None);
        assert_eq!(
            said(&old, &[source("a.csv", "34")]).as_deref(),
            Some("a.csv changed since the run: its SHA-256 was 12 and is 34")
        );
        assert_eq!(
            said(&old, &[source("b.csv", "34")]).as_deref(),
            Some("net was read from the curves a.csv and is read from the curves b.csv now")
        );
        assert_eq!(
            said(&old, &[]).as_deref(),
            Some("net was read from the curves a.csv and is trained now")
        );
    }
}
