//! Columns that number the rows of a table: an index that a program wrote beside the data.
//!
//! Taken for a feature, the number of a row gives its class away where rows are sorted.

/// Names of columns that number rows, in small letters.
const NAMES: [&str; 11] = [
    "index",
    "id",
    "row",
    "rownames",
    "row_names",
    "row_id",
    "rowid",
    "row_number",
    "no",
    "nr",
    "#",
];

/// Which columns number the rows by their names: those in front without a name (of R, and of pandas
/// as `Unnamed: 0` once they were read and written again), except the label.
pub(super) fn numbers_rows_by_name(header: &[String], label: &str) -> Vec<bool> {
    let unnamed = |name: &str| name.is_empty() || name.starts_with("Unnamed: ");
    let in_front = header.iter().take_while(|name| unnamed(name)).count();
    let numbers = |(at, name): (usize, &String)| {
        name != label && (at < in_front || name == "Unnamed: 0" || name.starts_with("Unnamed: 0."))
    };
    header.iter().enumerate().map(numbers).collect()
}

/// The features whose content numbers the rows, and whether their names say so, too: 0 to N − 1 or 1
/// to N in this order, or with such a name any different whole numbers.
pub(super) fn counts_rows(names: &[String], inputs: &[f64]) -> Vec<(usize, bool)> {
    /// Fewer rows count by chance.
    const ROWS: usize = 10;
    let width = names.len();
    let rows = inputs.len().checked_div(width).unwrap_or(0);
    let mut found = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let values = || inputs[column..].iter().step_by(width).copied();
        let named = NAMES.contains(&&*name.to_lowercase());
        let in_order = |first: f64| (0..).zip(values()).all(|(i, x)| x == first + f64::from(i));
        if !named {
            if rows >= ROWS && (in_order(0.0) || in_order(1.0)) {
                found.push((column, false));
            }
            continue;
        }
        let mut sorted: Vec<f64> = values().collect();
        sorted.sort_by(f64::total_cmp);
        let counts = sorted.is_sorted_by(|a, b| a + 1.0 == *b);
        let certain = counts && (sorted.first() == Some(&0.0) || sorted.first() == Some(&1.0));
        let different =
            sorted.is_sorted_by(|a, b| a < b) && sorted.iter().all(|x| x.fract() == 0.0);
        if certain || (different && rows >= ROWS) {
            found.push((column, certain));
        }
    }
    found
}
