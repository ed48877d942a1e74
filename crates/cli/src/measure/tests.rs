//! No damaged file makes the reader or a metric panic.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use mlp::Activation;
use safetensors::{Dtype, serialize, tensor::TensorView};
use tasks::tensors::TensorFile;

use super::{Collapse, Fourier, Norms, Rows, Source, spectra};

/// Reproducible random words.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        // The low bits of such a generator have a short period.
        (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// In [−1, 1).
    fn numbers(&mut self, count: usize) -> Vec<f64> {
        let number = |word: u64| (word % 2_000_001) as f64 / 1e6 - 1.0;
        (0..count).map(|_| number(self.next())).collect()
    }
}

type Tensor = (&'static str, Dtype, Vec<usize>, Vec<u8>);

fn file(tensors: &[Tensor]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes).unwrap();
        (*name, view)
    });
    serialize(views, None).unwrap()
}

fn f32s(name: &'static str, shape: &[usize], words: &mut Words) -> Tensor {
    let values = words.numbers(shape.iter().product());
    let bytes = values.iter().flat_map(|&v| (v as f32).to_le_bytes());
    (name, Dtype::F32, shape.to_vec(), bytes.collect())
}

fn f64s(name: &'static str, shape: &[usize], words: &mut Words) -> Tensor {
    let values = words.numbers(shape.iter().product());
    let bytes = values.iter().flat_map(|v| v.to_le_bytes());
    (name, Dtype::F64, shape.to_vec(), bytes.collect())
}

fn dump(words: &mut Words) -> Vec<u8> {
    let labels: Vec<u8> = (0..12_i64)
        .flat_map(|row| (row % 3).to_le_bytes())
        .collect();
    file(&[
        f64s("features", &[12, 4], words),
        ("labels", Dtype::I64, vec![12], labels),
        f32s("classifier.weight", &[3, 4], words),
        f32s("classifier.bias", &[3], words),
    ])
}

/// A net with 10 inputs for two residues modulo 5.
fn network(words: &mut Words) -> Vec<u8> {
    file(&[
        f32s("layers.0.weight", &[6, 10], words),
        f32s("layers.0.bias", &[6], words),
        f64s("layers.2.weight", &[5, 6], words),
        f64s("layers.4.weight", &[3, 5], words),
        f32s("layers.4.bias", &[3], words),
    ])
}

fn rows(words: &mut Words) -> Rows {
    Rows {
        name: "rows".to_owned(),
        inputs: words.numbers(12 * 10),
        width: 10,
        labels: (0..12).map(|row| row % 3).collect(),
        classes: 3,
        notes: Vec::new(),
        origin: serde_json::Value::Null,
    }
}

/// Everything that the verb computes.
fn measured(bytes: &[u8], rows: &Rows) -> Result<(), String> {
    let file = TensorFile::of("net.safetensors".as_ref(), bytes.to_vec());
    let source = Source::read(&file, None, None)?;
    let arrays = source.parameters();
    spectra(&arrays, super::SHOWN).map_err(|error| error.to_string())?;
    Norms::of(&arrays);
    match &source {
        Source::Dump(dump) => {
            Collapse::of(&dump.features(), &dump.classifier()).numbers();
        }
        Source::Network(network) => {
            network.collapse(Activation::Quadratic, rows)?;
            Fourier::of(network, 5, None)?.document();
            Fourier::of(network, 5, Some("multiply"))?.document();
        }
    }
    Ok(())
}

fn mutate(bytes: &mut Vec<u8>, words: &mut Words) {
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize + 8;
    match words.below(9) {
        // Truncated, or longer.
        0 => bytes.truncate(words.below(bytes.len())),
        1 => bytes.extend([0; 5]),
        // Another length of the header, up to all that 64 bits hold.
        2 => {
            let at = words.below(8);
            bytes[at] ^= 1 << words.below(8);
        }
        // Another digit in a shape or an offset.
        3 | 4 => {
            let digits = (8..header).filter(|&at| bytes[at].is_ascii_digit());
            let digits: Vec<usize> = digits.collect();
            if let Some(&at) = digits.get(words.below(digits.len())) {
                bytes[at] = b'0' + words.below(10) as u8;
            }
        }
        // Any byte of the header.
        5 => {
            let at = 8 + words.below(header - 8);
            bytes[at] = words.next() as u8;
        }
        // A bit of the numbers.
        6 => {
            let at = header + words.below(bytes.len() - header);
            bytes[at] ^= 1 << words.below(8);
        }
        // A small number where a label may be.
        7 => {
            let at = header + words.below(bytes.len() - header);
            bytes[at] = words.below(6) as u8;
        }
        // Numbers at the edge of their type.
        _ => {
            let edges = [
                f64::NAN,
                f64::INFINITY,
                f64::MAX,
                f64::MIN_POSITIVE,
                5e-324,
                -0.0,
                1e70,
            ];
            let edge = edges[words.below(edges.len())].to_le_bytes();
            let at = header + words.below((bytes.len() - header) / 8) * 8;
            let end = bytes.len().min(at + 8);
            bytes[at..end].copy_from_slice(&edge[..end - at]);
        }
    }
}

#[test]
fn mutated_files_give_numbers_or_one_line_of_error() {
    const CASES: u32 = 5000;
    let began = Instant::now();
    let words = &mut Words(20_260_101);
    let rows = rows(words);
    for valid in [dump(words), network(words)] {
        measured(&valid, &rows).unwrap();
        let mut refused = 0;
        for _ in 0..CASES {
            let mut bytes = valid.clone();
            for _ in 0..=words.below(3) {
                // A file that is cut off within its length field has nothing left to change.
                let length = bytes.first_chunk().map(|chunk| u64::from_le_bytes(*chunk));
                if length.is_some_and(|length| length + 8 < bytes.len() as u64) {
                    mutate(&mut bytes, words);
                }
            }
            if let Err(problem) = measured(&bytes, &rows) {
                refused += 1;
                assert!(
                    !problem.is_empty() && !problem.contains('\n'),
                    "{problem:?}"
                );
            }
        }
        // Changed numbers are still numbers; most other changes are found.
        assert!((CASES / 2..CASES).contains(&refused), "{refused}");
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn every_truncation_is_refused() {
    let words = &mut Words(3);
    let rows = rows(words);
    for valid in [dump(words), network(words)] {
        for length in 0..valid.len() {
            let problem = measured(&valid[..length], &rows).unwrap_err();
            assert!(problem.contains("safetensors"), "{length}: {problem}");
        }
    }
}

#[test]
fn numbers_of_any_size_end() {
    // Powers of numbers of these sizes overflow or underflow in f64.
    for size in [1e-320, 1e-200, 1e-100, 1e-40, 1e40, 1e70] {
        let words = &mut Words(9);
        let values = words.numbers(12 * 4);
        let scaled = |values: &[f64]| -> Vec<u8> {
            let bytes = values.iter().flat_map(|v| (v * size).to_le_bytes());
            bytes.collect()
        };
        let bytes = file(&[
            ("features", Dtype::F64, vec![12, 4], scaled(&values)),
            (
                "labels",
                Dtype::U8,
                vec![12],
                (0..12).map(|row| row % 3).collect(),
            ),
            (
                "classifier.weight",
                Dtype::F64,
                vec![3, 4],
                scaled(&values[..12]),
            ),
        ]);
        measured(&bytes, &rows(words)).unwrap();
    }
}
