//! The program `layerwise`, with the kinds of this workspace.

/// Every tensor operation allocates its result. With the system allocator, page faults would take
/// most of the time of a training step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    layerwise::main(layerwise::Kinds::default())
}
