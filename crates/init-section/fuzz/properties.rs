//! What holds for any bytes. The fuzz target, the example that fuzzes without a fuzzer, and the tests check the same.

use wasmport_init_section::{
    Error, ErrorKind, InitPayload, Interface, Kind, Section, outline, resolve, set_section, strip_section,
};

/// Reads the bytes as a binary, in every way there is. Whether it has a plan.
pub fn binary(bytes: &[u8]) -> bool {
    let interface = Interface::parse(bytes);
    let resolved = interface.as_ref().map_err(Clone::clone).and_then(resolve);
    if let Err(error) = &resolved {
        typed(error, 0, bytes.len());
    }
    if let Ok(interface) = &interface {
        for offset in interface.imports.iter().map(|import| import.offset) {
            assert!(offset < bytes.len());
        }
        for offset in interface.exports.iter().map(|export| export.offset) {
            assert!(offset < bytes.len());
        }
        if interface.kind == Kind::Module {
            let kept = outline(bytes).expect("what can be parsed has an outline");
            assert_eq!(Interface::parse_outline(&kept).as_ref(), Ok(interface));
        }
        if let Some(payload) = &interface.init {
            section(&payload.bytes, payload.offset);
        }
    }
    change(bytes);
    resolved.is_ok()
}

/// Reads the bytes as the content of an `init` section that stands at this offset. What it says, if anything.
pub fn section(bytes: &[u8], offset: usize) -> Option<Section> {
    let decode = |bytes: Vec<u8>, kind| Section::decode(&InitPayload { offset, bytes }, kind);
    match decode(bytes.to_vec(), Kind::Module) {
        Ok(section) => {
            // The shortest encoding of what was understood means the same.
            assert_eq!(decode(section.encode(), Kind::Module).as_ref(), Ok(&section));
            let in_component = decode(bytes.to_vec(), Kind::Component);
            assert_eq!(in_component.is_ok(), section.bind.is_none());
            Some(section)
        }
        Err(error) => {
            typed(&error, offset, offset + bytes.len());
            None
        }
    }
}

/// Compile errors, and no others, have an offset, and it is one of what was read or right behind it.
fn typed(error: &Error, start: usize, end: usize) {
    match (error.kind(), error.offset()) {
        (ErrorKind::Compile, Some(offset)) => assert!((start..=end).contains(&offset), "{error}"),
        (ErrorKind::Link, None) => {}
        _ => panic!("{error:?}"),
    }
}

/// Puts a section in and takes it out: all other sections stay as they are, byte for byte.
fn change(bytes: &[u8]) {
    let hide_nothing = Section {
        hide: Some(Vec::new()),
        ..Section::default()
    };
    let (stripped, set) = match (strip_section(bytes), set_section(bytes, &hide_nothing)) {
        (Ok(stripped), Ok(set)) => (stripped, set),
        (Err(error), Err(same)) => {
            assert_eq!(error, same);
            return typed(&error, 0, bytes.len());
        }
        (one, other) => panic!("{one:?} and {other:?}"),
    };
    let mut others = split(bytes);
    others.retain(|section| !is_init(section));
    assert_eq!([&bytes[..8], &others.concat()].concat(), stripped);
    let added = [b"\0\x09\x04init", &*hide_nothing.encode()].concat();
    assert_eq!([stripped, added].concat(), set);
}

/// The sections of a binary that is known to have them, read without the help of what is tested.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut sections = Vec::new();
    let mut rest = &bytes[8..];
    while !rest.is_empty() {
        let (size, body) = integer(&rest[1..]);
        let length = rest.len() - body.len() + size;
        let (section, after) = rest.split_at(length);
        sections.push(section);
        rest = after;
    }
    sections
}

fn is_init(section: &[u8]) -> bool {
    let (_, body) = integer(&section[1..]);
    section[0] == 0 && {
        let (length, name) = integer(body);
        &name[..length] == b"init"
    }
}

fn integer(bytes: &[u8]) -> (usize, &[u8]) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, &bytes[index + 1..]);
        }
    }
    panic!("an integer without an end");
}
