//! The `#[action]` attribute of the Attune SDK. It leaves the function as it is and adds the
//! exports that make it a component.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, ItemFn, Lit, LitStr, Meta, Token};

/// Makes a function the action of this component.
///
/// ```ignore
/// /// Says hello.
/// ///
/// /// More about it, as Markdown.
/// #[action]
/// fn greet(input: Input) -> Result<String, ActionError> { … }
/// ```
///
/// The doc comment is what people are shown: its first paragraph is the summary, the rest the
/// description. `summary = "…"` says the summary instead, and `grants = {"kv": "write"}` what the
/// action wants to be granted, in the form of the manifest's `grants`. A component has one action.
#[proc_macro_attribute]
pub fn action(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let item = TokenStream::from(item);
    match expand(arguments.into(), item.clone()) {
        Ok(added) => quote! { #item #added }.into(),
        Err(error) => {
            let error = error.to_compile_error();
            quote! { #item #error }.into()
        }
    }
}

fn expand(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let arguments: Arguments = syn::parse2(arguments)?;
    let function: ItemFn = syn::parse2(item.clone()).map_err(|_no_function| {
        syn::Error::new_spanned(item, "`#[action]` stands before a function")
    })?;
    check(&function)?;
    let name = &function.sig.ident;
    let about = about(arguments, &function.attrs);
    Ok(quote! {
        // A second action would define it again, and the message names it.
        const A_COMPONENT_HAS_ONE_ACTION: () = ();
        const _: () = A_COMPONENT_HAS_ONE_ACTION;

        #[allow(unsafe_code, reason = "the engine calls exports by raw address")]
        const _: () = {
            fn __about() -> ::attune_sdk::export::About {
                #about
            }

            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() = || ::attune_sdk::export::check(&#name, &__about());

            #[cfg(target_arch = "wasm32")]
            const _: () = {
                use ::attune_sdk::bindings::{self, exports::attune::action::{describe, handler}};

                struct __Component;

                impl handler::Guest for __Component {
                    fn run(input: handler::Json) -> ::core::result::Result<handler::Json, handler::Error> {
                        ::attune_sdk::export::run(&#name, &input)
                    }
                }

                impl describe::Guest for __Component {
                    fn describe() -> describe::Description {
                        ::attune_sdk::export::describe(&#name, &__about())
                    }
                }

                bindings::export!(__Component with_types_in bindings);
            };
        };
    })
}

fn check(function: &ItemFn) -> syn::Result<()> {
    let signature = &function.sig;
    let problem = if signature.receiver().is_some() {
        "an action is a function of its own, without `self`"
    } else if signature.asyncness.is_some() {
        "an action is not `async`: it has the instance to itself and may block"
    } else if !signature.generics.params.is_empty() {
        "an action is not generic: its input and output are what the workflow sees"
    } else if signature.inputs.len() > 1 {
        "an action takes one input: put its fields into a struct"
    } else if matches!(signature.output, syn::ReturnType::Default) {
        "an action returns `Result<Output, ActionError>`"
    } else {
        return Ok(());
    };
    Err(syn::Error::new_spanned(signature, problem))
}

fn about(arguments: Arguments, attributes: &[Attribute]) -> TokenStream {
    let docs = docs(attributes);
    let (first, rest) = docs.split_once("\n\n").unwrap_or((&docs, ""));
    let (summary, description) = match arguments.summary {
        Some(summary) => (summary.value(), docs.clone()),
        None => (first.replace('\n', " "), rest.to_owned()),
    };
    let description = description.trim();
    let grants = arguments.grants.unwrap_or_else(|| quote! { null });
    quote! {
        ::attune_sdk::export::About {
            summary: #summary,
            description: #description,
            grants: ::attune_sdk::serde_json::json!(#grants),
        }
    }
}

/// Returns the text of a doc comment.
fn docs(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| {
        let Meta::NameValue(meta) = &attribute.meta else {
            return None;
        };
        let Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) = &meta.value
        else {
            return None;
        };
        meta.path.is_ident("doc").then(|| text.value())
    };
    let lines: Vec<_> = attributes.iter().filter_map(line).collect();
    let lines = lines
        .iter()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// What stands in the attribute's parentheses.
#[derive(Default)]
struct Arguments {
    summary: Option<LitStr>,
    grants: Option<TokenStream>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let name: syn::Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            if name == "summary" {
                arguments.summary = Some(input.parse()?);
            } else if name == "grants" {
                let value: TokenTree = input.parse()?;
                arguments.grants = Some(value.into());
            } else {
                let problem =
                    format!("unknown argument `{name}`: there are `summary` and `grants`");
                return Err(syn::Error::new(name.span(), problem));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: TokenStream, item: TokenStream) -> String {
        expand(arguments, item).unwrap_err().to_string()
    }

    fn described(arguments: TokenStream, item: TokenStream) -> String {
        let function: ItemFn = syn::parse2(item).unwrap();
        about(syn::parse2(arguments).unwrap(), &function.attrs).to_string()
    }

    #[test]
    fn functions_that_cannot_be_actions_are_refused() {
        let function = quote! { fn f(a: A, b: B) -> R {} };
        assert!(refused(quote! {}, function).contains("one input"));
        assert!(refused(quote! {}, quote! { fn f(a: A) {} }).contains("returns `Result"));
        assert!(refused(quote! {}, quote! { async fn f() -> R {} }).contains("not `async`"));
        assert!(refused(quote! { sumary = "x" }, quote! { fn f() -> R {} }).contains("sumary"));
    }

    #[test]
    fn docs_become_summary_and_description() {
        let function = quote! {
            /// Says hello.
            /// To one.
            ///
            /// More.
            fn f() -> R {}
        };
        let about = described(quote! {}, function.clone());
        assert!(
            about.contains(r#"summary : "Says hello. To one.""#),
            "{about}"
        );
        assert!(about.contains(r#"description : "More.""#), "{about}");
        let about = described(
            quote! { summary = "Greets", grants = {"kv": "read"} },
            function,
        );
        assert!(about.contains(r#"summary : "Greets""#), "{about}");
        assert!(about.contains(r#"json ! ({ "kv" : "read" })"#), "{about}");
    }
}
