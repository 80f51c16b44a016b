//! C programs that host the library: compiled against the header and the shared library, and run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use super::pace::stretched;

const FLAGS: [&str; 6] = ["-std=c99", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
/// What a program may take that does not say otherwise.
pub const LONGEST_RUN: Duration = Duration::from_secs(120);

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The shared library that cargo built for these tests, or the one that `MCPCLIENT_LIBRARY` names: that of `make`.
pub fn library() -> PathBuf {
    if let Some(shipped) = env::var_os("MCPCLIENT_LIBRARY") {
        return PathBuf::from(shipped);
    }
    let name = if cfg!(target_vendor = "apple") { "libmcpclient.dylib" } else { "libmcpclient.so" };
    env::current_exe().unwrap().parent().unwrap().join(name)
}

/// Whether the programs run with the library as it is shipped.
pub fn is_shipped_library() -> bool {
    env::var_os("MCPCLIENT_LIBRARY").is_some()
}

/// A program of tests/process/programs, compiled.
pub struct Program {
    path: PathBuf,
    name: String,
    variables: Vec<(&'static str, String)>,
}

impl Program {
    /// Linked with the shared library.
    pub fn linked(name: &str) -> Program {
        Program::linked_of("tests/process/programs", name)
    }

    /// A program of examples/c, linked with the shared library.
    pub fn example(name: &str) -> Program {
        Program::linked_of("examples/c", name)
    }

    fn linked_of(sources: &str, name: &str) -> Program {
        let folder = folder(name);
        let soname = folder.join("libmcpclient.so.0");
        let _ = fs::remove_file(&soname);
        std::os::unix::fs::symlink(library(), &soname).unwrap();
        let rpath = format!("-Wl,-rpath,{}", folder.display());
        Program::compile(sources, name, &folder, &[soname.to_str().unwrap(), &rpath])
    }

    /// Not linked with the library: it loads that by itself.
    pub fn alone(name: &str) -> Program {
        Program::compile("tests/process/programs", name, &folder(name), &["-ldl"])
    }

    fn compile(sources: &str, name: &str, folder: &Path, arguments: &[&str]) -> Program {
        let program = folder.join(name);
        let mut command = Command::new(env::var("CC").unwrap_or_else(|_| "cc".to_owned()));
        command.args(FLAGS).args(["-pthread", "-g", "-I"]).arg(path("include")).arg("-I").arg(path("tests/abi/c"));
        command.arg("-o").arg(&program).arg(path(sources).join(name).with_extension("c"));
        command.args(env::var("C_FLAGS").unwrap_or_default().split_whitespace()).args(arguments);
        let output = command.output().unwrap();
        let messages = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && messages.is_empty(), "{name}:\n{messages}");
        Program { path: program, name: name.to_owned(), variables: Vec::new() }
    }

    /// The same program with a variable in its environment.
    pub fn with(mut self, name: &'static str, value: &str) -> Program {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Runs the program and gives what it prints; it must end well and complain about nothing.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        self.run_within(arguments, LONGEST_RUN)
    }

    /// The same for a program that takes longer.
    #[track_caller]
    pub fn run_within(&self, arguments: &[&str], longest: Duration) -> String {
        let output =
            run(Command::new(&self.path).args(arguments).envs(self.variables.iter().cloned()), &self.path, longest);
        let [said, complaint] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let status = output.status;
        assert!(status.success() && complaint.is_empty(), "{} {arguments:?}: {status}\n{said}{complaint}", self.name);
        said
    }
}

/// Runs a program to its end, or ends it after `longest`. What it prints goes to files beside `place`: unlike a pipe,
/// a file takes any amount, and is complete even when a grandchild keeps it open.
pub fn run(command: &mut Command, place: &Path, longest: Duration) -> Output {
    let (out, err) = (place.with_extension("out"), place.with_extension("err"));
    let mut child = command
        // Cargo names a folder in which an older copy of the library may lie.
        .env_remove("LD_LIBRARY_PATH")
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let limit = Instant::now() + stretched(longest);
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() < limit => thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill().unwrap();
                break child.wait().unwrap();
            }
        }
    };
    Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(err).unwrap() }
}

/// A folder of its own for each program, and for each test that compiles it.
fn folder(name: &str) -> PathBuf {
    let test = thread::current().name().unwrap_or("main").replace("::", "-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{name}"));
    fs::create_dir_all(&folder).unwrap();
    folder
}
