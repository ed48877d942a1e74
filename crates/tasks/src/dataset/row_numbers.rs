//! Columns that number the rows of a table: an index that a program wrote beside the data.
//!
//! Taken for a feature, the number of a row gives its class away where rows are sorted.

/// Names of columns that number rows, in small letters.
const NAMES: [&str; 21] = [
    "index",
    "id",
    "idx",
    "ids",
    "row",
    "rows",
    "rownames",
    "row_names",
    "row_id",
    "rowid",
    "rownum",
    "row_number",
    "passengerid",
    "level_0",
    "serial",
    "sno",
    "s.no",
    "sl no",
    "no",
    "nr",
    "#",
];

/// Last words of names of columns that number rows, in small letters.
const LAST_WORDS: [&str; 3] = ["id", "idx", "index"];

/// Whether a column has no name, or the one that pandas gives it.
pub(super) fn is_unnamed(name: &str) -> bool {
    name.is_empty() || name.starts_with("Unnamed: ")
}

/// Which columns number the rows by their names: those in front without a name (of R, and of pandas
/// as `Unnamed: 0` once they were read and written again), except the label.
pub(super) fn numbers_rows_by_name(header: &[String], label: &str) -> Vec<bool> {
    let before = |name: &&String| is_unnamed(name) || *name == label;
    let in_front = header.iter().take_while(before).count();
    let numbers = |(at, name): (usize, &String)| {
        name != label && (at < in_front || name == "Unnamed: 0" || name.starts_with("Unnamed: 0."))
    };
    header.iter().enumerate().map(numbers).collect()
}

/// Whether a name is that of numbers of rows.
fn says_row_number(name: &str) -> bool {
    if NAMES.contains(&&*name.to_lowercase()) {
        return true;
    }
    // `PassengerId`, `patient_id`, `Sample ID`; not `acid`.
    let at = name.rfind(|c: char| !c.is_alphanumeric());
    let word = at.map_or(name, |at| {
        name[at..].trim_start_matches(|c: char| !c.is_alphanumeric())
    });
    let is_last = |end: &&str| {
        let start = word
            .len()
            .checked_sub(end.len())
            .and_then(|at| word.split_at_checked(at));
        start.is_some_and(|(front, last)| {
            let new_word =
                last.starts_with(char::is_uppercase) && front.ends_with(char::is_lowercase);
            last.eq_ignore_ascii_case(end) && ((front.is_empty() && at.is_some()) || new_word)
        })
    };
    LAST_WORDS.iter().any(is_last)
}

/// The features whose content may number the rows, and whether that is certain: whether they are 0 to
/// N − 1 or 1 to N and their names say it as well. With such a name any different whole numbers may.
pub(super) fn counts_rows(names: &[String], inputs: &[f64]) -> Vec<(usize, bool)> {
    /// Fewer rows count, grow or differ by chance.
    const COUNT: usize = 5;
    const GROW: usize = 10;
    const DIFFER: usize = 20;
    let width = names.len();
    let rows = inputs.len().checked_div(width).unwrap_or(0);
    let mut found = Vec::new();
    if rows == 0 {
        return found;
    }
    for (column, name) in names.iter().enumerate() {
        let values = || inputs[column..].iter().step_by(width).copied();
        if values().any(|x| x.fract() != 0.0) {
            continue;
        }
        let in_order = |first: f64| (0..).zip(values()).all(|(i, x)| x == first + f64::from(i));
        let mut sorted: Vec<f64> = values().collect();
        sorted.sort_by(f64::total_cmp);
        if !sorted.is_sorted_by(|a, b| a < b) {
            continue;
        }
        let counts = sorted.is_sorted_by(|a, b| a + 1.0 == *b)
            && matches!(sorted.first(), Some(&first) if first == 0.0 || first == 1.0);
        // R reads a column without a name as X.
        let of_r = name == "X" && in_order(1.0);
        if says_row_number(name) || of_r {
            found.push((column, counts));
            continue;
        }
        let doubtful = is_unnamed(name)
            || (rows >= COUNT && (in_order(0.0) || in_order(1.0)))
            || (rows >= GROW && values().is_sorted())
            || rows >= DIFFER;
        if doubtful {
            found.push((column, false));
        }
    }
    found
}
