//! The cookbook: every workflow is valid without a warning, rehearsed and in the index.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use attune_core::spec::{self, Options, editor};
use attune_core::{graph, rehearse};

use super::{Standard, files, read, rehearse_all, report, root};

/// What a rehearsal must at least try: the happy path, a failure, and a boundary.
const CASES_MIN: usize = 3;
/// What the cookbook promises.
const WORKFLOWS_MIN: usize = 30;

fn folder() -> PathBuf {
    root().join("docs/cookbook")
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_workflow_is_valid_without_a_warning() {
    let mut wrong = Vec::new();
    let standard = Standard::new();
    let options = Options {
        actions: Some(&standard),
        ..Options::default()
    };
    let all = files(&folder().join("workflows"), "yaml");
    for path in &all {
        let parsed = spec::parse_with(&read(path), &options);
        let told = parsed.diagnostics.iter().map(|problem| {
            let (line, code) = (problem.line, problem.code);
            format!("{}:{line} {code} {}", name(path), problem.message)
        });
        wrong.extend(told);
        let reference = format!("cookbook.{}", name(path));
        if let Some(definition) = parsed.definition
            && *definition.reference != *reference
        {
            wrong.push(format!("{}: its ref is not `{reference}`", name(path)));
        }
    }
    report("workflows of the cookbook", &wrong);
    assert!(all.len() >= WORKFLOWS_MIN, "there are {}", all.len());
}

#[test]
fn every_rehearsal_comes_out_as_written() {
    let tests = folder().join("tests");
    let find = |path: &str| std::fs::read_to_string(tests.join(path)).ok();
    let mut wrong = Vec::new();
    for path in files(&tests, "yaml") {
        let (count, differences) = rehearse_all(&read(&path), &find);
        let told = differences
            .iter()
            .map(|line| format!("{}/{line}", name(&path)));
        wrong.extend(told);
        if count < CASES_MIN {
            wrong.push(format!("{}: it has {count} cases", name(&path)));
        }
    }
    report("rehearsals of the cookbook", &wrong);
}

#[test]
fn every_workflow_is_rehearsed_by_the_file_of_its_name() {
    let names = |part| -> BTreeSet<String> {
        let all = files(&folder().join(part), "yaml");
        all.iter().map(|path| name(path)).collect()
    };
    assert_eq!(names("workflows"), names("tests"));
    let mut wrong = Vec::new();
    for path in files(&folder().join("tests"), "yaml") {
        let wanted = format!("../workflows/{}.yaml", name(&path));
        let mut ids = BTreeSet::new();
        for case in rehearse::read(&read(&path)).unwrap() {
            if case.workflow.as_str() != Some(&wanted) {
                wrong.push(format!("{}/{}: another workflow", name(&path), case.id));
            }
            if !ids.insert(case.id.clone()) {
                wrong.push(format!("{}/{}: twice", name(&path), case.id));
            }
        }
    }
    report("rehearsals of the cookbook", &wrong);
}

#[test]
fn every_workflow_is_in_the_index_and_explained() {
    let index = read(&folder().join("README.md"));
    let pages: String = files(&folder(), "md")
        .iter()
        .filter(|path| name(path) != "README")
        .map(|path| read(path))
        .collect();
    let mut missing = Vec::new();
    for path in files(&folder().join("workflows"), "yaml") {
        let link = format!("workflows/{}.yaml)", name(&path));
        for (place, text) in [("the index", &index), ("the pages", &pages)] {
            if !text.contains(&link) {
                missing.push(format!("{} is not in {place}", name(&path)));
            }
        }
    }
    report("workflows of the cookbook", &missing);
}

/// An editor that knows only the schema must not underline what the engine accepts.
#[test]
fn every_workflow_suits_the_schema_for_editors() {
    let schema = jsonschema::draft202012::new(&editor::schema()).unwrap();
    let mut wrong = Vec::new();
    for path in files(&folder().join("workflows"), "yaml") {
        let mut file: serde_yaml::Value = serde_yaml::from_str(&read(&path)).unwrap();
        file.apply_merge().unwrap();
        let file = serde_json::to_value(file).unwrap();
        let told = schema.iter_errors(&file);
        wrong.extend(
            told.map(|error| format!("{}: {} {error}", name(&path), error.instance_path())),
        );
    }
    report("the schema for editors refuses", &wrong);
}

#[test]
fn every_task_is_in_the_picture() {
    let mut wrong = Vec::new();
    for path in files(&folder().join("workflows"), "yaml") {
        let definition = spec::parse(&read(&path)).definition.unwrap();
        let pictures = [graph::mermaid(&definition), graph::dot(&definition)];
        for task in &definition.tasks {
            if pictures
                .iter()
                .any(|picture| !picture.contains(&*task.name))
            {
                wrong.push(format!("{}: {}", name(&path), task.name));
            }
        }
    }
    report("tasks that the graph leaves out", &wrong);
}
