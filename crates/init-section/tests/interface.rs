//! What is read from a binary, and its JSON form.

use serde_json::{Value, json};
use wasmport_init_section::{Interface, Kind, MemorySource, Select, outline};

fn parse(wat: &str) -> Interface {
    let bytes = wat::parse_str(wat).expect("the text of a binary");
    Interface::parse(&bytes).expect("an interface")
}

/// Without the offsets, which have a test of their own.
fn json(wat: &str) -> Value {
    let mut interface = serde_json::to_value(parse(wat)).expect("JSON");
    for list in ["imports", "exports"] {
        for item in interface[list].as_array_mut().expect("a list") {
            let offset = item.as_object_mut().and_then(|item| item.remove("offset"));
            assert!(offset.is_some_and(|offset| offset.is_u64()));
        }
    }
    interface
}

#[test]
fn imports_and_exports_of_every_kind() {
    let found = json(
        r#"(module $named
            (import "m" "f" (func (param i32 i64 f32 f64 v128) (result externref)))
            (import "m" "mem" (memory 1 2 shared))
            (import "m" "t" (table 1 9 funcref))
            (import "m" "g" (global (mut i64)))
            (import "m" "tag" (tag (param i32)))
            (func (export "func") (result i32 i32) i32.const 0 i32.const 0)
            (memory (export "memory") i64 3)
            (table (export "table") i64 2 externref)
            (global (export "global") f64 (f64.const 0))
            (tag (export "tag")))"#,
    );
    let function = |parameters: Value, results: Value| json!({ "parameters": parameters, "results": results });
    assert_eq!(
        found,
        json!({
            "kind": "module",
            "imports": [
                { "module": "m", "name": "f", "kind": "function",
                  "type": function(json!(["i32", "i64", "f32", "f64", "v128"]), json!(["externref"])) },
                { "module": "m", "name": "mem", "kind": "memory",
                  "type": { "minimum": 1, "maximum": 2, "shared": true, "address": "i32" } },
                { "module": "m", "name": "t", "kind": "table",
                  "type": { "element": "funcref", "minimum": 1, "maximum": 9, "address": "i32" } },
                { "module": "m", "name": "g", "kind": "global", "type": { "value": "i64", "mutable": true } },
                { "module": "m", "name": "tag", "kind": "tag", "type": { "parameters": ["i32"] } },
            ],
            "exports": [
                { "name": "func", "kind": "function", "type": function(json!([]), json!(["i32", "i32"])) },
                { "name": "memory", "kind": "memory", "type": { "minimum": 3, "shared": false, "address": "i64" } },
                { "name": "table", "kind": "table",
                  "type": { "element": "externref", "minimum": 2, "address": "i64" } },
                { "name": "global", "kind": "global", "type": { "value": "f64", "mutable": false } },
                { "name": "tag", "kind": "tag", "type": { "parameters": [] } },
            ],
            "name": "named",
        })
    );
}

#[test]
fn types_of_newer_proposals() {
    let interface = parse(
        r#"(module
            (rec (type $s (struct (field (mut i32)) (field (ref null $s)))) (type $a (sub (array (mut i8)))))
            (type $f (func (param (ref $s) (ref null $a) anyref i31ref) (result (ref null func) (ref extern))))
            (type $shared (shared (struct)))
            (type $k (func)) (type $c (cont $k))
            (memory (export "page") 0 (pagesize 1))
            (memory (export "shared64") i64 1 1 shared)
            (global (export "any") anyref (ref.null any))
            (global (export "exn") exnref (ref.null exn))
            (global (export "none") nullref (ref.null none))
            (table (export "typed") 1 (ref $s) (struct.new_default $s))
            (func (export "gc") (type $f) unreachable)
            (func (export "shared") (param (ref null (shared any))))
            (tag (export "thrown") (param externref i64)))"#,
    );
    let types: Vec<String> = interface
        .exports
        .iter()
        .map(|export| serde_json::to_value(&export.ty).expect("JSON")["type"].to_string())
        .collect();
    assert_eq!(
        types,
        [
            r#"{"address":"i32","minimum":0,"pageSize":1,"shared":false}"#,
            r#"{"address":"i64","maximum":1,"minimum":1,"shared":true}"#,
            r#"{"mutable":false,"value":"anyref"}"#,
            r#"{"mutable":false,"value":"exnref"}"#,
            r#"{"mutable":false,"value":"nullref"}"#,
            r#"{"address":"i32","element":"(ref 0)","minimum":1}"#,
            r#"{"parameters":["(ref 0)","(ref null 1)","anyref","i31ref"],"results":["funcref","(ref extern)"]}"#,
            r#"{"parameters":["(shared anyref)"],"results":[]}"#,
            r#"{"parameters":["externref","i64"]}"#,
        ]
    );
}

#[test]
fn a_component() {
    let found = json(
        r#"(component $named
            (import "host" (func $host))
            (import "wasi:cli/environment@0.2.0" (instance $environment))
            (core module $m (@custom "init" "\ff") (func (export "inner")))
            (export "call" (func $host))
            (export "wasi:cli/again@0.2.0" (instance $environment))
            (export "code" (core module $m)))"#,
    );
    assert_eq!(
        found,
        json!({
            "kind": "component",
            "imports": [
                { "module": "", "name": "host", "kind": "function" },
                { "module": "", "name": "wasi:cli/environment@0.2.0", "kind": "instance" },
            ],
            "exports": [
                { "name": "call", "kind": "function" },
                { "name": "wasi:cli/again@0.2.0", "kind": "instance" },
                { "name": "code", "kind": "module" },
            ],
            "name": "named",
        })
    );
}

#[test]
fn producers_are_hints() {
    let interface = parse(
        r#"(module (@producers (language "Rust" "2024") (processed-by "rustc" "1.95.0") (processed-by "wasm-opt" "")))"#,
    );
    let producers = interface.producers.iter();
    let found: Vec<_> = producers.map(|p| (&*p.field, &*p.name, &*p.version)).collect();
    assert_eq!(
        found,
        [
            ("language", "Rust", "2024"),
            ("processed-by", "rustc", "1.95.0"),
            ("processed-by", "wasm-opt", "")
        ]
    );
    let damaged = parse(r#"(module (@custom "producers" "\ff") (@custom "name" "\00\ff"))"#);
    assert!(damaged.producers.is_empty());
    assert_eq!(damaged.name, None);
}

/// An entry starts with the name of the module for an import, with its own name for an export; in a component, one
/// byte with the form of the name comes before.
#[test]
fn offsets_are_those_of_the_entries() {
    let entry = |bytes: &[u8], offset: usize, name: &str| {
        let length = usize::from(bytes[offset]);
        assert_eq!(&bytes[offset + 1..][..length], name.as_bytes());
    };
    let module = wat::parse_str(
        r#"(module (type (struct)) (import "one" "a" (memory 1)) (import "two" "b" (func))
            (func) (export "c" (func 0)) (export "d" (memory 0)))"#,
    );
    let module = module.expect("a module");
    let interface = Interface::parse(&module).expect("an interface");
    for import in &interface.imports {
        entry(&module, import.offset, &import.module);
    }
    for export in &interface.exports {
        entry(&module, export.offset, &export.name);
    }
    let component = wat::parse_str(
        r#"(component (import "host" (func $host)) (import "other" (func)) (export "x" (func $host)) (export "y" (func $host)))"#,
    );
    let component = component.expect("a component");
    let interface = Interface::parse(&component).expect("an interface");
    for import in &interface.imports {
        entry(&component, import.offset + 1, &import.name);
    }
    for export in &interface.exports {
        entry(&component, export.offset + 1, &export.name);
    }
}

#[test]
fn an_outline_tells_the_same_as_the_module() {
    let module = |extra: &str| {
        let text = format!(
            r#"(module $named (@custom "debug" (before first) "abc") (import "m" "i" (func))
                (@custom "x" (after import) "") (func $local) (table 1 funcref) (elem (i32.const 0) 0)
                (memory 1) (export "memory" (memory 0)) (export "f" (func 1)) (data "{}")
                (@producers (language "Rust" "2024")) (@custom "init" "\01\03\01\00") (@custom "last" "") {extra})"#,
            "bulk".repeat(100)
        );
        wat::parse_str(text).expect("a module")
    };
    let bytes = module("");
    let kept = outline(&bytes).expect("an outline");
    assert!(kept.len() < bytes.len() / 2);
    let interface = Interface::parse_outline(&kept);
    assert_eq!(interface, Interface::parse(&bytes));
    assert_eq!(interface.expect("an interface").name.as_deref(), Some("named"));

    // Neither a module that is like its outline, nor one with a section that could be taken for the mark of a gap.
    let tiny =
        wat::parse_str(r#"(module (@custom "" "\7f") (func (export "f")) (@custom "init" "\02"))"#).expect("a module");
    let kept = outline(&tiny).expect("an outline");
    assert_eq!(Interface::parse_outline(&kept), Interface::parse(&tiny));

    let twice = module(r#"(@custom "init" "")"#);
    let kept = outline(&twice).expect("an outline");
    assert_eq!(Interface::parse_outline(&kept), Interface::parse(&twice));
}

#[test]
fn the_section_stays_undecoded() {
    let interface = parse(r#"(module (@custom "init" "\02\03"))"#);
    let init = interface.init.expect("a section");
    assert_eq!((init.offset, &*init.bytes), (15, &b"\x02\x03"[..]));
    assert_eq!(interface.kind, Kind::Module);
}

#[test]
fn selections_are_in_export_order() {
    let interface = parse(r#"(module (func (export "p_b")) (func (export "q")) (func (export "p_a")))"#);
    let matches = |select: Select| select.matches(&interface).join(" ");
    assert_eq!(matches(Select::Prefix("p_".into())), "p_b p_a");
    assert_eq!(matches(Select::Prefix(String::new())), "p_b q p_a");
    assert_eq!(matches(Select::Export("q".into())), "q");
    assert_eq!(matches(Select::Export("p_".into())), "");
}

#[test]
fn the_memory_of_a_bind() {
    let interface = parse(r#"(module (import "env" "memory" (memory 1)) (memory (export "m") 1))"#);
    let name = |memory: &str| match interface.memory(memory) {
        Ok(MemorySource::Export(export)) => export.name.clone(),
        Ok(MemorySource::Import(import)) => format!("{} {}", import.module, import.name),
        Err(error) => error.reason().to_owned(),
    };
    assert_eq!(name("m"), "m");
    assert_eq!(name(""), "m");
    assert!(name("memory").contains("\"memory\""));
    let imported = parse(r#"(module (import "env" "memory" (memory 1)))"#);
    assert!(matches!(imported.memory(""), Ok(MemorySource::Import(import)) if import.name == "memory"));
}
