//! The data files in the binary.

use super::DataError;

/// A shipped set.
pub(super) struct Shipped {
    pub(super) name: &'static str,
    pub(super) card: &'static str,
    pub(super) files: &'static [(&'static str, &'static [u8])],
}

/// Files of the folder `datasets`, by their paths in it.
macro_rules! files {
    ($($path:literal),+) => {
        &[$(($path, include_bytes!(concat!("../../../../datasets/", $path)))),+]
    };
}

const SETS: [Shipped; 6] = [
    Shipped {
        name: "iris",
        card: include_str!("../../../../datasets/iris.toml"),
        files: files!["iris.csv"],
    },
    Shipped {
        name: "wine",
        card: include_str!("../../../../datasets/wine.toml"),
        files: files!["wine.csv"],
    },
    Shipped {
        name: "breast-cancer",
        card: include_str!("../../../../datasets/breast-cancer.toml"),
        files: files!["breast-cancer.csv.gz"],
    },
    Shipped {
        name: "penguins",
        card: include_str!("../../../../datasets/penguins.toml"),
        files: files!["penguins.csv"],
    },
    Shipped {
        name: "digits",
        card: include_str!("../../../../datasets/digits.toml"),
        files: files!["digits.csv.gz"],
    },
    Shipped {
        name: "mnist-5k",
        card: include_str!("../../../../datasets/mnist-5k.toml"),
        files: files![
            "mnist-5k/images.idx3-ubyte.gz",
            "mnist-5k/labels.idx1-ubyte.gz"
        ],
    },
];

/// Names of the shipped sets.
pub fn names() -> impl Iterator<Item = &'static str> {
    SETS.iter().map(|set| set.name)
}

pub(super) fn find(name: &str) -> Result<&'static Shipped, DataError> {
    static SHIPPED: [Shipped; SETS.len()] = SETS;
    let found = SHIPPED.iter().find(|set| set.name == name);
    found.ok_or_else(|| DataError::Unknown {
        name: name.to_owned(),
        known: names().collect::<Vec<_>>().join(", "),
    })
}
