//! What the guest macro makes of a plan is what this crate makes of it.

use wasmport_init_section::Section;

mod emitted {
    wasmport_init_section_guest::init_section! {
        Section::new()
            .steps(&[Step::evaluate(Select::Export("setup"))])
            .hide(&[Select::Export("setup")])
    }

    pub fn bytes() -> &'static [u8] {
        &WASM_INIT_SECTION
    }
}

/// Encodes the guest's plan in a constant, and compares with that of the text.
macro_rules! same {
    ($text:expr, $section:expr) => {{
        use wasmport_init_section_guest::*;
        const LENGTH: usize = $section.encoded_len();
        const BYTES: [u8; LENGTH] = $section.encode();
        let expected: wasmport_init_section::Section = serde_json::from_str($text).expect("a section");
        assert_eq!(BYTES[..], expected.encode()[..], "{}", $text);
    }};
}

#[test]
fn the_macro_emits_the_section() {
    let text =
        r#"{ "steps": [{ "phase": "evaluate", "select": { "export": "setup" } }], "hide": [{ "export": "setup" }] }"#;
    let expected: Section = serde_json::from_str(text).expect("a section");
    assert_eq!(emitted::bytes(), expected.encode());
}

#[test]
fn absent_and_empty_parts() {
    same!("{}", Section::new());
    same!(r#"{ "bind": [] }"#, Section::new().bind(&[]));
    same!(r#"{ "steps": [] }"#, Section::new().steps(&[]));
    same!(r#"{ "run": null }"#, Section::new().no_run());
    same!(r#"{ "hide": [] }"#, Section::new().hide(&[]));
    same!(
        r#"{ "bind": [], "steps": [], "run": null, "hide": [] }"#,
        Section::new().hide(&[]).no_run().steps(&[]).bind(&[])
    );
}

#[test]
fn binds() {
    same!(
        r#"{ "bind": [{ "service": "a" }, { "service": "b", "memory": "m" }, { "service": "c", "table": "t" },
                      { "service": "", "memory": "é", "table": "🦀" }] }"#,
        Section::new().bind(&[
            Bind::new("a"),
            Bind::new("b").memory("m"),
            Bind::new("c").table("t"),
            Bind::new("").memory("é").table("🦀"),
        ])
    );
}

#[test]
fn steps() {
    same!(
        r#"{ "steps": [
            { "phase": "evaluate", "select": { "export": "a" } },
            { "phase": "task", "select": { "prefix": "b_" } },
            { "phase": "dispose", "select": { "export": "" } },
            { "phase": "evaluate", "select": { "export": "c" }, "args": "zeros" },
            { "phase": "evaluate", "select": { "export": "d" }, "args": { "service": "napi" } },
            { "phase": "evaluate", "select": { "export": "e" }, "args": { "service": "s" }, "result": "namespace" },
            { "phase": "evaluate", "select": { "export": "f" }, "if_missing": "skip" },
            { "phase": "task", "select": { "prefix": "" }, "args": { "service": "s" }, "result": "namespace",
              "if_missing": "skip" }] }"#,
        Section::new().steps(&[
            Step::evaluate(Select::Export("a")),
            Step::task(Select::Prefix("b_")),
            Step::dispose(Select::Export("")),
            Step::evaluate(Select::Export("c")).zeros(),
            Step::evaluate(Select::Export("d")).args_from("napi"),
            Step::evaluate(Select::Export("e")).args_from("s").namespace(),
            Step::evaluate(Select::Export("f")).skip_if_missing(),
            Step::task(Select::Prefix(""))
                .args_from("s")
                .namespace()
                .skip_if_missing(),
        ])
    );
}

#[test]
fn runs() {
    same!(
        r#"{ "run": { "export": "main", "instance": "same", "result": "none" } }"#,
        Section::new().run(Run::same("main"))
    );
    same!(
        r#"{ "run": { "export": "_start", "instance": "fresh", "result": "exit-code" } }"#,
        Section::new().run(Run::fresh("_start").exit_code())
    );
    same!(
        r#"{ "run": { "export": "main", "args": "zeros", "instance": "same", "result": "exit-code" } }"#,
        Section::new().run(Run::same("main").zeros().exit_code())
    );
}

#[test]
fn selections() {
    same!(
        r#"{ "hide": [{ "prefix": "a_" }, { "export": "b" }, { "prefix": "" }] }"#,
        Section::new().hide(&[Select::Prefix("a_"), Select::Export("b"), Select::Prefix("")])
    );
}

/// Sizes and counts that need more than one byte.
#[test]
fn long_lists_and_names() {
    const NAME: &str = match std::str::from_utf8(&[b'n'; 300]) {
        Ok(name) => name,
        Err(_) => "",
    };
    same!(
        &format!(
            r#"{{ "hide": [{}] }}"#,
            vec![format!(r#"{{ "export": "{NAME}" }}"#); 130].join(",")
        ),
        Section::new().hide(&[Select::Export(NAME); 130])
    );
}
