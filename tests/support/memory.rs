//! How much memory a case takes: it runs alone in a process of its own, the test binary started again for it.

use std::fs;
use std::process::Command;

const CHILD: &str = "MCPCLIENT_TEST_ALONE";
const REPORT: &str = "peak above the start: ";

/// A case, and its name.
pub type Alone = (&'static str, fn() -> Peak);

/// Runs each case in a process of its own and gives its peak above the start, in bytes.
///
/// `test` is the name of the calling test, for the harness to find it again. In the process that runs a case this does
/// not return anything to check.
pub fn peaks_of(test: &str, cases: &[Alone]) -> Vec<(&'static str, u64)> {
    if let Ok(name) = std::env::var(CHILD) {
        let (_, case) = cases.iter().find(|(known, _)| *known == name).unwrap();
        let peak = case();
        println!("\n{REPORT}{}", peak.height());
        return Vec::new();
    }
    cases.iter().map(|(name, _)| (*name, peak_of(test, name))).collect()
}

fn peak_of(test: &str, case: &str) -> u64 {
    let binary = std::env::current_exe().unwrap();
    let output = Command::new(binary).args(["--exact", test, "--nocapture"]).env(CHILD, case).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let peak = said.lines().find_map(|line| line.strip_prefix(REPORT)?.parse().ok());
    let complaint = || panic!("{case} alone: {said}{}", String::from_utf8_lossy(&output.stderr));
    peak.filter(|_| output.status.success()).unwrap_or_else(complaint)
}

/// A measurement of the process that runs a case.
#[derive(Debug)]
pub struct Peak(u64);

impl Peak {
    /// Measures from here on; what was used before, and is still, does not count.
    pub fn start() -> Peak {
        // Forgets the peak of the past: Linux, proc_pid_clear_refs(5).
        fs::write("/proc/self/clear_refs", "5").unwrap();
        Peak(status("VmRSS"))
    }

    fn height(&self) -> u64 {
        status("VmHWM").saturating_sub(self.0)
    }
}

/// One line of /proc/self/status, in bytes.
fn status(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    value.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
