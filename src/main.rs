//! The `callboard` program.
use std::process::ExitCode;

fn main() -> ExitCode {
    callboard::cli::start_logging();
    callboard::cli::run(std::env::args_os())
}
