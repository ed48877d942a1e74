use metrics::{Crossing, Ratio, first_crossing, shape_ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{Component, Measured, Sample, Selection, Statistic};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Shape>("");

/// The largest t90/t10 over the skills: 1.4 to 2.5 for sigmoids from a small start, 21.85 for an exponential.
///
/// A skill that does not reach 90 % in time counts with its lower bound if that is the largest value; it is left out, and
/// counted in a note, otherwise.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shape {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<Shape>(table)?))
}

impl Statistic for Shape {
    fn resolved(&self) -> toml::Table {
        table_of("shape", self)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let indices = table.indices();
        let (mut judged, mut censored, mut below, mut early, mut none) = (0, 0, 0, 0, 0);
        let samples = table
            .per_seed()
            .into_iter()
            .map(|cell| {
                let mut exact: Option<f64> = None;
                let mut bound: Option<f64> = None;
                let open_before = censored + below + early + none;
                for &index in &indices {
                    let (steps, values) = cell.curve(index);
                    match shape_ratio(&steps, &values) {
                        Ok(Ratio::Exact(ratio)) => {
                            judged += 1;
                            exact = Some(exact.map_or(ratio, |e| e.max(ratio)));
                        }
                        Ok(Ratio::AtLeast(ratio)) => {
                            censored += 1;
                            bound = Some(bound.map_or(ratio, |b| b.max(ratio)));
                        }
                        Ok(Ratio::Unknown) => match first_crossing(&steps, &values, 0.1) {
                            Ok(Crossing::After(_)) => below += 1,
                            _ => early += 1,
                        },
                        // Without records there is no curve, only an index that others have.
                        Err(_) if steps.is_empty() => none += 1,
                        Err(_) => below += 1,
                    }
                }
                let seen_through = cell.has_end() || open_before == censored + below + early + none;
                match (exact, bound) {
                    // What the other curves would have shown, nobody knows.
                    _ if !seen_through => Sample::Missing,
                    (Some(exact), Some(bound)) if bound > exact => Sample::AtLeast(bound),
                    (Some(exact), _) => Sample::Exact(exact),
                    (None, Some(bound)) => Sample::AtLeast(bound),
                    (None, None) => Sample::Missing,
                }
            })
            .collect();
        let mut notes = Vec::new();
        if censored + below + early > 0 {
            let mut note = format!(
                "judged on {judged} curves; {censored} reached 10 % but not 90 % in time, or \
                 10 % before their first record, and count only as lower bounds, {below} did not reach 10 %"
            );
            if early > 0 {
                note.push_str(&format!(
                    ", and {early} had no time from 10 % to 90 %, as their first record was at 10 % or \
                     above at the start, or at 90 % or above later"
                ));
            }
            notes.push(note);
        }
        if none > 0 {
            notes.push(format!("{none} curves are missing"));
        }
        Measured {
            components: vec![Component {
                label: String::new(),
                samples,
            }],
            notes,
        }
    }
}
