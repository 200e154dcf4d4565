//! A WASI command, as zig build-exe makes it.

const std = @import("std");

pub fn main() u8 {
    std.debug.print("hello from Zig\n", .{});
    return 3;
}
