//! Threads of the standard library of Rust: channels, scopes, a pool, names, and what happens where there are no more.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

fn main() {
    let (sender, receiver) = mpsc::channel();
    let workers: Vec<_> = (1..=4u64)
        .map(|number| {
            let sender = sender.clone();
            thread::spawn(move || (0..100).for_each(|each| sender.send(number * each).expect("main receives")))
        })
        .collect();
    drop(sender);
    println!("received {}", receiver.iter().sum::<u64>());
    for worker in workers {
        worker.join().expect("a worker that sends");
    }

    let words = ["threads", "that", "borrow", "from", "their", "parent"];
    let letters = AtomicUsize::new(0);
    thread::scope(|scope| {
        for word in &words {
            scope.spawn(|| letters.fetch_add(word.len(), Ordering::Relaxed));
        }
    });
    println!("letters {}", letters.into_inner());

    let named = thread::Builder::new().name("ada".into()).spawn(|| thread::current().name().map(str::to_owned));
    println!("name {:?}", named.expect("a thread").join().expect("that ends"));

    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let mut waiting = Vec::new();
    let refused = loop {
        let gate = Arc::clone(&gate);
        let wait = move || {
            let (open, opened) = &*gate;
            drop(opened.wait_while(open.lock().expect("no panics"), |open| !*open));
        };
        match thread::Builder::new().stack_size(65536).spawn(wait) {
            Ok(thread) if waiting.len() < 300 => waiting.push(thread),
            Ok(_) => break None,
            Err(error) => break Some(error.kind()),
        }
    };
    println!("waiting {} {}", waiting.len(), refused == Some(ErrorKind::WouldBlock));
    *gate.0.lock().expect("no panics") = true;
    gate.1.notify_all();
    for thread in waiting {
        thread.join().expect("a thread that waited");
    }
    thread::sleep(Duration::from_millis(1));
    println!("done");
}
