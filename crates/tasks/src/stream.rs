//! Keyed random streams: every number is a function of (seed, purpose, step).

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// The ChaCha8 stream of (seed, purpose, step).
///
/// The 256-bit key is BLAKE3 in key-derivation mode over the seed (8 bytes, little endian) with
/// `purpose` in the context, and `step` selects the ChaCha stream (its 64-bit nonce). Streams of
/// different purposes are therefore independent, and any step can be drawn without its
/// predecessors.
pub fn keyed(seed: u64, purpose: &str, step: u64) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new_derive_key(&format!("layerwise 2026 stream {purpose}"));
    hasher.update(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(*hasher.finalize().as_bytes());
    rng.set_stream(step);
    rng
}
