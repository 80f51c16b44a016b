//! Tasks: followed to their end within a call, or handed to the caller.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::{Error, RpcError};
use crate::base::text;
use crate::client::operation::{Operation, named_params};
use crate::client::{Client, input_requests};
use crate::json::{Kind, Node, Value};
use crate::protocol::jsonrpc::{JsonObject, METHOD_NOT_FOUND};
use crate::protocol::meta::raw;
use crate::protocol::tasks::{self, Task, TaskStatus};
use crate::protocol::tool_headers::TOOLS_CALL;
use crate::session::{Request, Session};

/// How long `tasks/cancel` may take for a task that its call gives up.
const CANCEL_TIMEOUT: Duration = Duration::from_millis(500);

/// The capability to call tools as tasks (2025-11-25).
const TASK_CALLS: &str = "tasks.requests.tools.call";

/// What a tool answered when the caller asked for a task.
pub(super) struct Started {
    /// `None`: the server carried the tool out at once, and `task` holds its result.
    pub(super) id: Option<String>,
    pub(super) task: Value,
}

impl Operation {
    /// Follows a task to its end, and cancels it at the server when the call ends before.
    pub(super) fn follow_task(&self, session: &Arc<Session>, created: &Value, pointer: &str) -> Result<Value, Error> {
        let task = Task::read(created, pointer)?;
        let id = task.id.clone();
        let result = self.follow(session, task);
        if matches!(&result, Err(error) if error.ends_call()) {
            self.cancel_in_background(session, id_params(&id)?);
        }
        result
    }

    /// Best effort: the call has ended, and without a thread the server ends the task by its time to live.
    fn cancel_in_background(&self, session: &Arc<Session>, params: JsonObject) {
        let session = session.clone();
        let cancel = move || {
            let call = Call::with_timeout(CANCEL_TIMEOUT);
            let _ = session.request(&call, &Request::with(tasks::CANCEL, params));
        };
        let _ = self.process.sessions.threads().spawn("cancel", cancel);
    }

    fn follow(&self, session: &Session, mut task: Task) -> Result<Value, Error> {
        let mut answered = BTreeSet::new();
        if !session.version.is_modern() {
            return self.legacy_result(session, task);
        }
        loop {
            self.call.sleep(task.poll_interval)?;
            let state = self.send(session, &Request::with(tasks::GET, id_params(&task.id)?))?;
            task = Task { id: task.id, ..Task::read(&state, "")? };
            match task.status {
                TaskStatus::Working => {}
                TaskStatus::InputRequired => self.provide_input(session, &task.id, &state, &mut answered)?,
                TaskStatus::Completed => return part(&state, "/result"),
                TaskStatus::Failed => return Err(failure(&state)),
                TaskStatus::Cancelled => return Err(cancelled(&state)),
            }
        }
    }

    /// Up to 2025-11-25 the result is a request of its own, which also carries what the server asks of the client.
    fn legacy_result(&self, session: &Session, mut task: Task) -> Result<Value, Error> {
        while task.status == TaskStatus::Working {
            self.call.sleep(task.poll_interval)?;
            let state = self.send(session, &Request::with(tasks::GET, id_params(&task.id)?))?;
            task = Task { id: task.id, ..Task::read(&state, "")? };
            if task.status == TaskStatus::Cancelled {
                return Err(cancelled(&state));
            }
        }
        self.send(session, &Request::with(tasks::RESULT, id_params(&task.id)?))
    }

    /// Answers the input requests that were not answered before. A server may repeat one until it has seen the response.
    fn provide_input(
        &self,
        session: &Session,
        id: &str,
        state: &Value,
        answered: &mut BTreeSet<String>,
    ) -> Result<(), Error> {
        let responses = input_requests::responses(&self.call, state, &self.shared, answered)?;
        if responses.is_empty() {
            return Ok(());
        }
        let mut params = id_params(id)?;
        answered.extend(responses.keys().cloned());
        params.insert("inputResponses".to_owned(), raw(crate::protocol::meta::object(&responses)?)?);
        self.send(session, &Request::with(tasks::UPDATE, params)).map(drop)
    }

    /// Calls a tool as a task.
    pub(super) fn start_task(&self, params: &JsonObject) -> Result<Started, Error> {
        let mut attempt = self.begin()?;
        loop {
            attempt.session().require("tools")?;
            match self.start_task_on(attempt.session(), params) {
                Ok(started) => return Ok(started),
                Err(error) => attempt.renew(error, TOOLS_CALL)?,
            }
        }
    }

    fn start_task_on(&self, session: &Session, params: &JsonObject) -> Result<Started, Error> {
        if session.version.is_modern() {
            session.require_extension(tasks::EXTENSION)?;
            let result = self.send_tool_call(session, params)?;
            return match is_task(&result) {
                true => Ok(Started { id: Some(Task::read(&result, "")?.id), task: result }),
                false => Ok(Started { id: None, task: finished(&result)? }),
            };
        }
        session.require(TASK_CALLS)?;
        let created = self.send_tool_call(session, &with_task(params)?)?;
        let id = Task::read(&created, "/task")?.id;
        Ok(Started { id: Some(id), task: part(&created, "/task")? })
    }

    /// A request about a task that this or another process has started.
    pub(super) fn task_request(&self, method: &'static str, id: &str) -> Result<Value, Error> {
        let request = Request::with(method, id_params(id)?);
        let mut attempt = self.begin()?;
        loop {
            require_tasks(attempt.session())?;
            match self.send(attempt.session(), &request) {
                Ok(value) => return Ok(value),
                Err(error) => attempt.renew(error, method)?,
            }
        }
    }

    /// Waits for a task's result. The task goes on when the call ends before: its id is the caller's.
    pub(super) fn await_task(&self, id: &str) -> Result<Value, Error> {
        let mut attempt = self.begin()?;
        loop {
            require_tasks(attempt.session())?;
            // Polls at once: the task may have ended long ago.
            let task = Task { id: id.to_owned(), status: TaskStatus::Working, poll_interval: Duration::ZERO };
            match self.follow(attempt.session(), task) {
                Ok(value) => return Ok(value),
                Err(error) => attempt.renew(error, tasks::GET)?,
            }
        }
    }

    /// Whether the error says that the tool runs only as a task (2025-11-25, `execution.taskSupport` "required").
    pub(super) fn must_be_task(&self, session: &Session, error: &Error) -> bool {
        !session.version.is_modern()
            && error.rpc_code() == Some(METHOD_NOT_FOUND)
            && session.server.is_known()
            && session.require(TASK_CALLS).is_ok()
    }
}

/// Whether a result of `tools/call` is a task (since 2026-07-28).
pub(super) fn is_task(result: &Value) -> bool {
    result.string("/resultType") == Some("task")
}

fn require_tasks(session: &Session) -> Result<(), Error> {
    match session.version.is_modern() {
        true => session.require_extension(tasks::EXTENSION),
        false => session.require("tasks"),
    }
}

fn id_params(id: &str) -> Result<JsonObject, Error> {
    Ok(JsonObject::from([("taskId".to_owned(), raw(text::quoted(id))?)]))
}

/// The parameters of `tools/call` that ask for a task (2025-11-25).
pub(super) fn with_task(params: &JsonObject) -> Result<JsonObject, Error> {
    let mut params = params.clone();
    if !params.contains_key("task") {
        params.insert("task".to_owned(), raw("{}".to_owned())?);
    }
    Ok(params)
}

/// A task that has ended, made of a result that came at once.
fn finished(result: &Value) -> Result<Value, Error> {
    Value::parse(&format!("{{\"status\":\"completed\",\"result\":{}}}", result.json()))
        .map_err(|error| Error::Internal(format!("the result cannot be written: {error}")))
}

/// The JSON-RPC error that a failed task holds.
fn failure(state: &Value) -> Error {
    let code = state.int64("/error/code").and_then(|code| i32::try_from(code).ok());
    let (Some(code), Some(message)) = (code, state.string("/error/message")) else {
        return Error::Protocol("the task failed, and its error is missing".to_owned());
    };
    let data = state.json_at("/error/data");
    Error::Rpc(Box::new(RpcError { code, message: message.to_owned(), data, http_status: 0 }))
}

fn cancelled(state: &Value) -> Error {
    let reason = state.string("/statusMessage").map(text::one_line);
    Error::InvalidState(reason.map_or_else(
        || "the task was cancelled at the server".to_owned(),
        |reason| format!("the task was cancelled at the server: {reason}"),
    ))
}

/// A member of a task, which must be an object.
fn part(value: &Value, pointer: &str) -> Result<Value, Error> {
    let part = value.get(pointer).filter(|part| part.kind() == Kind::Object).map(Node::to_value);
    part.ok_or_else(|| Error::Protocol(format!("the task's {} is missing", &pointer[1..])))
}

impl Client {
    /// Calls a tool as a task that outlives the call. Returns its id, and the task as the server describes it. Without an
    /// id, the server carried the tool out at once: `status` is `completed`, and `result` holds the result.
    ///
    /// # Errors
    /// Those of [`Client::connect`]; [`Error::Unsupported`] when the server has no tasks.
    pub fn start_task(&self, tool: &str, arguments: Option<&str>) -> Result<(Option<String>, Value), Error> {
        let params = named_params("name", tool, arguments)?;
        let operation = self.operation();
        let started = operation.finish(operation.start_task(&params))?;
        Ok((started.id, started.task))
    }

    /// The state of a task that this or another process has started.
    ///
    /// # Errors
    /// As [`Client::start_task`].
    pub fn get_task(&self, id: &str) -> Result<Value, Error> {
        let operation = self.operation();
        operation.finish(operation.task_request(tasks::GET, id))
    }

    /// Waits for a task's result, as [`Client::call_tool`] returns it. The task goes on when the call ends before.
    ///
    /// # Errors
    /// As [`Client::start_task`]; the error of a task that failed; [`Error::InvalidState`] for one that was cancelled.
    pub fn await_task(&self, id: &str) -> Result<Value, Error> {
        let operation = self.operation();
        operation.finish(operation.await_task(id))
    }

    /// Asks the server to cancel a task. The server decides whether and when.
    ///
    /// # Errors
    /// As [`Client::start_task`].
    pub fn cancel_task(&self, id: &str) -> Result<(), Error> {
        let operation = self.operation();
        operation.finish(operation.task_request(tasks::CANCEL, id)).map(drop)
    }
}
