//! Finds columns of row numbers in a table, such as an index that a program wrote beside the data.
//!
//! If rows are sorted by class, a row number used as a feature would reveal the class.

/// Names of columns of row numbers, in lower case.
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

/// Last words of names of columns of row numbers, in lower case.
const LAST_WORDS: [&str; 3] = ["id", "idx", "index"];

/// Whether a column has no name, or the name that pandas gives to unnamed columns.
pub(super) fn is_unnamed(name: &str) -> bool {
    name.is_empty() || name.starts_with("Unnamed: ")
}

/// Marks columns that hold row numbers according to their names: leading columns without a name (R
/// writes these, and pandas calls them `Unnamed: 0` after reading and writing), except the label.
pub(super) fn numbers_rows_by_name(header: &[String], label: &str) -> Vec<bool> {
    let before = |name: &&String| is_unnamed(name) || *name == label;
    let in_front = header.iter().take_while(before).count();
    let numbers = |(at, name): (usize, &String)| {
        name != label && (at < in_front || name == "Unnamed: 0" || name.starts_with("Unnamed: 0."))
    };
    header.iter().enumerate().map(numbers).collect()
}

/// Whether a name means row numbers.
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

/// Features whose content may be row numbers, and whether this is certain. It is certain if the
/// values are 0 to N − 1 or 1 to N and the name means row numbers. With such a name, any distinct
/// whole numbers may be row numbers.
pub(super) fn counts_rows(names: &[String], inputs: &[f64]) -> Vec<(usize, bool)> {
    /// With fewer rows, values may count, increase or differ by chance.
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
        // R names an unnamed column X.
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
