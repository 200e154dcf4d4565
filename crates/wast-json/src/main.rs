//! `wast-json FILE DIRECTORY` takes one script of the core specification tests apart, so that
//! `scripts/conformance` can run it through the JS API: the commands go to `commands.json` in the
//! directory, every module to a file of its own beside it.
//!
//! Numbers are decimal strings, floats the decimal string of their bits or `nan:canonical` and
//! `nan:arithmetic`, since JSON's own numbers would round them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wast::Wast;
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wast-json: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<OsString>) -> Result<()> {
    let [script, directory] = arguments.as_slice() else {
        bail!("expected two arguments, the script and the directory to write to");
    };
    let (script, directory) = (PathBuf::from(script), PathBuf::from(directory));
    convert(&script, &directory).with_context(|| format!("{}", script.display()))
}

fn convert(script: &Path, directory: &Path) -> Result<()> {
    let text = std::fs::read_to_string(script)?;
    // The scripts that test names hold such characters on purpose.
    let mut lexer = Lexer::new(&text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(|error| located(error, &text))?;
    let ast = parser::parse::<Wast>(&buffer).map_err(|error| located(error, &text))?;

    let name = script.to_string_lossy();
    let converted = json_from_wast::Wast::from_ast(&name, &text, ast)?;
    for (file, contents) in &converted.wasms {
        std::fs::write(directory.join(file), contents)?;
    }
    let commands = serde_json::to_vec(&converted.commands)?;
    std::fs::write(directory.join("commands.json"), commands).context("cannot write the commands")
}

/// The parser knows offsets only; whoever reads the message needs the line.
fn located(mut error: wast::Error, text: &str) -> wast::Error {
    error.set_text(text);
    error
}
