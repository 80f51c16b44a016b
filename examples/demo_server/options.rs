//! The command line.

/// What `--help` prints.
pub const HELP: &str = "\
Usage: demo_server [options]

An MCP server on 127.0.0.1 to try a client against. It prints one line,
\"listening http://127.0.0.1:PORT\", when it is ready.

  --port N              port to listen on (default: 0, any free one)
  --token TOKEN         accept this bearer token (repeatable)
  --api-key KEY         accept this X-API-Key (repeatable)
                        With neither: token \"demo-token\", key \"demo-key\".
  --modern-only         speak 2026-07-28 only
  --legacy-only         speak the revisions with an initialize handshake only
  --until-stdin-closes  end when standard input does
  --help                print this
";

/// What the server was asked to be.
#[derive(Default)]
pub struct Options {
    /// 0: any free port.
    pub port: u16,
    /// Bearer tokens that are accepted.
    pub tokens: Vec<String>,
    /// Values of `X-API-Key` that are accepted.
    pub api_keys: Vec<String>,
    /// Do not speak the handshake revisions.
    pub modern_only: bool,
    /// Do not speak 2026-07-28.
    pub legacy_only: bool,
    /// End when standard input is closed.
    pub until_stdin_closes: bool,
}

/// What the command line asks for.
pub enum Command {
    /// Run the server.
    Serve(Options),
    /// Print [`HELP`].
    Help,
}

/// Reads the arguments, the program's name left out; the error is a sentence for the person who typed them.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--port" => options.port = value()?.parse().map_err(|_| "--port needs a number up to 65535".to_owned())?,
            "--token" => options.tokens.push(value()?),
            "--api-key" => options.api_keys.push(value()?),
            "--modern-only" => options.modern_only = true,
            "--legacy-only" => options.legacy_only = true,
            "--until-stdin-closes" => options.until_stdin_closes = true,
            "--help" => return Ok(Command::Help),
            _ => return Err(format!("unknown option {argument}")),
        }
    }
    if options.modern_only && options.legacy_only {
        return Err("--modern-only and --legacy-only exclude each other".to_owned());
    }
    if options.tokens.is_empty() && options.api_keys.is_empty() {
        options.tokens.push("demo-token".to_owned());
        options.api_keys.push("demo-key".to_owned());
    }
    Ok(Command::Serve(options))
}
