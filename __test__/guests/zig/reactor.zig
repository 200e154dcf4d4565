//! Built as a reactor: its _initialize calls main, and exports are there afterwards.

var mains: i32 = 0;
var squares: [10]i32 = @splat(-1);

pub fn main() void {
    mains += 1;
    for (&squares, 0..) |*place, n| place.* = @intCast(n * n);
}

export fn mainCalls() i32 {
    return mains;
}

export fn square(n: u32) i32 {
    return squares[n];
}
