//! A program for WASI: arguments, environment, standard input, exit code.

use std::io::{read_to_string, stdin};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let input = read_to_string(stdin()).unwrap_or_default();
    println!("{args:?} {:?} {input:?}", std::env::var("NAME"));
    ExitCode::from(args.len() as u8)
}
