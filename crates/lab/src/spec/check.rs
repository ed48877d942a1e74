use super::{Spec, SpecError, Variant};
use crate::Kinds;

/// Lets every kind check its own table and writes the defaults back.
pub(super) fn check(spec: &mut Spec, kinds: &Kinds) -> Result<(), SpecError> {
    let task = kinds
        .tasks
        .build(spec.task.clone())
        .map_err(|e| e.within("task"))?;
    spec.task = task.resolved();
    Ok(())
}

/// Checks that claims, numbers and pictures name things that exist.
pub(super) fn check_references(
    _spec: &Spec,
    _variants: &[Variant],
    _kinds: &Kinds,
) -> Result<(), SpecError> {
    Ok(())
}
