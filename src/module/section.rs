//! The `init` section of a binary in a tool's hands.

use std::fmt::Display;

use wasmport_init_section::{self as init, Interface, Section};

use super::source::{self, Source};
use super::{describe, init_error};
use crate::error::{Class, Error, code};

/// What the section says, as JSON; none where the binary has no section.
pub fn section(source: &Source, file: &str) -> Result<Option<String>, Error> {
    let bytes = source.read()?;
    let bytes = source::binary(&bytes, file)?;
    let interface = Interface::parse(&bytes).map_err(|error| init_error(&error, file))?;
    let Some(payload) = &interface.init else {
        return Ok(None);
    };
    let section = Section::decode(payload, interface.kind).map_err(|error| init_error(&error, file))?;
    serde_json::to_string(&section).map(Some).map_err(Error::internal)
}

/// The binary with a section made of JSON, whose plan has to fit it. `json_file` is where messages say the JSON is from.
pub fn set_section(source: &Source, file: &str, json: &str, json_file: &str) -> Result<Vec<u8>, Error> {
    let bytes = source.read()?;
    source::check_binary(&bytes, file)?;
    let wrong = |why: &dyn Display| {
        let message = format!("{json_file} is not the JSON of an init section: {why}");
        Error::new(Class::TypeError, code::OPTION, message)
    };
    // Serde would take a list for an object, and its items for the fields in their order.
    if json.trim_start().starts_with('[') {
        return Err(wrong(&"expected an object with the parts of a plan, found a list"));
    }
    let section: Section = serde_json::from_str(json).map_err(|error| wrong(&error))?;
    let with = init::set_section(&bytes, &section).map_err(|error| init_error(&error, file))?;
    match describe(&with, file)?.plan {
        Ok(_) => Ok(with),
        Err(error) => Err(init_error(&error, file)),
    }
}

/// The binary without the section.
pub fn strip_section(source: &Source, file: &str) -> Result<Vec<u8>, Error> {
    let bytes = source.read()?;
    source::check_binary(&bytes, file)?;
    init::strip_section(&bytes).map_err(|error| init_error(&error, file))
}
