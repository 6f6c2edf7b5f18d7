use super::*;

#[test]
fn a_small_file_becomes_a_definition() {
    let parsed = parse(
        "ref: demo.hello\nlabel: Hello\nversion: 1.0\ntasks:\n- {name: a, action: core.echo, on_success: b}\n- {name: b, action: core.noop}\n",
    );
    assert_eq!(parsed.diagnostics, []);
    let definition = parsed.definition.unwrap();
    assert_eq!(definition.version.as_deref(), Some("1.0"));
    assert_eq!(definition.tasks.len(), 2);
}
