//! Why a verdict is what it is, in words.

use plan::spec::{Claim, IntervalKind, Outcome};

use crate::{
    contradiction, order_test,
    verdict::{ComponentJudgement, ControlVerdict, Judgement},
};

/// Why the verdict is what it is, with the numbers of the part that decides it.
pub(crate) fn reason(
    claim: &Claim,
    measured: &Judgement,
    missed: &[&ControlVerdict],
    shared_with: &[String],
) -> String {
    let mut sentences = Vec::new();
    let decisive = measured
        .components
        .iter()
        .find(|c| c.outcome == Outcome::Contradicted)
        .or_else(|| {
            measured
                .components
                .iter()
                .find(|c| c.outcome == Outcome::Undecided)
        });
    match decisive.or(measured.components.first()) {
        None => sentences.push("nothing was recorded to judge".to_owned()),
        Some(part) => {
            let of = if decisive.is_none() && measured.components.len() > 1 {
                format!("all {} parts hold; ", measured.components.len())
            } else {
                String::new()
            };
            sentences.push(format!(
                "{of}{}; claimed: {}",
                describe(part),
                claim.threshold
            ));
            sentences.extend(chance_order(measured, part));
            sentences.extend(lost_among_parts(claim, measured));
        }
    }
    for control in missed {
        sentences.push(format!(
            "control “{}” came out as {} and must be {}, so the test cannot be trusted here",
            control.name, control.judgement.outcome, control.must
        ));
    }
    if let Some((last, others)) = shared_with.split_last() {
        let (who, verb) = if others.is_empty() {
            (last.clone(), "passes")
        } else {
            (format!("{} and {last}", others.join(", ")), "pass")
        };
        sentences.push(format!(
            "{who} {verb} the same test, so this evidence does not tell the models apart"
        ));
    }
    sentences.join("; ")
}

/// Why an order that all seeds show decides nothing.
fn chance_order(measured: &Judgement, part: &ComponentJudgement) -> Option<String> {
    let p = part.order_p.filter(|p| *p > order_test::LEVEL)?;
    let order = measured.order.as_ref()?;
    let of = match &order.knob {
        Some(knob) => format!("{} values of {knob}", order.places),
        None => format!("{} indices", order.places),
    };
    let more = match order.least_p > order_test::LEVEL {
        true => format!(
            ", and no order of {} gives less than {}, so at least 5 are needed",
            order.places,
            format_number(order.least_p)
        ),
        false => String::new(),
    };
    Some(format!(
        "all seeds repeat one order of {of}, which chance gives with p = {}{more}",
        format_number(p)
    ))
}

/// Why parts that lie on the other side by themselves do not contradict the claim.
fn lost_among_parts(claim: &Claim, measured: &Judgement) -> Option<String> {
    let parts = measured.components.iter();
    let undecided = parts.filter(|part| part.outcome == Outcome::Undecided);
    let fails = undecided
        .filter(|part| part.coverage.is_some() && claim.threshold.excludes(part.low, part.high));
    let many = measured.components.len();
    (claim.interval == IntervalKind::Order && measured.outcome != Outcome::Contradicted)
        .then(|| fails.count())
        .filter(|count| *count > 0)
        .map(|count| {
            let parts = if count == 1 { "part lies" } else { "parts lie" };
            format!(
                "{count} {parts} on the other side, but one of {many} parts would by chance in more \
                 than {:.0} % of cases",
                100.0 * contradiction::LEVEL
            )
        })
}

fn describe(part: &ComponentJudgement) -> String {
    let label = if part.label.is_empty() {
        String::new()
    } else {
        format!("{}: ", part.label)
    };
    let number = |value: Option<f64>, none: &str| match value {
        Some(value) => format_number(value),
        None => none.to_owned(),
    };
    let missing = part.values.len().saturating_sub(part.seeds);
    let none = if part.censored == 0 && missing > 0 {
        "(missing)"
    } else {
        "(censored)"
    };
    let centre = number(part.centre, none);
    let seeds = match part.values.len() {
        all if all > part.seeds && part.coverage.is_some() => format!("{} of {all}", part.seeds),
        all => all.to_string(),
    };
    match part.coverage {
        Some(coverage) => {
            let from = match part.values.len() {
                all if all > part.seeds => format!(" from {seeds} seeds"),
                _ => String::new(),
            };
            format!(
                "{label}{centre}, {:.0} % interval [{}, {}]{from}",
                (100.0 * coverage).floor(),
                number(part.low, "−∞"),
                number(part.high, "∞")
            )
        }
        None => format!(
            "{label}{centre}, no 95 % interval from {seeds} seeds{}",
            gaps(part.censored, missing)
        ),
    }
}

/// What keeps seeds from having a value, behind the number of seeds; nothing where all have one.
fn gaps(censored: usize, missing: usize) -> String {
    let are = |count: usize, what: &str| {
        let verb = if count == 1 { "is" } else { "are" };
        (count > 0).then(|| format!("{count} {verb} {what}"))
    };
    let gaps = [are(censored, "censored"), are(missing, "missing")];
    let gaps: Vec<String> = gaps.into_iter().flatten().collect();
    match &gaps[..] {
        [] => String::new(),
        gaps => format!(", of which {}", gaps.join(" and ")),
    }
}

/// A number with about four significant digits.
fn format_number(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        format!("{value:.0}")
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else if size >= 10.0 {
        format!("{value:.2}")
    } else if size >= 1.0 {
        format!("{value:.3}")
    } else if size >= 0.01 || size == 0.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

#[cfg(test)]
mod tests {
    use super::gaps;

    #[test]
    fn what_seeds_lack_is_told_apart() {
        assert_eq!(gaps(0, 0), "");
        assert_eq!(gaps(0, 1), ", of which 1 is missing");
        assert_eq!(gaps(2, 1), ", of which 2 are censored and 1 is missing");
    }
}
