//! Imports what no engine has.

wit_bindgen::generate!({
    inline: "
        package acme:shop@1.0.0;

        interface stock {
            count: func(sku: string) -> u32;
        }

        interface prices {
            price: func(sku: string) -> u32;
        }

        world shop {
            import stock;
            import prices;
            export value: func(sku: string) -> u32;
        }
    ",
});

struct Shop;

impl Guest for Shop {
    fn value(sku: String) -> u32 {
        acme::shop::stock::count(&sku) * acme::shop::prices::price(&sku)
    }
}

export!(Shop);
