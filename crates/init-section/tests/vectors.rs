//! Runs every vector of `vectors/`; their form is described in `vectors/README.md`.

use std::path::Path;

use serde::Deserialize;
use wasmport_init_section::{
    Error, ErrorKind, InitPayload, Interface, Kind, Origin, Plan, Resolved, Section, resolve, set_section,
    strip_section,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    wat: Option<String>,
    hex: Option<String>,
    section: Option<Section>,
    payload: Option<String>,
    #[serde(default)]
    strip: bool,
    plan: Option<Plan>,
    origin: Option<Origin>,
    error: Option<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    kind: String,
    offset: Option<usize>,
    contains: Vec<String>,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        let plain = match (&self.wat, &self.hex) {
            (Some(wat), None) => wat::parse_str(wat).expect("the vector's text"),
            (None, Some(hex)) => self::hex(hex),
            _ => panic!("a vector has either wat or hex"),
        };
        let mut bytes = plain.clone();
        if let Some(section) = &self.section {
            bytes = set_section(&plain, section).expect("the section can be set");
        }
        if let Some(payload) = &self.payload {
            let content = [b"\x04init", &*self::hex(payload)].concat();
            assert!(content.len() < 128, "one byte is enough for the size");
            bytes.extend([0, content.len() as u8]);
            bytes.extend(content);
        }
        if self.strip {
            bytes = strip_section(&bytes).expect("the section can be stripped");
            assert_eq!(bytes, plain, "nothing but the section is gone");
        }
        bytes
    }

    fn check(&self) {
        let bytes = self.bytes();
        let found = Interface::parse(&bytes).and_then(|interface| resolve(&interface));
        match (&self.plan, &self.origin, &self.error) {
            (Some(plan), Some(origin), None) => {
                let expected = Resolved {
                    plan: plan.clone(),
                    origin: *origin,
                };
                assert_eq!(found, Ok(expected));
            }
            (None, None, Some(expected)) => expected.check(&found.expect_err("an error")),
            _ => panic!("a vector has either a plan and its origin, or an error"),
        }
    }
}

impl Expected {
    fn check(&self, error: &Error) {
        let kind = match error.kind() {
            ErrorKind::Compile => "compile",
            ErrorKind::Link => "link",
        };
        assert_eq!(kind, self.kind, "{error}");
        assert_eq!(error.offset().is_some(), error.kind() == ErrorKind::Compile, "{error}");
        if self.offset.is_some() {
            assert_eq!(error.offset(), self.offset, "{error}");
        }
        for part in &self.contains {
            assert!(error.reason().contains(part), "{part:?} is not in: {error}");
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    let bytes = text.split_whitespace();
    bytes
        .map(|byte| u8::from_str_radix(byte, 16).expect("a byte in hexadecimal"))
        .collect()
}

fn run(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    let text = std::fs::read_to_string(path).expect("the file of vectors");
    let vectors: Vec<Vector> = serde_json::from_str(&text).expect("vectors");
    assert!(!vectors.is_empty());
    let mut failed = Vec::new();
    for vector in &vectors {
        if std::panic::catch_unwind(|| vector.check()).is_err() {
            failed.push(&vector.name);
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {} failed: {failed:#?}",
        failed.len(),
        vectors.len()
    );
}

#[test]
fn infer_bind() {
    run("infer-bind.json");
}

#[test]
fn infer_steps() {
    run("infer-steps.json");
}

#[test]
fn infer_run() {
    run("infer-run.json");
}

#[test]
fn overrides() {
    run("override.json");
}

#[test]
fn link_errors() {
    run("link-errors.json");
}

#[test]
fn decode_errors() {
    run("decode-errors.json");
}

#[test]
fn malformed() {
    run("malformed.json");
}

/// The JSON form is part of the specification, so the text is compared and not only what it means to serde.
#[test]
fn plan_as_json() {
    let text = r#"{"bind":[{"service":"napi","memory":"","table":"t"}],"steps":[{"phase":"dispose","select":{"prefix":"a"},"args":{"service":"napi"},"result":"namespace","if_missing":"skip"},{"phase":"task","select":{"export":"b"},"args":"zeros","result":"ignore","if_missing":"error"}],"run":{"export":"","args":"none","instance":"fresh","result":"exit-code"},"hide":[{"export":"b"}]}"#;
    let plan: Plan = serde_json::from_str(text).expect("a plan");
    assert_eq!(serde_json::to_string(&plan).expect("JSON"), text);
    assert_eq!(
        serde_json::to_string(&Plan::default()).expect("JSON"),
        r#"{"bind":[],"steps":[],"run":null,"hide":[]}"#
    );
}

/// As JSON, a part that is absent and one that is empty are two things.
#[test]
fn section_as_json() {
    for text in ["{}", r#"{"run":null}"#, r#"{"bind":[],"hide":[]}"#] {
        let section: Section = serde_json::from_str(text).expect("a section");
        assert_eq!(serde_json::to_string(&section).expect("JSON"), text);
        let payload = InitPayload {
            offset: 0,
            bytes: section.encode(),
        };
        assert_eq!(Section::decode(&payload, Kind::Module), Ok(section));
    }
    for text in [
        r#"{"bind":null}"#,
        r#"{"runs":null}"#,
        r#"{"steps":[{"phase":"later","select":{"export":"a"}}]}"#,
    ] {
        assert!(serde_json::from_str::<Section>(text).is_err(), "{text}");
    }
}

#[test]
fn a_section_replaces_the_one_before() {
    let wasm = wat::parse_str(r#"(module (@custom "init" (before first) "\01\04\01\00") (func (export "f")))"#)
        .expect("a module");
    let section: Section = serde_json::from_str(r#"{"run":null}"#).expect("a section");
    let changed = set_section(&wasm, &section).expect("a module");
    let init = Interface::parse(&changed).expect("a module").init.expect("a section");
    assert_eq!(init.bytes, section.encode());
    assert_eq!(init.bytes, &changed[init.offset..]);
}

#[test]
fn a_component_takes_no_bind() {
    let component = wat::parse_str("(component)").expect("a component");
    let section: Section = serde_json::from_str(r#"{"bind":[]}"#).expect("a section");
    let error = set_section(&component, &section).expect_err("no bind");
    assert_eq!(error.kind(), ErrorKind::Link);
}
