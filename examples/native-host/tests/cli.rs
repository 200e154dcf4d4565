//! The program itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Writes a module's text for one test.
fn module(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.wat"));
    fs::write(&path, text).expect("a file for the module");
    path
}

fn native_host(options: &[&str], file: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_native-host"));
    command.args(options).arg(file).args(args);
    command.output().expect("native-host starts")
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("text")
}

const IMPORTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)"#;

#[test]
fn runs_a_program() {
    let hello = module(
        "hello",
        &format!(
            r#"(module {IMPORTS} (data (i32.const 16) "\20\00\00\00\06\00\00\00") (data (i32.const 32) "hello\0a")
            (func (export "_start")
              (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0)))
              (drop (call $args (i32.const 0) (i32.const 4)))
              (call $exit (i32.add (i32.const 100) (i32.load (i32.const 0))))))"#
        ),
    );
    let output = native_host(&[], &hello, &["one", "--two"]);
    assert_eq!(stdout(&output), "hello\n");
    assert_eq!(output.status.code(), Some(103));
}

#[test]
fn gives_directories() {
    let first = module(
        "dirs",
        &format!(
            r#"(module {IMPORTS} (func (export "_start") (call $exit (call $prestat (i32.const 3) (i32.const 0)))))"#
        ),
    );
    let directory = format!("{}::/data", env!("CARGO_TARGET_TMPDIR"));
    assert_eq!(native_host(&["--dir", &directory], &first, &[]).status.code(), Some(0));
    // EBADF: nothing is given that was not asked for.
    assert_eq!(native_host(&[], &first, &[]).status.code(), Some(8));
    let output = native_host(&["--dir", "/no/such/directory"], &first, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        str::from_utf8(&output.stderr)
            .expect("text")
            .contains("--dir /no/such/directory")
    );
}

#[test]
fn explains_the_plan() {
    let start = module("plan", r#"(module (func (export "_start") unreachable))"#);
    let output = native_host(&["--plan"], &start, &[]);
    let explained: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(explained["plan"]["run"]["export"], "_start");
    assert_eq!(explained["origin"]["run"], "inferred");
}

#[test]
fn loads_a_library() {
    let library = module(
        "library",
        r#"(module (func (export "f")) (func (export "_initialize")))"#,
    );
    let output = native_host(&[], &library, &[]);
    assert_eq!((stdout(&output), output.status.code()), ("f\n_initialize\n", Some(0)));

    let output = native_host(&[], Path::new("no-such-file.wasm"), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        str::from_utf8(&output.stderr)
            .expect("text")
            .contains("no-such-file.wasm: ")
    );

    let broken = module("broken", r#"(module (func (export "_initialize") unreachable))"#);
    let output = native_host(&[], &broken, &[]);
    assert_eq!((stdout(&output), output.status.code()), ("", Some(1)));
    assert!(str::from_utf8(&output.stderr).expect("text").contains("unreachable"));
}

#[test]
fn says_how_it_is_used() {
    for arguments in [&["--nothing"][..], &["--dir"], &[]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_native-host"));
        let output = command.args(arguments).output().expect("native-host starts");
        assert_eq!(output.status.code(), Some(2));
        assert!(
            str::from_utf8(&output.stderr)
                .expect("text")
                .contains("Usage: native-host")
        );
    }
}
