//! The command `kaika`.

fn main() -> std::process::ExitCode {
    kaika::cli::main(std::env::args_os())
}
