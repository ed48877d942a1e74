/// Everything that can be named in a spec. A value, so that a crate outside this workspace can
/// extend it.
#[derive(Clone, Default)]
pub struct Kinds {
    /// Task kinds.
    pub tasks: tasks::Registry,
}
