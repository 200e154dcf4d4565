//! Built without an entry and with all its exports: nothing has to be called first.

var calls: i32 = 0;

export fn next() i32 {
    calls += 1;
    return calls;
}

export fn add(a: i32, b: i32) i32 {
    return a + b;
}
