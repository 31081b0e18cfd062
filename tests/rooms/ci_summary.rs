//! What CI prints: failures last, each with the command that repeats it alone.
use std::io::Write;
use std::process::{Command, Stdio};

const PRINTED: &str = "   Compiling callboard v0.1.0
     Running tests/cli.rs (target/debug/deps/cli-1)

running 2 tests
test a ... ok
test b::c ... FAILED

failures:

---- b::c stdout ----
thread 'b::c' panicked at tests/cli.rs:1:1:
it is 1 and not 2

failures:
    b::c

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s

     Running benches/wire.rs (target/debug/deps/wire-1)
Testing encode/event
     Running unittests src/lib.rs (target/debug/deps/callboard-1)

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

const TOLD: &str = "   Compiling callboard v0.1.0
tests/cli.rs: 1 passed, 1 failed, 0 ignored in 0.10s
benches/wire.rs: done
unittests src/lib.rs: 3 passed, 0 failed, 0 ignored in 0.01s

== FAILED: b::c
thread 'b::c' panicked at tests/cli.rs:1:1:
it is 1 and not 2
repeat it alone: cargo test --locked --test cli -- --exact b::c

1 failed; all that was printed is in target/tests.log
";

#[test]
fn a_suite_is_one_line_and_failures_come_last_with_the_command_that_repeats_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/summary.py");
    let mut python = Command::new("python3");
    python.arg(script).current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().expect("python3 starts");
    child.stdin.take().expect("its input").write_all(PRINTED.as_bytes()).expect("it reads");
    let told = child.wait_with_output().expect("it ends");
    assert!(told.status.success());
    assert_eq!(String::from_utf8_lossy(&told.stdout), TOLD);
    let kept = std::fs::read_to_string(folder.path().join("target/tests.log")).expect("the log");
    assert_eq!(kept, PRINTED);
}
