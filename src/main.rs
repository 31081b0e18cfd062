//! The `callboard` program.
use std::process::ExitCode;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    callboard::cli::run(std::env::args_os())
}
