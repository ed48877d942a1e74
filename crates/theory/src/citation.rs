//! Sources by their citation key.

/// The bibliography of the workspace.
const BIBLIOGRAPHY: &str = include_str!("../references.bib");

/// First author, title and year of the source with this key, as `Papyan et al. (2020): Prevalence of …`.
///
/// # Examples
///
/// ```
/// let source = theory::citation("Kornblith2019").unwrap();
/// assert_eq!(
///     source,
///     "Kornblith et al. (2019): Similarity of Neural Network Representations Revisited"
/// );
/// assert_eq!(theory::citation("Nobody2000"), None);
/// ```
pub fn citation(key: &str) -> Option<String> {
    let (_, entry) = BIBLIOGRAPHY.split_once(&format!("{{{key},"))?;
    let entry = entry.split("\n@").next()?;
    let field = |name: &str| {
        let line = entry
            .lines()
            .find(|line| line.trim_start().starts_with(name))?;
        let (_, value) = line.split_once('=')?;
        let value = value.trim().trim_end_matches(',');
        let value = value.strip_prefix('{')?.strip_suffix('}')?;
        Some(unaccented(value))
    };
    let authors = field("author")?;
    let first = authors.split(',').next()?;
    let others = if authors.contains(" and ") {
        " et al."
    } else {
        ""
    };
    Some(format!(
        "{first}{others} ({}): {}",
        field("year")?,
        field("title")?
    ))
}

/// Text without the marks of LaTeX: accents are put on their letters.
fn unaccented(text: &str) -> String {
    let accents = [
        ("{\\'e}", "é"),
        ("{\\'o}", "ó"),
        ("{\\\"o}", "ö"),
        ("{\\\"u}", "ü"),
    ];
    let plain = accents
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    plain.replace(['{', '}'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_an_author_a_year_and_a_title() {
        let keys = BIBLIOGRAPHY.lines().filter_map(|line| {
            let (_, key) = line.strip_prefix('@')?.split_once('{')?;
            Some(key.trim_end_matches(','))
        });
        let keys: Vec<&str> = keys.collect();
        assert!(keys.len() > 30, "{keys:?}");
        for key in keys {
            let text = citation(key);
            assert!(text.is_some(), "{key}");
            let text = text.unwrap_or_default();
            let year = &key[key.len() - 4..];
            assert!(text.contains(&format!("({year})")), "{text}");
            assert!(!text.contains(['\\', '{', '}']), "{text}");
        }
    }
}
