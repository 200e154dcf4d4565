//! A directory that the guest may use, with all that is below it and nothing else.

use std::sync::{Mutex, PoisonError};

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir as Root, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{AtFlags, FileType, OFlags, statat};
use wasmtime_wasi::p1::types::{Errno, Fdflags, Filestat, Filetype, Oflags};

use super::errno::{Fault, Result};
use super::file::{File, Handle};
use super::filestat;
use super::listing::Listing;
use super::times::Times;

pub struct Dir {
    /// Resolves paths, and lets none of them out.
    root: Root,
    /// Whether what is in it may be changed.
    writable: bool,
    /// The guest's name for it, if it was open from the start.
    pub preopen: Option<String>,
    listing: Mutex<Option<Listing>>,
}

/// What [`Dir::open`] opened.
pub enum Opened {
    Dir(Dir),
    File(File),
}

impl Dir {
    pub fn new(root: Root, writable: bool, preopen: Option<String>) -> Dir {
        Dir {
            root,
            writable,
            preopen,
            listing: Mutex::new(None),
        }
    }

    pub fn root(&self) -> &Root {
        &self.root
    }

    pub fn is_writable(&self) -> bool {
        self.writable
    }

    fn check_writable(&self) -> Result<()> {
        match self.writable {
            true => Ok(()),
            false => Err(Errno::Perm.into()),
        }
    }

    pub fn open(&self, path: &str, follow: bool, oflags: Oflags, flags: Fdflags, access: Access) -> Result<Opened> {
        let create = oflags.contains(Oflags::CREAT);
        let truncate = oflags.contains(Oflags::TRUNC);
        let directory = oflags.contains(Oflags::DIRECTORY);
        if directory && (create || truncate || oflags.contains(Oflags::EXCL)) {
            return Err(Errno::Inval.into());
        }
        if create && !(access.write || truncate || oflags.contains(Oflags::EXCL)) {
            // A file can only be created by opening it to write, which what is there may not allow.
            match self.open(path, follow, oflags & !Oflags::CREAT, flags, access) {
                Err(Fault::Errno(Errno::Noent)) => {}
                Ok(Opened::Dir(_)) => return Err(Errno::Isdir.into()),
                opened => return opened,
            }
        }
        let write = access.write || create || truncate;
        if write {
            self.check_writable()?;
        }
        // A pipe that nobody has at its other end would keep the host waiting for ever; and a
        // terminal must not become the host's.
        let mut custom = OFlags::NONBLOCK | OFlags::NOCTTY;
        custom.set(OFlags::DIRECTORY, directory);
        custom.set(OFlags::APPEND, flags.contains(Fdflags::APPEND));
        let mut options = OpenOptions::new();
        options
            .read(access.read || !access.write)
            .write(write)
            .create(create)
            .create_new(create && oflags.contains(Oflags::EXCL))
            .truncate(truncate)
            .follow(follow_symlinks(follow))
            .sync(flags.contains(Fdflags::SYNC))
            .dsync(flags.contains(Fdflags::DSYNC))
            .rsync(flags.contains(Fdflags::RSYNC))
            .custom_flags(custom.bits().cast_signed());
        let file = self.root.open_with(path, &options)?.into_std();
        let file_type = match directory {
            true => FileType::Directory,
            false => FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode),
        };
        Ok(match file_type {
            FileType::Directory => Opened::Dir(Dir::new(Root::from_std_file(file), self.writable, None)),
            file_type => {
                let file = File::new(Handle::Owned(file.into()), file_type);
                file.set_nonblocking(flags.contains(Fdflags::NONBLOCK));
                Opened::File(file)
            }
        })
    }

    pub fn stat(&self) -> Result<Filestat> {
        Ok(filestat::of_stat(&rustix::fs::fstat(&self.root)?))
    }

    pub fn stat_at(&self, path: &str, follow: bool) -> Result<Filestat> {
        let follow = follow || is_dir_form(path);
        // A name leads nowhere else, so the system can be asked at once; most paths are one.
        if is_name(path) {
            let stat = filestat::of_stat(&statat(&self.root, path, AtFlags::SYMLINK_NOFOLLOW)?);
            if !follow || stat.filetype != Filetype::SymbolicLink {
                return Ok(stat);
            }
        }
        let metadata = match follow {
            true => self.root.metadata(path)?,
            false => self.root.symlink_metadata(path)?,
        };
        Ok(filestat::of_metadata(&metadata))
    }

    pub fn set_times(&self, times: Times) -> Result<()> {
        self.check_writable()?;
        Ok(rustix::fs::futimens(&self.root, &times.into())?)
    }

    pub fn set_times_at(&self, path: &str, follow: bool, times: Times) -> Result<()> {
        self.check_writable()?;
        let (accessed, modified) = times.into();
        // Not by opening the file, as for a pipe that would wait for its other end: the last link
        // is resolved first. Where it has become another link meanwhile, that one is changed.
        let follow = follow || is_dir_form(path);
        match follow && self.stat_at(path, false)?.filetype == Filetype::SymbolicLink {
            true => (self.root).set_symlink_times(self.root.canonicalize(path)?, accessed, modified)?,
            false => self.root.set_symlink_times(path, accessed, modified)?,
        }
        Ok(())
    }

    pub fn create_directory(&self, path: &str) -> Result<()> {
        self.check_writable()?;
        Ok(self.root.create_dir(path)?)
    }

    pub fn remove_directory(&self, path: &str) -> Result<()> {
        self.check_writable()?;
        // That it means a directory, which a slash at the end says, is so here anyway.
        Ok(self.root.remove_dir(without_slashes(path))?)
    }

    pub fn unlink(&self, path: &str) -> Result<()> {
        self.check_writable()?;
        Ok(self.root.remove_file_or_symlink(path)?)
    }

    pub fn symlink(&self, target: &str, path: &str) -> Result<()> {
        self.check_writable()?;
        Ok(self.root.symlink(target, path)?)
    }

    pub fn read_link(&self, path: &str) -> Result<Vec<u8>> {
        use std::os::unix::ffi::OsStringExt as _;
        Ok(self.root.read_link(path)?.into_os_string().into_vec())
    }

    pub fn link(&self, path: &str, follow: bool, to: &Dir, new_path: &str) -> Result<()> {
        // A link to a file that may only be read, in a place that may be written, would be a way
        // to write it.
        self.check_writable()?;
        to.check_writable()?;
        match follow {
            true => (self.root).hard_link(self.root.canonicalize(path)?, &to.root, new_path)?,
            false => self.root.hard_link(path, &to.root, new_path)?,
        }
        Ok(())
    }

    pub fn rename(&self, path: &str, to: &Dir, new_path: &str) -> Result<()> {
        self.check_writable()?;
        to.check_writable()?;
        // The system is asked by names without the slashes that say that a directory is meant.
        let name = without_slashes(path);
        let is_dir_named = path.ends_with('/') || new_path.ends_with('/');
        if is_dir_named && self.stat_at(name, false)?.filetype != Filetype::Directory {
            return Err(Errno::Notdir.into());
        }
        Ok(self.root.rename(path, &to.root, new_path)?)
    }

    /// Calls `take` with the entries from a cookie on.
    pub fn list<R>(&self, cookie: u64, take: impl FnOnce(&[u8]) -> Result<R>) -> Result<R> {
        // A listing is replaced as a whole.
        let mut listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *listing {
            Some(listing) if cookie != 0 => take(listing.after(cookie)),
            listing => take(listing.insert(Listing::read(&self.root)?).after(cookie)),
        }
    }
}

/// What a file is opened for.
#[derive(Clone, Copy)]
pub struct Access {
    pub read: bool,
    pub write: bool,
}

fn follow_symlinks(follow: bool) -> FollowSymlinks {
    match follow {
        true => FollowSymlinks::Yes,
        false => FollowSymlinks::No,
    }
}

/// Whether a path says that it means a directory, so that a link at its end is followed.
fn is_dir_form(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.")
}

/// A path without the slashes at its end, unless it is nothing else.
fn without_slashes(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => path,
        name => name,
    }
}

/// Whether a path is one name, of an entry of the directory itself.
fn is_name(path: &str) -> bool {
    !path.contains('/') && !matches!(path, "" | "." | "..")
}
