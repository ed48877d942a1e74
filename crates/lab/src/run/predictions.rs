use tasks::KeyError;

use super::cell::CellOutcome;
use crate::{Kinds, measure::curve_times, predict::CellView, record::Observation, spec::Variant};

/// Evaluates the predictions of a variant on one recorded cell.
pub(super) fn predict(
    variant: &Variant,
    outcome: &CellOutcome,
    kinds: &Kinds,
) -> Result<Vec<Observation>, KeyError> {
    let view = CellView {
        seed: outcome.summary.seed,
        knobs: &variant.knobs,
        groups: &outcome.groups,
        clock: &outcome.clock,
        observations: &outcome.observations,
        initial: &outcome.initial,
        constant: outcome.constant.as_ref(),
    };
    let mut rows = Vec::new();
    for (name, table) in &variant.spec.predictions {
        let table = table.as_table().cloned().unwrap_or_default();
        let place = format!("predictions.{name}");
        let kind = kinds
            .predictions
            .build(table)
            .map_err(|e| e.within(&place))?;
        let mut predicted = Vec::new();
        kind.predict(&view, &mut predicted);
        let mut own: Vec<Observation> = predicted
            .into_iter()
            .map(|p| Observation {
                variant: variant.name.clone(),
                seed: outcome.summary.seed,
                model: name.clone(),
                metric: p.metric.to_owned(),
                index: p.index,
                step: p.step,
                flow_time: p.flow_time,
                value: p.value,
            })
            .collect();
        let mut times = curve_times::derive(&own);
        rows.append(&mut own);
        rows.append(&mut times);
    }
    Ok(rows)
}
