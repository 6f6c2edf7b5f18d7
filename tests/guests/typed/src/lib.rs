//! Functions over scalars and text, of no interface of ours.

wit_bindgen::generate!({
    inline: "
        package sample:typed@1.2.0;

        /// Functions over scalars.
        interface sums {
            /// Adds.
            add: func(a: s32, b: s32) -> s32;
            /// Divides; by zero is an error.
            divide: func(a: f64, b: f64) -> result<f64, string>;
            /// Adds small numbers.
            small: func(a: u8, b: s8, c: u16, d: s16) -> s32;
            /// Returns its large arguments, the signed one negated.
            large: func(a: u64, b: s64) -> s64;
            /// Repeats a text.
            repeat: func(text: string, times: u32) -> string;
            /// The next character.
            next: func(of: char) -> char;
            /// Not.
            negate: func(flag: bool) -> bool;
            /// Fails without saying why.
            refuse: func() -> result;
            /// Halves; odd numbers are an error that is a number.
            halve: func(number: u32) -> result<u32, u32>;
            /// Does nothing.
            nothing: func();
        }

        world typed {
            export sums;
        }
    ",
});

use exports::sample::typed::sums::Guest;

struct Typed;

impl Guest for Typed {
    fn add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    fn divide(a: f64, b: f64) -> Result<f64, String> {
        if b == 0.0 {
            Err(format!("{a} cannot be divided by zero"))
        } else {
            Ok(a / b)
        }
    }

    fn small(a: u8, b: i8, c: u16, d: i16) -> i32 {
        i32::from(a) + i32::from(b) + i32::from(c) + i32::from(d)
    }

    fn large(a: u64, b: i64) -> i64 {
        b.wrapping_neg().wrapping_add_unsigned(a)
    }

    fn repeat(text: String, times: u32) -> String {
        text.repeat(times as usize)
    }

    fn next(of: char) -> char {
        char::from_u32(of as u32 + 1).unwrap_or(of)
    }

    fn negate(flag: bool) -> bool {
        !flag
    }

    fn refuse() -> Result<(), ()> {
        Err(())
    }

    fn halve(number: u32) -> Result<u32, u32> {
        if number.is_multiple_of(2) {
            Ok(number / 2)
        } else {
            Err(number)
        }
    }

    fn nothing() {}
}

export!(Typed);
