//! The directory in which a guest begins.
//!
//! Preview 1 has none, so programs look for it in two places: the variable `PWD`, and a preopened
//! directory of the name `.`, by which the C library resolves relative paths.

use cap_std::fs::{Dir as Root, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;

use super::dir::Dir;
use super::options::Error;

/// Opens `path` of the guest by the preopened directory that it is in.
pub fn open(path: &str, preopens: &[Dir]) -> Result<Dir, Error> {
    let outside = || Error::Option {
        option: "cwd".into(),
        reason: "is in none of the preopened directories",
    };
    let wanted = Path::new(path).ok_or_else(outside)?;
    let within = preopens.iter().filter_map(|dir| {
        let preopen = Path::new(dir.preopen.as_deref()?)?;
        let rest = wanted.below(&preopen)?;
        Some((dir, rest))
    });
    // Where several are around it, the closest one counts, as it does for the guest.
    let (dir, rest) = within.min_by_key(|(_, rest)| rest.len()).ok_or_else(outside)?;
    let rest = match rest {
        [] => ".".to_owned(),
        names => names.join("/"),
    };
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlags::DIRECTORY.bits().cast_signed());
    let opened = dir.root().open_with(rest, &options).map_err(|error| Error::Cwd {
        path: path.to_owned(),
        error,
    })?;
    let root = Root::from_std_file(opened.into_std());
    Ok(Dir::new(root, dir.is_writable(), Some(".".into())))
}

/// A path of the guest, with `.` and `..` taken out.
struct Path<'a> {
    is_absolute: bool,
    names: Vec<&'a str>,
}

impl<'a> Path<'a> {
    /// `None` for a path that leads above where it begins.
    fn new(path: &'a str) -> Option<Path<'a>> {
        let is_absolute = path.starts_with('/');
        let mut names = Vec::new();
        for name in path.split('/') {
            match name {
                "" | "." => {}
                ".." if names.pop().is_none() && !is_absolute => return None,
                ".." => {}
                name => names.push(name),
            }
        }
        Some(Path { is_absolute, names })
    }

    /// What remains of the path below `other`.
    fn below(&self, other: &Path<'_>) -> Option<&[&'a str]> {
        match self.is_absolute == other.is_absolute {
            true if self.names.starts_with(&other.names) => Some(&self.names[other.names.len()..]),
            _ => None,
        }
    }
}
