use std::{collections::BTreeMap, sync::Arc};

use crate::{KeyError, Reference, choose_one_of};

/// Turns the spec table of a kind (without `kind`) into a checked value.
pub type Build<T> = fn(toml::Table) -> Result<Box<T>, KeyError>;

/// The same for a kind with state, such as a cache of files, which lives as long as its registry.
type Holding<T> = Arc<dyn Fn(toml::Table) -> Result<Box<T>, KeyError> + Send + Sync>;

/// A kind that was registered.
pub struct Kind<T: ?Sized> {
    build: Holding<T>,
    reference: Option<Reference>,
}

impl<T: ?Sized> Clone for Kind<T> {
    fn clone(&self) -> Self {
        Self {
            build: Arc::clone(&self.build),
            reference: self.reference,
        }
    }
}

impl<T: ?Sized> Kind<T> {
    /// Says what `layerwise show` and the schema of specs tell of it.
    pub fn document(&mut self, reference: Reference) {
        self.reference = Some(reference);
    }
}

/// Kinds by name, for tasks, models, metrics and so on. A registry is a value, so that a crate
/// outside this workspace can add its own kinds.
pub struct Registry<T: ?Sized> {
    noun: &'static str,
    kinds: BTreeMap<&'static str, Kind<T>>,
}

impl<T: ?Sized> Clone for Registry<T> {
    fn clone(&self) -> Self {
        Self {
            noun: self.noun,
            kinds: self.kinds.clone(),
        }
    }
}

impl<T: ?Sized> Registry<T> {
    /// A registry of `kinds`; `noun` names them in messages (`task kind`).
    pub fn new<const N: usize>(
        noun: &'static str,
        kinds: [(&'static str, Build<T>, Reference); N],
    ) -> Self
    where
        T: 'static,
    {
        let mut registry = Self {
            noun,
            kinds: BTreeMap::new(),
        };
        for (name, build, reference) in kinds {
            registry.register(name, build).document(reference);
        }
        registry
    }

    /// Adds or replaces a kind.
    pub fn register(
        &mut self,
        name: &'static str,
        build: impl Fn(toml::Table) -> Result<Box<T>, KeyError> + Send + Sync + 'static,
    ) -> &mut Kind<T> {
        let kind = Kind {
            build: Arc::new(build),
            reference: None,
        };
        (self.kinds.entry(name)).insert_entry(kind).into_mut()
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        self.kinds.keys().copied().collect()
    }

    /// What is told of a kind; `None` for one that is not registered, or not documented.
    pub fn reference(&self, name: &str) -> Option<Reference> {
        self.kinds.get(name)?.reference
    }

    /// Checks a table, `kind` included.
    ///
    /// # Errors
    /// `kind` is missing or unknown, or a key is not valid for the kind.
    pub fn build(&self, mut table: toml::Table) -> Result<Box<T>, KeyError> {
        let choices = |word: &str| choose_one_of(word, &self.names());
        let kind = match table.remove("kind") {
            Some(toml::Value::String(kind)) => kind,
            Some(other) => {
                return Err(KeyError::new("kind", other, "must be text", choices("")));
            }
            None => {
                return Err(KeyError::new(
                    "kind",
                    "(missing)",
                    "is required",
                    choices(""),
                ));
            }
        };
        let Some(kind) = self.kinds.get(kind.as_str()) else {
            let problem = format!("is not a {}", self.noun);
            let choices = choices(&kind);
            return Err(KeyError::new("kind", format!("{kind:?}"), problem, choices));
        };
        (kind.build)(table)
    }
}
