//! Graphs in every language.

use super::*;
use crate::spec::{Options, parse_with};

const SOURCE: &str = r#"
finally: [unlock]
tasks:
- name: build
  label: Build "it"
  action: ci.build
  on_success: checks
  on_failure: [tell, fail]
- name: checks
  type: parallel
  tasks:
  - {name: lint, action: ci.lint}
  - {name: test, action: ci.test, with_items: [1, 2]}
  on_success: [{when: true, do: ship}]
- {name: ship, action: ci.ship, on_failure: retry}
- {name: tell, action: chat.post}
- {name: unlock, action: kv.delete}
"#;

fn definition() -> Definition {
    let parsed = parse_with(SOURCE, &Options::inline());
    parsed
        .definition
        .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics))
}

#[test]
fn mermaid_draws_blocks_and_labels() {
    insta::assert_snapshot!(mermaid(&definition()), @r###"
flowchart TD
  t0["Build #34;it#34;<br/>ci.build"]
  subgraph t1["checks"]
    t2["lint<br/>ci.lint"]
    t3["test<br/>ci.test<br/>for each item"]
  end
  t4["ship<br/>ci.ship"]
  t5["tell<br/>chat.post"]
  t6["unlock<br/>kv.delete"]
  t0 --> t1
  t0 -->|"on failure"| t5
  t0 -->|"on failure"| fail
  t1 -->|"true"| t4
  t4 -->|"on failure retry"| t4
  fail(("fail"))
"###);
}

#[test]
fn dot_draws_blocks_and_labels() {
    insta::assert_snapshot!(dot(&definition()), @r###"
digraph "inline.workflow" {
  compound=true;
  node [shape=box, style=rounded];
  t0 [label="Build \"it\"\nci.build"];
  subgraph cluster_1 {
    label="checks";
    t2 [label="lint\nci.lint"];
    t3 [label="test\nci.test\nfor each item"];
  }
  t4 [label="ship\nci.ship"];
  t5 [label="tell\nchat.post"];
  t6 [label="unlock\nkv.delete"];
  t0 -> t2 [lhead=cluster_1];
  t0 -> t5 [label="on failure"];
  t0 -> fail [label="on failure"];
  t2 -> t4 [label="true", ltail=cluster_1];
  t4 -> t4 [label="on failure retry"];
  fail [shape=circle];
}
"###);
}

#[test]
fn json_lists_nodes_and_edges() {
    let graph = json(&definition());
    assert_eq!(graph["nodes"][0]["role"], "entry");
    assert_eq!(graph["nodes"][2]["parent"], "checks");
    assert_eq!(graph["nodes"][6]["role"], "finally");
    let edges = graph["edges"].as_array().unwrap();
    let shown: Vec<String> = edges
        .iter()
        .map(|e| format!("{} -{}-> {}", e["from"], e["kind"], e["to"]).replace('"', ""))
        .collect();
    assert_eq!(
        shown,
        [
            "build -on_success-> checks",
            "build -on_failure-> tell",
            "build -on_failure-> fail",
            "checks -on_success-> ship",
            "ship -on_failure-> retry",
        ]
    );
}

#[test]
fn long_conditions_are_cut() {
    assert_eq!(short(&"é".repeat(61)).chars().count(), MAX_LABEL);
    assert_eq!(short("a < b"), "a < b");
}

#[test]
fn svg_puts_tasks_below_what_leads_to_them_and_escapes_text() {
    let drawn = svg(&definition());
    let y = |text: &str| -> u32 {
        let line = drawn.lines().find(|line| line.contains(text)).unwrap();
        let (_, rest) = line.split_once(" y=\"").unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    assert!(y(">Build &quot;it&quot;<") < y(">checks<"), "{drawn}");
    assert!(y(">checks<") < y(">lint<"), "{drawn}");
    assert!(y(">lint<") < y(">ship<"), "{drawn}");
    assert!(drawn.contains("on failure → fail"), "{drawn}");
    // Edges lead to `checks`, `tell` and `ship`; commands are words in the box.
    assert_eq!(drawn.matches("class=\"edge\"").count(), 3, "{drawn}");
}

#[test]
fn svg_draws_cycles_without_end() {
    let source = "allow_cycles: true\nentry: [a]\ntasks:\n- {name: a, action: x.y, on_success: b}\n\
                  - {name: b, action: x.y, on_success: [{when: 'true', do: a}]}\n";
    let parsed = parse_with(source, &Options::inline());
    let drawn = svg(&parsed.definition.unwrap());
    assert_eq!(drawn.matches("class=\"back\"").count(), 1, "{drawn}");
}
