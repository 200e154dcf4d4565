//! Compiled code on disk.
//!
//! Cranelift takes seconds for a large module, so what it made is kept under
//! `<root>/<version>-<engine>/<blake3 of the module>.cwasm` and mapped from there the next time.
//! An entry is native code that will run in this process, so it is used only if it lies in a
//! directory and a file that nobody but the user can write, and if it is whole: anything else is a
//! miss, never an error. Entries are written beside their place and renamed into it.
//!
//! `WASMPORT_CACHE` names another root, or is `off`.
#![allow(unsafe_code)]

use std::env;
use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rustc_hash::FxHasher;
use wasmtime::{Engine, Module};

/// The name of an entry: the blake3 hash of the module's bytes.
pub type Key = blake3::Hash;

/// All entries of all versions together may take this many bytes; the least recently used go first.
const CAPACITY: u64 = 1 << 30;

/// The time of last use is kept this exact, so that a hit does not write to the disk.
const USE_GRANULARITY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the cache has for a module.
pub struct Entry {
    pub module: Module,
    /// What was stored with it.
    pub outline: Vec<u8>,
}

/// After code and outline, an entry ends in this mark, the key it was made for, the length of the
/// outline and a checksum of both.
const MARK: &[u8; 8] = b"wasmprt3";
const TRAILER: usize = MARK.len() + blake3::OUT_LEN + 8 + 4;

/// The entry for a module, if the cache has it whole.
pub fn load(engine: &Engine, key: &Key) -> Option<Entry> {
    let path = entry(engine, key)?;
    let mut file = open_private(&path)?;
    let Some(outline) = check(&mut file, key) else {
        // Damaged, or another module's: make room for a good one.
        let _ = fs::remove_file(&path);
        return None;
    };
    touch(&file);
    // SAFETY: the file is output of `Module::serialize`: its checksum says that it is what `store`
    // wrote, and its owner and mode that nobody but this user could have written it. The version of
    // Wasmtime, its settings and the CPU are compared by Wasmtime itself. Entries are replaced by
    // rename and never written in place, so the mapping does not change under us.
    let module = unsafe { Module::deserialize_open_file(engine, file) }.ok()?;
    Some(Entry { module, outline })
}

/// Adds an entry. A cache that cannot be written to is as good as none.
pub fn store(engine: &Engine, key: &Key, module: &Module, outline: &[u8]) {
    let Some(path) = entry(engine, key) else { return };
    let Ok(code) = module.serialize() else { return };
    if write(&path, &[&code, outline], key).is_ok() {
        evict(root().as_deref(), &path);
    }
}

/// The same code as a module of another engine, if that engine can run it.
pub fn copy(engine: &Engine, module: &Module) -> Option<Module> {
    let code = module.serialize().ok()?;
    // SAFETY: `code` is what `Module::serialize` has just returned; Wasmtime compares the settings.
    unsafe { Module::deserialize(engine, &code) }.ok()
}

fn root() -> Option<PathBuf> {
    match env::var_os("WASMPORT_CACHE") {
        Some(value) if value == "off" => None,
        Some(value) if !value.is_empty() => Some(PathBuf::from(value)),
        _ => user_cache().map(|path| path.join("wasmport")),
    }
}

#[cfg(windows)]
fn user_cache() -> Option<PathBuf> {
    env::var_os("LOCALAPPDATA").map(PathBuf::from)
}

#[cfg(target_os = "macos")]
fn user_cache() -> Option<PathBuf> {
    env::home_dir().map(|home| home.join("Library/Caches"))
}

#[cfg(not(any(windows, target_os = "macos")))]
fn user_cache() -> Option<PathBuf> {
    // The XDG base directory specification: a relative path is to be ignored.
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    cache.or_else(|| env::home_dir().map(|home| home.join(".cache")))
}

fn entry(engine: &Engine, key: &Key) -> Option<PathBuf> {
    let mut hasher = FxHasher::default();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let directory = format!("{}-{:016x}", env!("CARGO_PKG_VERSION"), hasher.finish());
    Some(root()?.join(directory).join(format!("{key}.cwasm")))
}

/// Opens an entry if neither it nor its directory can be anybody else's work.
fn open_private(path: &Path) -> Option<File> {
    if !is_private(&fs::symlink_metadata(path.parent()?).ok()?) {
        return None;
    }
    let file = open_without_following(path).ok()?;
    is_private(&file.metadata().ok()?).then_some(file)
}

#[cfg(unix)]
fn open_without_following(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path)
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    // SAFETY: `geteuid` only reads the id of the process.
    let user = unsafe { libc::geteuid() };
    !metadata.is_symlink() && metadata.uid() == user && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn open_without_following(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Elsewhere the user's own cache directory is private by its inherited permissions.
#[cfg(not(unix))]
fn is_private(metadata: &fs::Metadata) -> bool {
    !metadata.is_symlink()
}

/// The outline of an entry that is whole and made for `key`.
fn check(file: &mut File, key: &Key) -> Option<Vec<u8>> {
    let length = file.metadata().ok()?.len().checked_sub(TRAILER as u64)? as usize;
    let mut trailer = [0; TRAILER];
    file.seek(SeekFrom::Start(length as u64)).ok()?;
    file.read_exact(&mut trailer).ok()?;
    // SAFETY: the mapping is private to this function and only read. The file is private to the
    // user and never written in place; were the user to truncate it meanwhile, any program that
    // maps its own files would fare the same.
    let content = unsafe { memmap2::MmapOptions::new().len(length).map(&*file) }.ok()?;
    let outline = u64::from_le_bytes(*trailer[MARK.len() + blake3::OUT_LEN..].first_chunk()?);
    if trailer != trailer_of(&[&content], outline, key) {
        return None;
    }
    Some(content[length.checked_sub(outline as usize)?..].to_vec())
}

fn trailer_of(parts: &[&[u8]], outline: u64, key: &Key) -> [u8; TRAILER] {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    let (outline, checksum) = (outline.to_le_bytes(), hasher.finalize().to_le_bytes());
    let mut trailer = [0; TRAILER];
    let fields = MARK.iter().chain(key.as_bytes()).chain(&outline).chain(&checksum);
    trailer.iter_mut().zip(fields).for_each(|(byte, field)| *byte = *field);
    trailer
}

fn write(path: &Path, [code, outline]: &[&[u8]; 2], key: &Key) -> io::Result<()> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    create_private(directory)?;
    if !is_private(&fs::symlink_metadata(directory)?) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{serial}.tmp", std::process::id()));
    let written = (|| {
        let mut file = create_new_private(&temporary)?;
        file.write_all(code)?;
        file.write_all(outline)?;
        file.write_all(&trailer_of(&[code, outline], outline.len() as u64, key))?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(unix)]
fn create_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(unix)]
fn create_new_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(not(unix))]
fn create_new_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Notes that an entry was used.
fn touch(file: &File) {
    let now = SystemTime::now();
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    if modified.is_ok_and(|then| now.duration_since(then).is_ok_and(|age| age > USE_GRANULARITY)) {
        let _ = file.set_modified(now);
    }
}

/// Removes what was not used for longest until the cache fits its capacity. What lies in the root
/// but is not an entry of ours is left alone.
fn evict(root: Option<&Path>, keep: &Path) {
    let Some(root) = root else { return };
    let files = |directory: &Path| fs::read_dir(directory).into_iter().flatten().flatten();
    let mut entries: Vec<_> = files(root)
        .filter(|version| version.file_type().is_ok_and(|kind| kind.is_dir()))
        .flat_map(|version| files(&version.path()))
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|kind| kind == "cwasm" || kind == "tmp")
        })
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        })
        .collect();
    entries.sort();
    let mut size: u64 = entries.iter().map(|(_, length, _)| length).sum();
    for (_, length, path) in entries {
        if size <= CAPACITY {
            break;
        }
        if path != keep && fs::remove_file(&path).is_ok() {
            size -= length;
        }
    }
}
