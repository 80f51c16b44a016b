//! Tasks: work of a server that outlives the request that began it.
//!
//! Two forms: the extension
//! [`io.modelcontextprotocol/tasks`](https://github.com/modelcontextprotocol/ext-tasks) of 2026-07-28, where the server
//! decides, and the experimental one of
//! [2025-11-25](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks), where the client asks.

use std::time::Duration;

use crate::base::error::Error;
use crate::base::text;
use crate::json::Value;

/// The extension's identifier.
pub(crate) const EXTENSION: &str = "io.modelcontextprotocol/tasks";

pub(crate) const GET: &str = "tasks/get";
pub(crate) const UPDATE: &str = "tasks/update";
pub(crate) const CANCEL: &str = "tasks/cancel";
/// The result of a task (2025-11-25).
pub(crate) const RESULT: &str = "tasks/result";

/// The pause between two polls when the server names none.
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The pauses that a server can ask for: neither a busy loop nor a call that misses its result for minutes.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(20);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(60);

/// What a client needs of a `Task`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) status: TaskStatus,
    pub(crate) poll_interval: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskStatus {
    Working,
    InputRequired,
    Completed,
    Failed,
    Cancelled,
}

impl Task {
    /// Reads the task at `pointer` of a result.
    ///
    /// # Errors
    /// [`Error::Protocol`] when it has no id or an unknown status.
    pub(crate) fn read(result: &Value, pointer: &str) -> Result<Task, Error> {
        let text = |name: &str| result.string(&format!("{pointer}/{name}"));
        let id = text("taskId").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Error::Protocol("the task of the result has no taskId".to_owned()))?.to_owned();
        let status = match text("status") {
            Some("working") => TaskStatus::Working,
            Some("input_required") => TaskStatus::InputRequired,
            Some("completed") => TaskStatus::Completed,
            Some("failed") => TaskStatus::Failed,
            Some("cancelled") => TaskStatus::Cancelled,
            other => {
                let other = text::one_line(other.unwrap_or("none"));
                return Err(Error::Protocol(format!("the task has an unknown status: {other}")));
            }
        };
        let interval = ["pollIntervalMs", "pollInterval"]
            .iter()
            .find_map(|name| result.double(&format!("{pointer}/{name}")))
            .filter(|ms| *ms >= 0.0)
            .map_or(DEFAULT_POLL_INTERVAL, |ms| Duration::from_secs_f64((ms / 1000.0).min(60.0)));
        Ok(Task { id, status, poll_interval: interval.clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Task, Error> {
        Task::read(&Value::parse(json).unwrap(), "")
    }

    #[test]
    fn both_forms_are_read() {
        let modern = read(r#"{"taskId":"a","status":"working","pollIntervalMs":250}"#).unwrap();
        assert_eq!(
            modern,
            Task { id: "a".to_owned(), status: TaskStatus::Working, poll_interval: Duration::from_millis(250) }
        );
        let legacy = Value::parse(r#"{"task":{"taskId":"b","status":"input_required","pollInterval":5e3}}"#).unwrap();
        let legacy = Task::read(&legacy, "/task").unwrap();
        assert_eq!((legacy.status, legacy.poll_interval), (TaskStatus::InputRequired, Duration::from_secs(5)));
    }

    #[test]
    fn a_poll_interval_is_bounded() {
        for (ms, interval) in [("0", MIN_POLL_INTERVAL), ("1e300", MAX_POLL_INTERVAL), ("-1", DEFAULT_POLL_INTERVAL)] {
            let task = read(&format!(r#"{{"taskId":"a","status":"working","pollIntervalMs":{ms}}}"#)).unwrap();
            assert_eq!(task.poll_interval, interval, "{ms}");
        }
    }

    #[test]
    fn a_task_without_id_or_known_status_is_an_error() {
        for json in [
            r#"{"status":"working"}"#,
            r#"{"taskId":"","status":"working"}"#,
            r#"{"taskId":"a"}"#,
            r#"{"taskId":"a","status":"x"}"#,
        ] {
            assert!(matches!(read(json), Err(Error::Protocol(_))), "{json}");
        }
    }
}
