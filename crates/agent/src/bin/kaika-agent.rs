//! The agent and the card tool.

/// PINs and codes pass through buffers of libraries as well: all memory is wiped when it is given back. What it costs
/// does not show beside a card.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    kaika_agent::cli::main(std::env::args_os().collect())
}
