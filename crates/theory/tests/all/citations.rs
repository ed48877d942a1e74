//! Every citation key in the sources and experiments of the workspace is an entry of `references.bib`, and the other way round.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Keys of the form `KeyYYYY` that follow `[` or `; ` inside brackets.
fn cited_keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for bracket in text.split('[').skip(1) {
        let inside = bracket.split(']').next().unwrap_or_default();
        for part in inside.split(';') {
            let word: String = part
                .trim()
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
            let starts_upper = name.chars().next().is_some_and(|c| c.is_ascii_uppercase());
            let is_name = name.len() >= 2 && name.chars().all(|c| c.is_ascii_alphabetic());
            if starts_upper && is_name && word.len() == name.len() + 4 {
                keys.insert(word);
            }
        }
    }
    keys
}

fn bibliography_keys(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix('@')?.split_once('{'))
        .map(|(_, rest)| rest.trim().trim_end_matches(',').to_owned())
        .collect()
}

/// All files below `folder` with this extension.
fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

#[test]
fn every_citation_resolves_and_every_reference_is_cited() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = bibliography_keys(&std::fs::read_to_string(root.join("references.bib")).unwrap());
    let mut cited = BTreeSet::new();
    let mut files = Vec::new();
    for package in std::fs::read_dir(root.join("..")).unwrap() {
        collect(&package.unwrap().path().join("src"), "rs", &mut files);
    }
    collect(&root.join("../../experiments"), "toml", &mut files);
    for path in files {
        let keys = cited_keys(&std::fs::read_to_string(&path).unwrap());
        for key in &keys {
            assert!(
                known.contains(key),
                "{}: [{key}] is not in references.bib",
                path.display()
            );
        }
        cited.extend(keys);
    }
    assert_eq!(cited, known);
}

#[test]
fn keys_are_found_alone_with_a_place_and_in_a_row() {
    let text = "[Saxe2014, Eq. 12] and [Nam2024] but [`Vec`], [x2000], [Nam24, p. 3]; [Nam2025, a; Braun2022, b]";
    let keys: Vec<String> = cited_keys(text).into_iter().collect();
    assert_eq!(keys, ["Braun2022", "Nam2024", "Nam2025", "Saxe2014"]);
}
