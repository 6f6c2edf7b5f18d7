//! Tries to reach what no grant allows, and returns what came of it.

use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::{env, fs};

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// Where to connect to.
    #[serde(default = "default_address")]
    address: String,
}

fn default_address() -> String {
    "127.0.0.1:80".to_owned()
}

/// Reaches out.
#[action]
fn reach(input: Input) -> Result<Value, ActionError> {
    Ok(json!({
        "arguments": env::args().collect::<Vec<_>>(),
        "environment": env::vars().collect::<Vec<_>>(),
        "root": outcome(fs::read_dir("/").map(Iterator::count)),
        "here": outcome(fs::read_dir(".").map(Iterator::count)),
        "passwd": outcome(fs::read_to_string("/etc/passwd")),
        "write": outcome(fs::write("/tmp/x", "x")),
        "connect": outcome(TcpStream::connect(&input.address).map(|_| "connected")),
        "resolve": outcome("localhost:80".to_socket_addrs().map(Iterator::count)),
        "datagram": outcome(
            UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", &input.address)),
        ),
        "stdin": outcome(std::io::read_to_string(std::io::stdin())),
    }))
}

fn outcome(result: std::io::Result<impl Serialize>) -> Value {
    match result {
        Ok(value) => json!({"ok": value}),
        Err(error) => json!({"err": error.to_string()}),
    }
}
