//! An ordinary program: reads JSON from its input, writes JSON to its output.
//!
//! `{"exit": 3}` makes it fail with that code, `{"text": true}` print text that is not JSON.

use std::io::{self, Read};

fn main() {
    let mut input = String::new();
    if io::stdin().read_to_string(&mut input).is_err() {
        eprintln!("the input cannot be read");
        std::process::exit(2);
    }
    if let Some((_, rest)) = input.split_once("\"exit\":") {
        let digits: String = rest
            .trim_start()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        eprintln!("failing as told");
        std::process::exit(digits.parse().unwrap_or(1));
    }
    if input.contains("\"text\"") {
        println!("plain text");
        return;
    }
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    println!(
        "{{\"bytes\": {}, \"arguments\": {}}}",
        input.len(),
        arguments.len()
    );
}
