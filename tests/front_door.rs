//! Documents for users: the README is short, the targets of links and the commands exist, and
//! counts match the table of verdicts.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::support::Workplace;

/// Documents, by their path from the root.
const DOCUMENTS: [&str; 6] = [
    "README.md",
    "experiments/README.md",
    "crates/cli/README.md",
    "crates/nets/README.md",
    "crates/report/README.md",
    "datasets/README.md",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).unwrap()
}

#[test]
fn the_readme_has_at_most_1500_words() {
    let words = read("README.md").split_whitespace().count();
    assert!(words <= 1500, "{words} words");
}

/// The anchors of the headings of a document.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut links = 0;
    for document in DOCUMENTS {
        // Code between fences has brackets of its own.
        let text = read(document);
        let text: String = text.split("```").step_by(2).collect();
        let folder = root().join(document).parent().unwrap().to_owned();
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.starts_with("http") {
                continue;
            }
            links += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => root().join(document),
                path => folder.join(path),
            };
            assert!(target.exists(), "{document}: {link} leads nowhere");
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&target).unwrap()).contains(anchor);
                assert!(there, "{document}: {link} names no heading");
            }
        }
    }
    assert!(links > 50, "only {links} links were found");
}

#[test]
fn every_command_in_a_document_is_a_verb() {
    let help = Workplace::empty().succeeds(&["--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, verbs) = help.split_once("Commands:").unwrap();
    let verbs: BTreeSet<&str> = verbs
        .lines()
        .take_while(|line| !line.starts_with("Options:"))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut commands = 0;
    for document in DOCUMENTS {
        let text = read(document);
        for block in text.split("```sh\n").skip(1) {
            let block = block.split("```").next().unwrap();
            for line in block.lines().filter(|line| line.starts_with("layerwise ")) {
                let verb = line.split_whitespace().nth(1).unwrap();
                let known = verb.split('|').all(|verb| verbs.contains(verb));
                assert!(known, "{document}: {line}: {verb} is no verb of {verbs:?}");
                commands += 1;
            }
        }
    }
    assert!(commands > 30, "only {commands} commands were found");
}

/// What stands between two marks of a document.
fn between(document: &str, mark: &str) -> String {
    let text = read(document);
    let (begin, end) = (
        format!("<!-- {mark}:begin -->"),
        format!("<!-- {mark}:end -->"),
    );
    let (_, rest) = text.split_once(&begin).unwrap();
    rest.split_once(&end).unwrap().0.trim().to_owned()
}

#[test]
fn the_readme_counts_the_verdicts_of_the_table() {
    let table = between("experiments/README.md", "experiments");
    let (mut supported, mut contradicted, mut undecided, mut shared) = (0, 0, 0, 0);
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        // A bar within a formula is written \|.
        let row = row.replace("\\|", "/");
        let verdict = row.split('|').nth(3).unwrap();
        let word = verdict.split([' ', ',', '*']).find(|word| !word.is_empty());
        match word {
            Some("supported") => supported += 1,
            Some("contradicted") => contradicted += 1,
            Some("undecided") => undecided += 1,
            other => panic!("{other:?} is no verdict: {row}"),
        }
        shared += i32::from(verdict.contains("**shared** with the linear model"));
    }
    let sentence = format!(
        "Of {} claims, {supported} are supported, {contradicted} contradicted and {undecided} undecided; the plain \
         linear model passes {shared} of the tests, too.",
        supported + contradicted + undecided
    );
    let readme = read("README.md")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        readme.contains(&sentence),
        "the README does not say: {sentence}"
    );
}

#[test]
fn the_table_of_verdicts_says_what_trained_it_and_is_of_no_quick_run() {
    let table = between("experiments/README.md", "experiments");
    assert!(table.starts_with("Trained by "), "{table}");
    assert!(table.contains(" on ") && table.contains(" seeds"));
    assert!(!table.contains("Smoke test"));
}

#[test]
fn the_glossary_of_the_document_is_that_of_the_pages() {
    let there = between("experiments/README.md", "glossary");
    let wanted = report::glossary();
    assert_eq!(
        there,
        wanted.trim_end(),
        "experiments/README.md: put this between <!-- glossary:begin --> and <!-- glossary:end -->:\n{wanted}"
    );
}
