//! Assertions that the tests of several task kinds share.

use crate::{Build, Task};

/// Asserts that each spec is refused with an error that names the given key.
pub(crate) fn assert_rejects(build: Build<dyn Task>, cases: &[(&str, &str)]) {
    for (spec, key) in cases {
        let table = spec
            .parse()
            .unwrap_or_else(|error| panic!("{spec}: {error}"));
        match build(table) {
            Ok(_) => panic!("accepted: {spec}"),
            Err(error) => {
                assert_eq!(error.key, *key, "{spec}: {error}");
                assert!(
                    error.hint.ends_with('.') && !error.problem.ends_with('.'),
                    "{error}"
                );
            }
        }
    }
}
