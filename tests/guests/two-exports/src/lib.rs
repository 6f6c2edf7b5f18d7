//! Two bare functions: somebody has to choose.

wit_bindgen::generate!({
    inline: "
        package sample:two;

        world two {
            export double: func(number: u32) -> u32;
            export triple: func(number: u32) -> u32;
        }
    ",
});

struct Two;

impl Guest for Two {
    fn double(number: u32) -> u32 {
        number.wrapping_mul(2)
    }

    fn triple(number: u32) -> u32 {
        number.wrapping_mul(3)
    }
}

export!(Two);
