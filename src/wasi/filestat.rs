//! What a file is, as the guest sees it.

use cap_std::fs::{FileTypeExt as _, Metadata, MetadataExt as _};
use rustix::fs::{FileType, Stat};
use rustix::time::Timespec;
use wasmtime_wasi::p1::types::{Filestat, Filetype};

use super::clock::nanoseconds;

/// Preview 1 has no type for a pipe.
pub fn filetype(file_type: FileType) -> Filetype {
    match file_type {
        FileType::RegularFile => Filetype::RegularFile,
        FileType::Directory => Filetype::Directory,
        FileType::Symlink => Filetype::SymbolicLink,
        FileType::CharacterDevice => Filetype::CharacterDevice,
        FileType::BlockDevice => Filetype::BlockDevice,
        FileType::Socket => Filetype::SocketStream,
        FileType::Fifo | FileType::Unknown => Filetype::Unknown,
    }
}

#[allow(clippy::unnecessary_cast, reason = "the types are not the same on every system")]
pub fn of_stat(stat: &Stat) -> Filestat {
    let time = |seconds, nanos| {
        nanoseconds(Timespec {
            tv_sec: seconds as i64,
            tv_nsec: nanos as _,
        })
    };
    Filestat {
        dev: stat.st_dev as u64,
        ino: stat.st_ino as u64,
        filetype: filetype(FileType::from_raw_mode(stat.st_mode)),
        nlink: stat.st_nlink as u64,
        size: stat.st_size as u64,
        atim: time(stat.st_atime, stat.st_atime_nsec),
        mtim: time(stat.st_mtime, stat.st_mtime_nsec),
        ctim: time(stat.st_ctime, stat.st_ctime_nsec),
    }
}

pub fn of_metadata(metadata: &Metadata) -> Filestat {
    let time = |tv_sec, nanos: i64| {
        nanoseconds(Timespec {
            tv_sec,
            tv_nsec: nanos as _,
        })
    };
    let file_type = metadata.file_type();
    Filestat {
        dev: metadata.dev(),
        ino: metadata.ino(),
        filetype: if file_type.is_file() {
            Filetype::RegularFile
        } else if file_type.is_dir() {
            Filetype::Directory
        } else if file_type.is_symlink() {
            Filetype::SymbolicLink
        } else if file_type.is_char_device() {
            Filetype::CharacterDevice
        } else if file_type.is_block_device() {
            Filetype::BlockDevice
        } else if file_type.is_socket() {
            Filetype::SocketStream
        } else {
            Filetype::Unknown
        },
        nlink: metadata.nlink(),
        size: metadata.size(),
        atim: time(metadata.atime(), metadata.atime_nsec()),
        mtim: time(metadata.mtime(), metadata.mtime_nsec()),
        ctim: time(metadata.ctime(), metadata.ctime_nsec()),
    }
}
