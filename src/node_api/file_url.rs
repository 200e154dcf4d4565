//! The `file:` URL of a path.

use std::fmt::Write;
use std::path::Path;

/// The URL, as Node gives native addons that of theirs, with each character escaped that a URL would not have in a path.
/// Empty if it is no absolute path.
pub fn file_url(path: &str) -> String {
    if !Path::new(path).is_absolute() {
        return String::new();
    }
    let path = if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    // A path of Windows begins with a drive, or with the name of a host.
    let mut url = match path.strip_prefix("//") {
        Some(_) => String::from("file:"),
        None if path.starts_with('/') => String::from("file://"),
        None => String::from("file:///"),
    };
    for byte in path.bytes() {
        match byte {
            b'"' | b'#' | b'%' | b'<' | b'>' | b'?' | b'\\' | b'^' | b'`' | b'{' | b'}' => escape(&mut url, byte),
            b'!'..=b'~' => url.push(char::from(byte)),
            _ => escape(&mut url, byte),
        }
    }
    url
}

fn escape(url: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ = write!(url, "%{byte:02X}");
}
