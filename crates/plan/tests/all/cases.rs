//! Tables of cases as text: one a line, its fields between `=>`, `\n` for a new line.

/// The cases of a table.
pub(crate) fn cases<const N: usize>(table: &str) -> Vec<[String; N]> {
    let lines = table.lines().filter(|line| !line.is_empty());
    let case = |line: &str| {
        let fields: Vec<String> = line.split("=>").map(field).collect();
        fields
            .try_into()
            .unwrap_or_else(|found| panic!("{found:?} are not {N} fields"))
    };
    lines.map(case).collect()
}

fn field(text: &str) -> String {
    text.trim_matches(' ').replace("\\n", "\n")
}
