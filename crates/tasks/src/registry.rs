use std::collections::BTreeMap;

use crate::{KeyError, Task, modes, multitask_parity, skill_spectrum, sparse_parity};

/// How a task kind turns its own spec table (without `kind`) into a checked task.
pub type TaskKind = fn(toml::Table) -> Result<Box<dyn Task>, KeyError>;

/// The task kinds by name. A value, so that a crate outside this workspace can extend it.
#[derive(Clone)]
pub struct Registry {
    kinds: BTreeMap<&'static str, TaskKind>,
}

impl Default for Registry {
    /// The kinds of this crate.
    fn default() -> Self {
        let kinds: [(_, TaskKind); _] = [
            (modes::KIND, modes::build),
            (multitask_parity::KIND, multitask_parity::build),
            (skill_spectrum::KIND, skill_spectrum::build),
            (sparse_parity::KIND, sparse_parity::build),
        ];
        Self {
            kinds: BTreeMap::from(kinds),
        }
    }
}

impl Registry {
    /// Adds or replaces a kind.
    pub fn register(&mut self, name: &'static str, kind: TaskKind) {
        self.kinds.insert(name, kind);
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        self.kinds.keys().copied().collect()
    }

    /// Checks a `[task]` table, `kind` included.
    ///
    /// # Errors
    /// A missing or unknown `kind`, or what the kind says about its own keys.
    pub fn build(&self, mut table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
        let choices = format!("Choose one of: {}.", self.names().join(", "));
        let kind = match table.remove("kind") {
            Some(toml::Value::String(kind)) => kind,
            Some(other) => return Err(KeyError::new("kind", other, "must be a string", choices)),
            None => return Err(KeyError::new("kind", "(missing)", "is required", choices)),
        };
        match self.kinds.get(kind.as_str()) {
            Some(build) => build(table),
            None => Err(KeyError::new(
                "kind",
                format!("{kind:?}"),
                "is not a task kind",
                choices,
            )),
        }
    }
}
