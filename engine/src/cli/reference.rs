//! The reference page of the command line lists every command and flag as the code has them.
//!
//! With `UPDATE_DOCS=1` the page is written instead of compared.

use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use super::Cli;

const START: &str = "<!-- commands: made by the tests, see CONTRIBUTING.md -->\n";
const END: &str = "<!-- end of commands -->";

/// Describes a command and those below it.
fn describe(command: &Command, path: &str, out: &mut String) {
    let path = format!("{path}{}", command.get_name());
    let about = command.get_about().map(ToString::to_string);
    let inner: Vec<&Command> = command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
        .collect();
    if path != "attune" && !inner.is_empty() {
        out.push_str(&format!("\n### {path}\n\n{}\n", about.unwrap_or_default()));
    } else if path != "attune" {
        out.push_str(&usage(command, &path, &about.unwrap_or_default()));
    }
    for command in inner {
        describe(command, &format!("{path} "), out);
    }
}

/// A command without others below it, with its arguments.
fn usage(command: &Command, path: &str, about: &str) -> String {
    let args: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !matches!(arg.get_id().as_str(), "help" | "version"))
        .collect();
    let positional = args.iter().filter(|arg| arg.is_positional());
    let names: String = positional
        .map(|arg| {
            let name = name(arg);
            if arg.is_required_set() {
                format!(" {name}")
            } else {
                format!(" [{name}]")
            }
        })
        .collect();
    let mut out = format!("\n**`{path}{names}`** {about}\n");
    let mut first = true;
    for arg in &args {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let shown = match arg.get_long() {
            Some(long) if arg.get_action().takes_values() => format!("--{long} {}", name(arg)),
            Some(long) => format!("--{long}"),
            None => name(arg),
        };
        if std::mem::take(&mut first) {
            out.push('\n');
        }
        out.push_str(&format!("- `{shown}`: {help}\n"));
    }
    out
}

fn name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let name = names.first().map(ToString::to_string);
    name.unwrap_or_else(|| arg.get_id().as_str().to_uppercase())
}

#[test]
fn the_reference_page_lists_every_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let file = root.join("docs/cli.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut commands = String::new();
    describe(&Cli::command(), "", &mut commands);
    let expected = format!("{before}{START}{commands}\n{END}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap();
    assert!(
        found == expected,
        "docs/cli.md is not up to date: run the tests of attune with UPDATE_DOCS=1"
    );
}

#[test]
fn every_command_and_argument_says_what_it_is() {
    fn check(command: &Command, silent: &mut Vec<String>) {
        if command.get_about().is_none() {
            silent.push(command.get_name().to_owned());
        }
        for arg in command.get_arguments() {
            if arg.get_help().is_none() {
                silent.push(format!("{} {}", command.get_name(), arg.get_id()));
            }
        }
        for inner in command.get_subcommands() {
            check(inner, silent);
        }
    }
    let mut silent = Vec::new();
    check(&Cli::command(), &mut silent);
    assert!(silent.is_empty(), "{silent:?}");
    Cli::command().debug_assert();
}
