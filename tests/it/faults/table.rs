//! The faults of a request, with what a call that meets them comes back with.

use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use mcpclient::Status;

use crate::support::*;

/// The deadline of a call that will not get its answer.
pub const DEADLINE: Duration = Duration::from_millis(700);
/// The deadline of any other call, for machines that have other things to do as well.
const AMPLE: Duration = Duration::from_secs(10);
/// What a call may take beyond its deadline.
pub const GRACE: Duration = Duration::from_millis(500);
/// The most bytes of an answer.
pub const LIMIT: u64 = 512 << 10;

/// What an answer to a JSON-RPC request may meet; `None`: nothing that the caller notices.
pub const FAULTS: [(Fault, Option<Status>); 51] = {
    use Fault::*;
    const TIMEOUT: Option<Status> = Some(Status::Timeout);
    const NETWORK: Option<Status> = Some(Status::Network);
    const PROTOCOL: Option<Status> = Some(Status::Protocol);
    [
        (Silence, TIMEOUT),
        (SilenceInHead, TIMEOUT),
        (SilenceInBody, TIMEOUT),
        (SilentStream, TIMEOUT),
        (TrickledHead, TIMEOUT),
        (TrickledBody, TIMEOUT),
        (Comments, TIMEOUT),
        (HugeLength, PROTOCOL),
        (OverflowingLength, PROTOCOL),
        (TwoLengths, PROTOCOL),
        (Reset, NETWORK),
        (ResetInHead, NETWORK),
        (ResetInBody, NETWORK),
        (Close, NETWORK),
        (CloseInHead, NETWORK),
        (TruncatedLength, NETWORK),
        (TruncatedChunk, NETWORK),
        (TruncatedStream, NETWORK),
        (BadChunkSize, PROTOCOL),
        (BadChunkEnd, PROTOCOL),
        (EndlessChunkSize, PROTOCOL),
        (EndlessTrailers, TIMEOUT), // the answer is whole, only its end does not come
        (NotHttp, PROTOCOL),
        (TlsAlert, PROTOCOL),
        (BadStatusLine, PROTOCOL),
        (EndlessHeaders, PROTOCOL),
        (EndlessHeaderLine, PROTOCOL),
        (EndlessInformation, PROTOCOL),
        (EndlessJson, PROTOCOL),
        (EndlessJsonUntilClose, PROTOCOL),
        (EndlessLine, PROTOCOL),
        (EndlessEvent, PROTOCOL),
        (EndlessEvents, PROTOCOL),
        (GzipBomb, PROTOCOL),
        (BadGzip, PROTOCOL),
        (NotJson, PROTOCOL),
        (EmptyJson, PROTOCOL),
        (BadUtf8, None),
        (DeepBrackets, PROTOCOL),
        (WrongId, PROTOCOL),
        (NotJsonRpc, PROTOCOL),
        (NeitherResultNorError, PROTOCOL),
        (AcceptedOnly, PROTOCOL),
        (HtmlPage, PROTOCOL),
        (EmptyStream, PROTOCOL),
        (BrokenEvent, PROTOCOL),
        (BadUtf8Event, None),
        (WrongIdEvent, PROTOCOL),
        (TwoAnswersAtOnce, None),
        (CloseAfterAnswer, None),
        (OneAnswerTooMany, None),
    ]
};

/// A client that takes no more than [`LIMIT`].
pub fn limited<D: Driver>(url: &str) -> D {
    let client: D = client_at(url);
    client.set_max_response_bytes(LIMIT).unwrap();
    client
}

/// Pings and checks time and outcome.
#[track_caller]
pub fn meets(what: &dyn std::fmt::Debug, client: &impl Driver, expected: Option<Status>) {
    meets_with(Ask::Ping, what, client, expected);
}

/// Asks and checks time and outcome.
#[track_caller]
pub fn meets_with(ask: Ask, what: &dyn std::fmt::Debug, client: &impl Driver, expected: Option<Status>) {
    let deadline = if expected == Some(Status::Timeout) { DEADLINE } else { stretched(AMPLE) };
    client.set_timeout(deadline);
    let (time, outcome) = timed(|| ask.of(client));
    let status = outcome.as_ref().err().map(|failure| failure.status);
    assert_eq!(status, expected.map(|status| status as i32), "{ask:?}: {what:?} gave {outcome:?}");
    assert!(time < deadline + stretched(GRACE), "{ask:?}: {what:?} took {time:?}");
    if let Err(failure) = outcome {
        let message = failure.message;
        assert!(message.len() < 1000 && !message.contains(char::is_control), "{what:?}: {message:?}");
    }
}

/// Asks with time to spare: the fault is over.
#[track_caller]
pub fn works_again(what: &dyn std::fmt::Debug, client: &impl Driver) {
    client.set_timeout(stretched(AMPLE));
    client.ping().unwrap_or_else(|failure| panic!("a ping after {what:?}: {failure:?}"));
    let text = client.call_tool("say").unwrap_or_else(|failure| panic!("a tool after {what:?}: {failure:?}"));
    assert_eq!(text, "said", "after {what:?}");
}

/// Plays cases side by side, a few at a time: most of their time is waiting. Goes on after a failure, to tell of all.
pub fn side_by_side<T: Sync>(cases: &[T], play: impl Fn(&T) + Sync) {
    let play_some = |some: &[T]| {
        thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|case| scope.spawn(|| play(case))).collect();
            threads.into_iter().map(ScopedJoinHandle::join).filter(Result::is_err).count()
        })
    };
    let failed: usize = cases.chunks(8).map(play_some).sum();
    assert_eq!(failed, 0, "{failed} of {} cases failed, see above", cases.len());
}
