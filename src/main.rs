//! The `liaison` program: reads the command, runs it, and says in one sentence what went wrong.

use std::process::ExitCode;

use clap::Parser as _;
use liaison::cli::{self, Cli};

fn main() -> ExitCode {
    let command = Cli::parse();
    // A second call would be an error; nothing else in the process installs one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("liaison: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(cli::run(command));
    runtime.shutdown_background();
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("liaison: {error:#}");
            ExitCode::FAILURE
        }
    }
}
