//! `native-host`: carries out the plan of a module, and runs it if it is a program.

use std::process::ExitCode;
use std::{env, fs};

use wasmport_native_host::{Host, Program, Wasi, explain};
use wasmtime::error::Context;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

const USAGE: &str = "\
Usage: native-host [--plan] [--dir HOST[::GUEST]]... FILE [args...]

Runs a WebAssembly program (a binary or text) with WASI preview 1; its exit code is the program's.
A library is loaded, its steps are carried out, and the names of its exports are printed.
  --plan               print the plan and where each part came from, as JSON; nothing is run
  --dir HOST[::GUEST]  give the program a directory
";

struct Options {
    plan: bool,
    /// Paths of the host and of the guest.
    dirs: Vec<(String, String)>,
    file: String,
    /// The program's own arguments.
    args: Vec<String>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
        let (mut plan, mut dirs) = (false, Vec::new());
        loop {
            let arg = args.next().ok_or("no FILE given")?;
            match &*arg {
                "--plan" => plan = true,
                "--dir" => {
                    let dir = args.next().ok_or("--dir: expected HOST[::GUEST]")?;
                    let (host, guest) = dir.split_once("::").unwrap_or((&dir, &dir));
                    dirs.push((host.to_owned(), guest.to_owned()));
                }
                other if other.starts_with("--") => return Err(format!("unknown option {other}")),
                _ => {
                    return Ok(Options {
                        plan,
                        dirs,
                        file: arg,
                        args: args.collect(),
                    });
                }
            }
        }
    }
}

fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(options) => options,
        Err(reason) => {
            eprintln!("native-host: {reason}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let file = options.file.clone();
    match carry_out(options) {
        // An exit code of a process has 8 bits.
        Ok(code) => ExitCode::from(code as u8),
        Err(error) => {
            eprintln!("native-host: {file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(options: Options) -> Result<i32, Box<dyn std::error::Error>> {
    let bytes = fs::read(&options.file)?;
    let binary = wat::parse_bytes(&bytes)?;
    let explained = explain(&binary)?;
    if options.plan {
        println!("{}", serde_json::to_string_pretty(&explained)?);
        return Ok(0);
    }
    let is_program = explained.plan.run.is_some();
    let host = Host::new(move || wasi(&options)).provide("wasi_snapshot_preview1", Wasi(|wasi| wasi))?;
    let program = Program::new(&host, &binary)?;
    if is_program {
        return Ok(program.run()?);
    }
    let mut loaded = program.load()?;
    loaded.tasks()?;
    println!("{}", loaded.names().join("\n"));
    loaded.dispose()?;
    Ok(0)
}

fn wasi(options: &Options) -> wasmtime::Result<WasiP1Ctx> {
    let mut wasi = WasiCtxBuilder::new();
    wasi.inherit_stdio().arg(&options.file).args(&options.args);
    for (host, guest) in &options.dirs {
        wasi.preopened_dir(host, guest, FsPerms::ReadWrite)
            .with_context(|| format!("--dir {host}"))?;
    }
    Ok(wasi.build_p1())
}
