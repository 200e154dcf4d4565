//! A guess at what made a binary, and what to do about one that needs a program of its own to be started.

use serde::Serialize;
use wasmport_init_section::{ExternType, Interface, Producer};

/// What seems to have made a binary. A hint for people: nothing is decided by it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Toolchain {
    pub name: String,
    /// What to do where the binary cannot be loaded by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
}

/// Something in the imports and exports that only one toolchain makes.
struct Mark {
    /// Begins with the language, where the mark tells it.
    name: &'static str,
    advice: Option<&'static str>,
    is_in: fn(&Interface) -> bool,
}

/// Guesses by imports, exports and the `producers` section.
pub fn toolchain(interface: &Interface) -> Option<Toolchain> {
    let mark = MARKS.iter().find(|mark| (mark.is_in)(interface));
    let mut name: Vec<String> = Vec::new();
    for language in producers(interface, &["language"]) {
        // As debug information names them: `C_plus_plus_14`.
        let language = language.name.replace("_plus_plus_", "++");
        if !mark.is_some_and(|mark| mark.name.starts_with(&language)) {
            name.push(language);
        }
    }
    name.extend(mark.map(|mark| mark.name.to_owned()));
    let tools: Vec<_> = producers(interface, &["processed-by", "sdk"]).map(tool).collect();
    let name = match (name.is_empty(), tools.is_empty()) {
        (true, true) => return None,
        (true, false) => tools.join(", "),
        (false, true) => name.join(", "),
        (false, false) => format!("{} ({})", name.join(", "), tools.join(", ")),
    };
    Some(Toolchain {
        // It may be printed to a terminal, which would obey what the file says.
        name: name.replace(char::is_control, " "),
        advice: mark.and_then(|mark| mark.advice),
    })
}

fn producers<'a>(interface: &'a Interface, fields: &[&str]) -> impl Iterator<Item = &'a Producer> {
    let producers = interface.producers.iter();
    producers.filter(|producer| fields.contains(&producer.field.as_str()))
}

/// Its name and version, without the commit and date that may follow.
fn tool(Producer { name, version, .. }: &Producer) -> String {
    match version.split(' ').next() {
        None | Some("") => name.clone(),
        Some(version) => format!("{name} {version}"),
    }
}

/// The first that is found counts: what needs advice stands before what is like it and does not.
static MARKS: &[Mark] = &[
    Mark {
        name: "Go for JavaScript hosts",
        advice: Some(
            "it is started by Go's wasm_exec.js; to load it without, build it with GOOS=wasip1 GOARCH=wasm, \
             a library also with -buildmode=c-shared and //go:wasmexport",
        ),
        // The module was called `go` before Go 1.21.
        is_in: |it| (it.imports_from("gojs") || it.imports_from("go")) && it.export("getsp").is_some(),
    },
    Mark {
        name: "TinyGo for JavaScript hosts",
        advice: Some(
            "it is started by TinyGo's wasm_exec.js; to load it without, build it with -target=wasip1, \
             a library also with -buildmode=c-shared",
        ),
        is_in: |it| it.imports_from("gojs"),
    },
    Mark {
        name: "Dart by dart2wasm",
        advice: Some("it is started by the .mjs file that dart2wasm makes beside it: import that one"),
        is_in: |it| it.imports_from("dart2wasm"),
    },
    Mark {
        name: "Kotlin for JavaScript hosts",
        advice: Some(
            "it is started by the .mjs file that Kotlin makes beside it: import that one, or build for the wasmWasi target",
        ),
        is_in: |it| it.imports_from("js_code"),
    },
    Mark {
        name: "Haskell by GHC, with JavaScript imports",
        advice: Some(
            "its module ghc_wasm_jsffi is made by GHC's post-link.mjs, which is given the exports after instantiation",
        ),
        is_in: |it| it.imports_from("ghc_wasm_jsffi"),
    },
    Mark {
        name: "Haskell by GHC",
        advice: None,
        is_in: |it| it.export("hs_init").is_some(),
    },
    Mark {
        name: "Swift with JavaScriptKit",
        advice: Some("it is started by the JavaScript that JavaScriptKit's PackageToJS makes: import that"),
        is_in: |it| it.imports_from("javascript_kit"),
    },
    Mark {
        name: "Rust, before wasm-bindgen",
        advice: Some("it is not finished: run wasm-bindgen (or wasm-pack) on it, with --target bundler to import it"),
        is_in: |it| exports_any(it, "__wbindgen_describe"),
    },
    Mark {
        name: "Rust with wasm-bindgen for bundlers",
        advice: Some("its imports are in the _bg.js file beside it: import the package, which connects the two"),
        is_in: |it| imports_any(it, |module, name| module.ends_with("_bg.js") && is_wasm_bindgen(name)),
    },
    Mark {
        name: "Rust with wasm-bindgen",
        advice: Some(
            "its imports are in the .js file that wasm-bindgen made for it: import that one (wasmport/global puts it \
             on Wasmtime), or build it with --target bundler",
        ),
        is_in: |it| imports_any(it, |_, name| is_wasm_bindgen(name)),
    },
    Mark {
        name: "napi-rs, with Node-API",
        advice: None,
        is_in: |it| exports_any(it, "__napi_register__") || it.export("napi_register_module_v1").is_some(),
    },
    Mark {
        name: "emnapi, with Node-API",
        advice: None,
        is_in: |it| {
            imports_any(it, |module, name| {
                module == "emnapi" || name.starts_with("napi_") || name.starts_with("node_api_")
            })
        },
    },
    Mark {
        name: "Javy, linked dynamically",
        advice: Some("load Javy's plugin first, and give its exports for the imports from it"),
        is_in: |it| imports_any(it, |module, _| module.starts_with("javy")),
    },
    Mark {
        name: "WASIX",
        advice: Some("it needs the system calls of Wasmer; build it for WASI preview 1 (wasm32-wasip1)"),
        is_in: |it| imports_any(it, |module, _| module.starts_with("wasix_")),
    },
    Mark {
        name: "AssemblyScript",
        advice: Some(
            "its bindings (asc --bindings) give env.abort; without them give a function for it, \
             or compile with --use abort=",
        ),
        is_in: |it| {
            // A message, a file, a line and a column.
            let is_abort = |ty: &ExternType| matches!(ty, ExternType::Func { params, .. } if params.len() == 4);
            let mut imports = it.imports.iter();
            imports.any(|item| item.module == "env" && item.name == "abort" && is_abort(&item.ty))
        },
    },
    Mark {
        name: "AssemblyScript",
        advice: None,
        is_in: |it| it.export("__new").is_some() && it.export("__unpin").is_some(),
    },
    Mark {
        name: "Grain",
        advice: None,
        is_in: |it| exports_any(it, "GRAIN$"),
    },
    Mark {
        name: "Emscripten, with minified imports",
        advice: Some(EMSCRIPTEN),
        // Its minifier calls the one module, and what is in it and in the exports, a, b, c.
        is_in: |it| {
            let short = |name: &str| (1..=2).contains(&name.len());
            it.imports.first().is_some_and(|first| first.name == "a")
                && !imports_any(it, |module, name| module != "a" || !short(name))
                && !it.exports.is_empty()
                && it.exports.iter().all(|export| short(&export.name))
        },
    },
    Mark {
        name: "Emscripten",
        advice: Some(EMSCRIPTEN),
        is_in: |it| imports_any(it, |module, name| module == "env" && is_emscripten(name)),
    },
    Mark {
        name: "Emscripten, standalone",
        advice: Some("it tells env.emscripten_notify_memory_growth that its memory grew: give a function for that"),
        is_in: |it| imports_any(it, |_, name| name == GROWTH),
    },
    Mark {
        name: "wasm-ld -shared (dylink.0)",
        advice: Some(
            "it is linked, when it is loaded, by the program that it is a library of: \
             let that one load it, or link it statically",
        ),
        is_in: |it| {
            imports_any(it, |module, name| {
                module.starts_with("GOT.") || matches!(name, "__memory_base" | "__table_base")
            })
        },
    },
    Mark {
        name: "Emscripten",
        advice: None,
        is_in: |it| exports_any(it, "_emscripten_stack"),
    },
];

const EMSCRIPTEN: &str = "it is started by the .js file that Emscripten made for it: import that one (wasmport/global \
     puts it on Wasmtime), or build it with -sSTANDALONE_WASM";

/// The one import that a standalone module of Emscripten can have beside WASI.
const GROWTH: &str = "emscripten_notify_memory_growth";

fn imports_any(interface: &Interface, is: impl Fn(&str, &str) -> bool) -> bool {
    interface.imports.iter().any(|import| is(&import.module, &import.name))
}

fn exports_any(interface: &Interface, prefix: &str) -> bool {
    interface.exports.iter().any(|export| export.name.starts_with(prefix))
}

fn is_wasm_bindgen(name: &str) -> bool {
    name.starts_with("__wbg_") || name.starts_with("__wbindgen_")
}

/// Functions of its system and C++ libraries, and what its glue calls through.
fn is_emscripten(name: &str) -> bool {
    const PREFIXES: [&str; 7] = [
        "emscripten_",
        "_emscripten_",
        "__syscall_",
        "_embind_",
        "_emval_",
        "invoke_",
        "__cxa_",
    ];
    (PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && name != GROWTH)
        || matches!(name, "_abort_js" | "__assert_fail" | "segfault" | "alignfault")
}
