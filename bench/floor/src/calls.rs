//! The floor under WASI: what the calls that `bench/wasi/guest.c` makes cost a program in Rust.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{Error, ErrorKind, Read, Result, Seek, Write};
use std::path::Path;
use std::time::Instant;

const BLOCK: usize = 65536;

fn read(file: &mut File, count: u32, length: usize) -> Result<()> {
    let mut block = [0; BLOCK];
    for i in 0..count {
        if i % 1024 == 0 {
            file.rewind()?;
        }
        file.read_exact(&mut block[..length])?;
    }
    Ok(())
}

fn write(file: &mut File, count: u32, length: usize) -> Result<()> {
    let block = [0; BLOCK];
    for i in 0..count {
        if i % 1024 == 0 {
            file.rewind()?;
        }
        file.write_all(&block[..length])?;
    }
    Ok(())
}

fn copy(source: &mut File, target: &mut File) -> Result<()> {
    let mut block = [0; BLOCK];
    source.rewind()?;
    target.rewind()?;
    loop {
        let length = source.read(&mut block)?;
        if length == 0 {
            return Ok(());
        }
        target.write_all(&block[..length])?;
    }
}

/// Makes the calls that the export `what` of the guest makes, in the same directory.
pub fn call(directory: &Path, what: &str, count: u32) -> Result<()> {
    let path = directory.join("source");
    let mut source = File::open(&path)?;
    let mut target = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join("target"))?;
    match what {
        "fd_write_64" => write(&mut target, count, 64)?,
        "fd_write_64k" => write(&mut target, count, BLOCK)?,
        "fd_read_64" => read(&mut source, count, 64)?,
        "fd_read_64k" => read(&mut source, count, BLOCK)?,
        "open_stat_close" => {
            for _ in 0..count {
                black_box(File::open(&path)?.metadata()?);
            }
        }
        "path_filestat_get" => {
            for _ in 0..count {
                black_box(fs::metadata(&path)?);
            }
        }
        "fd_readdir_100" => {
            let many = directory.join("many");
            for _ in 0..count {
                for entry in fs::read_dir(&many)? {
                    let entry = entry?;
                    black_box((entry.file_name(), entry.file_type()?));
                }
            }
        }
        "clock_time_get" => {
            for _ in 0..count {
                black_box(Instant::now());
            }
        }
        "random_get_16" => {
            let mut random = File::open("/dev/urandom")?;
            for _ in 0..count {
                let mut bytes = [0; 16];
                random.read_exact(&mut bytes)?;
                black_box(bytes);
            }
        }
        "copy_100mb" => {
            for _ in 0..count {
                copy(&mut source, &mut target)?;
            }
        }
        _ => return Err(Error::new(ErrorKind::InvalidInput, "there are no such calls")),
    }
    Ok(())
}
