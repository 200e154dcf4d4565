//! From the bytes of an `init` section to a [`Section`].

use crate::reader::Reader;
use crate::{
    Args, Bind, Error, IfMissing, InitPayload, Instance, Kind, Phase, Run, RunArgs, RunResult, Section, Select, Step,
    StepResult,
};

/// The version of the encoding.
pub(crate) const VERSION: u32 = 1;

/// The ids of the sub-sections.
pub(crate) mod id {
    pub(crate) const BIND: u8 = 1;
    pub(crate) const STEPS: u8 = 2;
    pub(crate) const RUN: u8 = 3;
    pub(crate) const HIDE: u8 = 4;
    /// Set in the ids of sub-sections that may be ignored when they are not known.
    pub(crate) const IGNORABLE: u8 = 0x80;
}

impl Section {
    /// Decodes the content of the `init` section of a module or component.
    ///
    /// # Errors
    ///
    /// A compile error with the offset, in the file, of the field that is wrong.
    pub fn decode(payload: &InitPayload, kind: Kind) -> Result<Section, Error> {
        let mut reader = Reader::new(&payload.bytes, payload.offset, "init section");
        let start = reader.offset();
        let version = reader.u32("the version")?;
        if version != VERSION {
            return Err(reader.error(start, format!("unknown version {version}; version {VERSION} is known")));
        }
        let mut section = Section::default();
        let mut last = None;
        while !reader.is_empty() {
            let start = reader.offset();
            let id = reader.u8("a sub-section id")?;
            match last {
                Some(last) if id == last => {
                    return Err(reader.error(start, format!("sub-section {id} is repeated")));
                }
                Some(last) if id < last => {
                    return Err(reader.error(start, format!("sub-section {id} is out of order, after {last}")));
                }
                _ => last = Some(id),
            }
            let name = match id {
                id::BIND => "the bind sub-section",
                id::STEPS => "the steps sub-section",
                id::RUN => "the run sub-section",
                id::HIDE => "the hide sub-section",
                _ if id & id::IGNORABLE != 0 => "an unknown sub-section",
                _ => {
                    return Err(reader.error(start, format!("unknown sub-section {id}, which must be understood")));
                }
            };
            if id == id::BIND && kind == Kind::Component {
                return Err(reader.error(start, "a component has no bind sub-section"));
            }
            let mut frame = reader.frame(name)?;
            match id {
                id::BIND => section.bind = Some(vec(&mut frame, "binds", bind)?),
                id::STEPS => section.steps = Some(vec(&mut frame, "steps", step)?),
                id::RUN => section.run = Some(run(&mut frame)?),
                id::HIDE => section.hide = Some(vec(&mut frame, "selections", select)?),
                _ => continue,
            }
            frame.end(name)?;
        }
        Ok(section)
    }
}

fn vec<'a, T>(
    reader: &mut Reader<'a>,
    what: &str,
    item: fn(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let count = reader.u32(&format!("the number of {what}"))?;
    // Nothing is reserved: the count is a claim, and the bytes run out soon enough if it is false.
    (0..count).map(|_| item(reader)).collect()
}

/// One of a few bytes, each with a meaning.
fn choice<T: Copy>(reader: &mut Reader<'_>, what: &str, choices: &[T]) -> Result<T, Error> {
    let start = reader.offset();
    let byte = reader.u8(what)?;
    choices.get(usize::from(byte)).copied().ok_or_else(|| {
        let last = choices.len() - 1;
        reader.error(
            start,
            format!("{what} is {byte:#04x}, and not one of 0x00 to {last:#04x}"),
        )
    })
}

fn bind(reader: &mut Reader<'_>) -> Result<Bind, Error> {
    Ok(Bind {
        service: reader.name("the service of a bind")?.to_owned(),
        memory: reader.name("the memory of a bind")?.to_owned(),
        table: reader.name("the table of a bind")?.to_owned(),
    })
}

fn step(reader: &mut Reader<'_>) -> Result<Step, Error> {
    Ok(Step {
        phase: choice(
            reader,
            "the phase of a step",
            &[Phase::Evaluate, Phase::Task, Phase::Dispose],
        )?,
        select: select(reader)?,
        args: args(reader)?,
        result: choice(
            reader,
            "the result of a step",
            &[StepResult::Ignore, StepResult::Namespace],
        )?,
        if_missing: choice(reader, "if_missing of a step", &[IfMissing::Error, IfMissing::Skip])?,
    })
}

fn select(reader: &mut Reader<'_>) -> Result<Select, Error> {
    let select = choice(reader, "the form of a selection", &[Select::Export, Select::Prefix])?;
    Ok(select(reader.name("the name of a selection")?.to_owned()))
}

fn args(reader: &mut Reader<'_>) -> Result<Args, Error> {
    Ok(match choice(reader, "the args of a step", &[0, 1, 2])? {
        0 => Args::None,
        1 => Args::Zeros,
        _ => Args::Service(reader.name("the service of a step")?.to_owned()),
    })
}

fn run(reader: &mut Reader<'_>) -> Result<Option<Run>, Error> {
    if !choice(reader, "the presence of an entry", &[false, true])? {
        return Ok(None);
    }
    Ok(Some(Run {
        export: reader.name("the export of the entry")?.to_owned(),
        args: choice(reader, "the args of the entry", &[RunArgs::None, RunArgs::Zeros])?,
        instance: choice(reader, "the instance of the entry", &[Instance::Same, Instance::Fresh])?,
        result: choice(
            reader,
            "the result of the entry",
            &[RunResult::None, RunResult::ExitCode],
        )?,
    }))
}
