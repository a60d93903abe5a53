//! The agent and the card tool.

fn main() -> std::process::ExitCode {
    kaika_agent::cli::main(std::env::args_os().collect())
}
