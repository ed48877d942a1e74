//! Terms of the field, in one sentence each: the source of the table in `experiments/README.md` and of
//! the end of every page.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::Deserialize;

use crate::subscript;

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../assets/glossary.toml"))
        .expect("the glossary is part of this crate and is tested");
    file.entry
});

/// All words with the place of their entry. Longer words come first, so that `kernel distance` is
/// not read as `kernel`.
static WORDS: LazyLock<Vec<(&str, usize)>> = LazyLock::new(|| {
    let entries = ENTRIES.iter().enumerate();
    let mut words: Vec<(&str, usize)> = entries
        .flat_map(|(place, entry)| entry.words().map(move |word| (word, place)))
        .collect();
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    words
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entry: Vec<Entry>,
}

/// A term and what it means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    /// What a text may call it; its name where this is left out.
    words: Option<Vec<String>>,
    meaning: String,
}

impl Entry {
    fn words(&self) -> impl Iterator<Item = &str> {
        let name = self.words.is_none().then_some(self.name.as_str());
        let words = self.words.iter().flatten().map(String::as_str);
        name.into_iter().chain(words)
    }

    /// The id of its place on a page.
    fn id(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
        format!("term-{}", self.name.chars().map(plain).collect::<String>())
    }
}

/// An entry as HTML.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Explained {
    id: String,
    name: String,
    meaning: String,
}

/// The glossary as a Markdown table, as it stands in `experiments/README.md`.
#[must_use]
pub fn glossary() -> String {
    let rows = ENTRIES.iter().map(|entry| {
        let cell = |text: &str| text.replace('|', "\\|");
        format!("| {} | {} |\n", cell(&entry.name), cell(&entry.meaning))
    });
    let rows: String = rows.collect();
    format!("| term | meaning |\n|---|---|\n{rows}")
}

/// `text` as HTML, in which the first use of each term is a link to its entry.
pub(crate) fn linked(text: &str) -> String {
    linked_but(text, None)
}

/// [`linked`], without links to the entry at `except`.
fn linked_but(text: &str, except: Option<usize>) -> String {
    let mut html = String::new();
    let mut seen: BTreeSet<usize> = except.into_iter().collect();
    let mut plain_from = 0;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let starts = !text[..at].chars().next_back().is_some_and(is_word);
        let found = starts.then(|| word_at(&text[at..])).flatten();
        let Some((length, place)) = found else {
            at += letter.len_utf8();
            continue;
        };
        if seen.insert(place) {
            html += &subscript::html(&text[plain_from..at]);
            let word = subscript::html(&text[at..at + length]);
            html += &link(place, &word);
            plain_from = at + length;
        }
        at += length;
    }
    html + &subscript::html(&text[plain_from..])
}

/// The link of `word`, which is HTML, to the entry that it is a word of; `word` where there is none.
pub(crate) fn link_of(word: &str) -> String {
    let same = |known: &str| known.eq_ignore_ascii_case(word);
    let place = ENTRIES
        .iter()
        .position(|entry| same(&entry.name) || entry.words().any(same));
    place.map_or_else(|| word.to_owned(), |place| link(place, word))
}

/// The entries that `html` links to, and those that these link to, in the order of the glossary.
pub(crate) fn used_by(html: &str) -> Vec<Explained> {
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut texts = vec![html.to_owned()];
    while let Some(text) = texts.pop() {
        for (place, entry) in ENTRIES.iter().enumerate() {
            let target = format!("href=\"#{}\"", entry.id());
            if text.contains(&target) && used.insert(place) {
                texts.push(explained(place).meaning);
            }
        }
    }
    used.into_iter().map(explained).collect()
}

fn explained(place: usize) -> Explained {
    let entry = &ENTRIES[place];
    Explained {
        id: entry.id(),
        name: subscript::html(&entry.name),
        // Markdown's marks for code say nothing on a page.
        meaning: linked_but(&entry.meaning.replace('`', ""), Some(place)),
    }
}

fn link(place: usize, html: &str) -> String {
    let id = ENTRIES[place].id();
    format!("<a class=\"term\" href=\"#{id}\">{html}</a>")
}

/// The longest word that `text` begins with: its length and the place of its entry. Its first letter may
/// be a capital.
fn word_at(text: &str) -> Option<(usize, usize)> {
    let mut words = WORDS.iter();
    let found = words.find(|(word, _)| {
        let Some(start) = text.get(..word.len()) else {
            return false;
        };
        ends(&text[word.len()..]) && (start == *word || start == capital(word))
    });
    found.map(|(word, place)| (word.len(), *place))
}

/// Whether a word ends before `rest`: `half-time` is no word of `half-time-order`.
fn ends(rest: &str) -> bool {
    let compound = rest.strip_prefix('-').unwrap_or(rest);
    !compound.chars().next().is_some_and(is_word)
}

/// `word` as at the start of a sentence. A single letter is a symbol, and keeps its case.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) if first.is_ascii() && word.len() > 1 => {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        }
        _ => word.to_owned(),
    }
}

/// A letter, a digit, or what joins a symbol with its index.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_has_two_entries_and_every_meaning_is_one_sentence() {
        let mut words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all, "{words:?}");
        let mut ids: Vec<String> = ENTRIES.iter().map(Entry::id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ENTRIES.len());
        for entry in ENTRIES.iter() {
            let meaning = &entry.meaning;
            assert!(meaning.ends_with('.'), "{meaning}");
            assert!(!meaning.contains(". "), "{meaning}");
        }
    }

    #[test]
    fn the_longest_term_is_linked_once_and_with_either_first_letter() {
        let html = linked("Kernel distance and the kernel distance at κ = 1, kernelled");
        assert_eq!(
            html,
            "<a class=\"term\" href=\"#term-kernel-distance\">Kernel distance</a> and the kernel \
             distance at <a class=\"term\" href=\"#term-κ\">κ</a> = 1, kernelled"
        );
    }

    #[test]
    fn symbols_with_an_index_and_parts_of_words_are_no_terms() {
        for text in ["λ_2", "big", "G = 1", "Lazybones", "half-time-order"] {
            assert!(!linked(text).contains("<a"), "{text}");
        }
        assert!(linked("P_k < g").contains("P<sub>k</sub> &lt; <a "));
    }

    #[test]
    fn what_an_entry_links_to_is_explained_as_well() {
        let used = used_by(&linked("kernel distance"));
        let names: Vec<&str> = used.iter().map(|entry| entry.name.as_str()).collect();
        assert!(names.contains(&"kernel distance"), "{names:?}");
        assert!(names.contains(&"tangent kernel"), "{names:?}");
        assert!(!names.contains(&"grokking"), "{names:?}");
        // No entry links to itself.
        for entry in used {
            assert!(!entry.meaning.contains(&format!("#{}\"", entry.id)));
        }
    }

    #[test]
    fn a_word_in_a_heading_leads_to_its_entry() {
        assert!(link_of("Layered twin").contains("#term-twin"));
        assert_eq!(link_of("Verdict"), "Verdict");
    }
}
