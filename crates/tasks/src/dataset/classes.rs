//! Numbers the classes: the distinct labels, in order.

use std::{collections::HashMap, sync::Arc};

use super::{Dataset, format::Decimal};

/// Labels as class numbers.
pub(super) struct Classes {
    /// Class of each row, `[N]`.
    pub(super) labels: Vec<u32>,
    /// Names of the classes, as written.
    pub(super) names: Vec<String>,
    /// Notes about surprising labels, each the end of a sentence about the file.
    pub(super) notes: Vec<String>,
}

impl Classes {
    /// Numbers the classes. They are in numerical order if all labels are finite numbers, and in
    /// alphabetical order otherwise. Two spellings of one number are one class, named by the first
    /// spelling in the file.
    pub(super) fn of(labels: &[String], decimal: Decimal) -> Self {
        // Distinct labels in the order of the file.
        let mut distinct: Vec<&str> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for label in labels {
            places.entry(label).or_insert_with(|| {
                distinct.push(label);
                distinct.len() - 1
            });
        }
        let classes = numbered(&distinct, decimal);
        let labels = labels.iter().map(|label| classes[places[&**label]]);
        let labels = labels.collect();
        let count = classes.iter().max().map_or(0, |last| *last as usize + 1);
        let mut spellings: Vec<Vec<&str>> = vec![Vec::new(); count];
        for (name, &class) in distinct.iter().zip(&classes) {
            spellings[class as usize].push(name);
        }
        let mut notes = Vec::new();
        let several = spellings.iter().filter(|names| names.len() > 1);
        let several: Vec<String> = several.map(|names| list(names, " and ")).collect();
        if !several.is_empty() {
            notes.push(format!(
                "writes one number in several ways, which count as one class: {}",
                list(&several, "; ")
            ));
        }
        let names: Vec<String> = spellings.iter().map(|names| names[0].to_owned()).collect();
        notes.extend(renumbered(&names, decimal));
        Self {
            labels,
            names,
            notes,
        }
    }
}

/// The class number of each distinct label.
fn numbered(distinct: &[&str], decimal: Decimal) -> Vec<u32> {
    // Floats cannot distinguish whole numbers above 2^53.
    let whole = distinct.iter().map(|label| label.parse::<i128>().ok());
    if let Some(whole) = whole.collect::<Option<Vec<i128>>>() {
        return ranks(&whole, i128::cmp);
    }
    // Adding zero turns −0 into 0.
    let numbers = |mark: Decimal| -> Option<Vec<f64>> {
        let numbers = distinct.iter().map(|label| Some(mark.number(label)? + 0.0));
        numbers.collect()
    };
    let other = match decimal {
        Decimal::Point => Decimal::Comma,
        Decimal::Comma => Decimal::Point,
    };
    match numbers(decimal).or_else(|| numbers(other)) {
        Some(numbers) => ranks(&numbers, f64::total_cmp),
        None => ranks(distinct, Ord::cmp),
    }
}

/// The rank of each value among the distinct values.
fn ranks<T: PartialEq>(values: &[T], order: impl Fn(&T, &T) -> std::cmp::Ordering) -> Vec<u32> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|&a, &b| order(&values[a], &values[b]));
    let mut ranks = vec![0; values.len()];
    let mut rank = 0;
    for pair in places.windows(2) {
        rank += u32::from(values[pair[0]] != values[pair[1]]);
        ranks[pair[1]] = rank;
    }
    ranks
}

/// A note if the classes are numbers that differ from the numbers 0, 1, 2, … of the outputs.
fn renumbered(names: &[String], decimal: Decimal) -> Option<String> {
    let mut numbers = Vec::new();
    for name in names {
        numbers.push(decimal.number(name)?);
    }
    let counted = (0..).zip(&numbers).all(|(i, n)| f64::from(i) == *n);
    (!counted).then(|| {
        format!(
            "has the classes {}; they are counted from 0 in this order, as outputs 0 to {} of a net",
            list(names, ", "),
            names.len() - 1
        )
    })
}

impl Dataset {
    /// Adapts the classes to a net with `outputs` outputs, if the net has more outputs than the
    /// rows have classes. If all labels are valid output numbers, they are taken as such, and the
    /// outputs between them have no rows. Otherwise the classes are the first outputs in their
    /// order, with a note.
    pub fn with_outputs(self: Arc<Self>, outputs: usize) -> Arc<Self> {
        let names = &self.card.classes;
        if !self.own || outputs <= names.len() {
            return self;
        }
        let decimal = self.format.decimal.unwrap_or(Decimal::Point);
        let output = |name: &String| {
            let number = decimal.number(name)?;
            let is_output = number.fract() == 0.0 && (0.0..outputs as f64).contains(&number);
            is_output.then_some(number as u32)
        };
        let numbers: Option<Vec<u32>> = names.iter().map(output).collect();
        let title = &self.card.title;
        let seen = list(names, ", ");
        let mut all = (*self).clone();
        let Some(numbers) = numbers else {
            all.notes.push(format!(
                "{title} has {} classes ({seen}), but the net has {outputs} outputs. The classes \
                 are taken as the first outputs, in this order. If they belong to other outputs, \
                 write them as output numbers, from 0",
                names.len()
            ));
            return Arc::new(all);
        };
        if let Some(renumbered) = renumbered(names, decimal) {
            let renumbered = format!("{title} {renumbered}");
            all.notes.retain(|note| *note != renumbered);
            all.notes.push(format!(
                "{title} has the classes {seen}, which are taken as output numbers among the \
                 outputs 0 to {} of the net",
                outputs - 1
            ));
        }
        let label = |label: &u32| numbers[*label as usize];
        all.labels = self.labels.iter().map(label).collect();
        all.card.classes = (0..outputs).map(|class| class.to_string()).collect();
        for (name, &class) in names.iter().zip(&numbers) {
            all.card.classes[class as usize].clone_from(name);
        }
        Arc::new(all)
    }
}

/// A list of words, shortened if it is long.
fn list<T: AsRef<str>>(words: &[T], between: &str) -> String {
    const SHOWN: usize = 6;
    let word = |word: &T| word.as_ref().to_owned();
    if words.len() <= SHOWN {
        return words.iter().map(word).collect::<Vec<_>>().join(between);
    }
    let mut shown: Vec<String> = words.iter().take(SHOWN - 1).map(word).collect();
    shown.push("…".to_owned());
    shown.extend(words.last().map(word));
    shown.join(between)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{
        super::{OwnFiles, Reading},
        *,
    };

    fn of(labels: &[&str]) -> Classes {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        Classes::of(&labels, Decimal::Point)
    }

    #[test]
    fn numbers_are_ordered_as_numbers_however_they_are_written() {
        for (labels, expected) in [
            (
                &["10.0", "2.0", "0.0", "11.0", "1.0"][..],
                &["0.0", "1.0", "2.0", "10.0", "11.0"][..],
            ),
            (
                &["1.0e+01", "2.5", "-3", ".5"],
                &["-3", ".5", "2.5", "1.0e+01"],
            ),
            (&["10", "9", "-2", "+3"], &["-2", "+3", "9", "10"]),
            (&["10,5", "9,5"], &["9,5", "10,5"]),
            (
                &["9007199254740993", "9007199254740992"],
                &["9007199254740992", "9007199254740993"],
            ),
            (&["b", "10", "9"], &["10", "9", "b"]),
            (&["inf", "10", "9"], &["10", "9", "inf"]),
        ] {
            let classes = of(labels);
            assert_eq!(classes.names, expected);
            for (label, class) in labels.iter().zip(&classes.labels) {
                assert_eq!(classes.names[*class as usize], *label);
            }
        }
    }

    #[test]
    fn two_spellings_of_a_number_are_one_class_and_it_is_said() {
        let classes = of(&["1.0", "0", "1", "1e0", "-0.0"]);
        assert_eq!(classes.names, ["0", "1.0"]);
        assert_eq!(classes.labels, [1, 0, 1, 1, 0]);
        let [note] = &classes.notes[..] else {
            panic!("{:?}", classes.notes);
        };
        assert!(note.ends_with("0 and -0.0; 1.0 and 1 and 1e0"), "{note}");
    }

    #[test]
    fn numbers_that_do_not_count_from_0_are_said() {
        assert!(of(&["0.0", "1.0", "2"]).notes.is_empty());
        assert!(of(&["a", "b"]).notes.is_empty());
        let notes = of(&["3", "1", "2"]).notes;
        assert!(
            notes[0].starts_with("has the classes 1, 2, 3;"),
            "{notes:?}"
        );
        let many: Vec<String> = (0..20).map(|class| (2 * class).to_string()).collect();
        let notes = Classes::of(&many, Decimal::Point).notes;
        assert!(notes[0].contains("0, 2, 4, 6, 8, …, 38;"), "{notes:?}");
    }

    /// Labels, number of classes and notes of a table with these classes for a net of `outputs`.
    fn seen_by(labels: &[&str], outputs: usize) -> (Vec<u32>, usize, Vec<String>) {
        let rows = labels.iter().map(|label| format!("1.5,{label}\n"));
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        write!(file, "a,y\n{}", rows.collect::<String>()).unwrap();
        let reading = Reading {
            label: Some("y".to_owned()),
            ..Reading::default()
        };
        let own = Dataset::own(&OwnFiles::new(file.path(), &reading).unwrap()).unwrap();
        let seen = Arc::new(own).with_outputs(outputs);
        let notes = seen.notes.clone();
        (seen.labels.clone(), seen.card.classes.len(), notes)
    }

    #[test]
    fn classes_that_are_numbers_of_outputs_stand_where_a_net_has_more() {
        for labels in [["0", "1", "2", "4"], ["0.0", "1.0", "2.0", "4e0"]] {
            let (found, classes, notes) = seen_by(&labels, 5);
            assert_eq!((found, classes), (vec![0, 1, 2, 4], 5));
            let [note] = &notes[..] else {
                panic!("{notes:?}");
            };
            assert!(note.contains("output numbers among the outputs"), "{note}");
            // As many outputs as classes: the rule for every table of the user.
            assert_eq!(seen_by(&labels, 4).0, [0, 1, 2, 3]);
        }
        let (found, classes, notes) = seen_by(&["1", "0"], 10);
        assert_eq!((found, classes, notes.len()), (vec![1, 0], 10, 0));
        // One of the labels is not an output number, or not a number.
        for labels in [
            ["1", "2", "5"],
            ["-1", "0", "1"],
            ["0", "1", "2.5"],
            ["a", "b", "c"],
        ] {
            let (found, classes, notes) = seen_by(&labels, 5);
            assert_eq!((found, classes), (vec![0, 1, 2], 3));
            let note = notes.last().unwrap();
            assert!(note.contains("the net has 5 outputs"), "{note}");
        }
    }
}
