//! One bare function: no interface, no choice.

wit_bindgen::generate!({
    inline: "
        package sample:one;

        world one {
            /// Greets somebody.
            export greet: func(name: string, shout: bool) -> result<string, string>;
        }
    ",
});

struct One;

impl Guest for One {
    fn greet(name: String, shout: bool) -> Result<String, String> {
        if name.is_empty() {
            return Err("nobody to greet".to_owned());
        }
        let greeting = format!("Hello, {name}!");
        Ok(if shout {
            greeting.to_uppercase()
        } else {
            greeting
        })
    }
}

export!(One);
