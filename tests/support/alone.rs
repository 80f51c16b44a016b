//! A test that runs in a process of its own, started again with another environment.

use std::env;
use std::process::Command;

const CHILD: &str = "MCPCLIENT_TEST_CHILD";

/// Whether this is the process that was started for `case`.
pub fn is_child(case: &str) -> bool {
    env::var(CHILD).is_ok_and(|name| name == case)
}

/// Starts this test binary again for one of its tests, whose name must be `case`, and checks that it passes.
#[track_caller]
pub fn run(case: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", case, "--nocapture"]).env(CHILD, case);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{case} {variables:?}: {said}{complaint}");
}
