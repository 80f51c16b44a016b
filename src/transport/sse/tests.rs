use super::*;

const NO_LIMIT: usize = usize::MAX;

fn event(event: &'static str, data: &str, id: Option<&str>) -> Event {
    Event { event: Cow::Borrowed(event), data: data.into(), id: id.map(str::to_owned) }
}

fn message(data: &str) -> Event {
    event("message", data, None)
}

fn taken(parser: &mut Parser) -> Vec<Event> {
    std::iter::from_fn(|| parser.next()).collect()
}

fn parse(text: impl AsRef<[u8]>) -> Vec<Event> {
    let mut parser = Parser::new(NO_LIMIT);
    parser.push(text.as_ref()).unwrap();
    taken(&mut parser)
}

#[test]
fn the_examples_of_the_standard() {
    assert_eq!(parse("data: YHOO\ndata: +2\ndata: 10\n\n"), [message("YHOO\n+2\n10")]);
    let mut parser = Parser::new(NO_LIMIT);
    parser
        .push(b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n")
        .unwrap();
    assert_eq!(
        taken(&mut parser),
        [
            event("message", "first event", Some("1")),
            event("message", "second event", Some("")),
            message(" third event")
        ]
    );
    assert_eq!(parser.last_event_id(), Some(""));
    assert_eq!(parse("data\n\ndata\ndata\n\ndata:"), [message(""), message("\n")]);
    assert_eq!(parse("data:test\n\ndata: test\n\n"), [message("test"), message("test")]);
}

#[test]
fn every_line_end_and_every_split_give_the_same_events() {
    let lines = "\u{feff}event: message|data: {\"a\":1}||:comment|id: 7|event: ünamed|data: x:y|data|data: é||\
                 unknown: x|eventually: x|retry: 250|datax|data : no||data: last||data: unfinished";
    let expected = [message("{\"a\":1}"), event("ünamed", "x:y\n\né", Some("7")), message("last")];
    for line_end in ["\n", "\r", "\r\n"] {
        let text = lines.replace('|', line_end);
        let bytes = text.as_bytes();
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let mut parser = Parser::new(NO_LIMIT);
                for piece in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                    parser.push(piece).unwrap();
                }
                assert_eq!(taken(&mut parser), expected, "split at {first} and {second} with {line_end:?}");
                assert_eq!(parser.last_event_id(), Some("7"));
                assert_eq!(parser.retry(), Some(Duration::from_millis(250)));
            }
        }
        let mut parser = Parser::new(NO_LIMIT);
        bytes.iter().for_each(|byte| parser.push(&[*byte]).unwrap());
        assert_eq!(taken(&mut parser), expected, "byte by byte with {line_end:?}");
    }
}

#[test]
fn an_event_is_finished_by_a_carriage_return_without_waiting_for_the_line_feed() {
    let mut parser = Parser::new(NO_LIMIT);
    parser.push(b"data: 1\r\n\r").unwrap();
    assert_eq!(taken(&mut parser), [message("1")]);
    parser.push(b"\ndata: 2\n\n").unwrap();
    assert_eq!(taken(&mut parser), [message("2")]);
}

#[test]
fn carriage_return_then_line_feed_is_one_line_end_but_the_reverse_is_two() {
    assert_eq!(parse("data: 1\r\ndata: 2\r\n\r\n"), [message("1\n2")]);
    assert_eq!(parse("data: 1\n\rdata: 2\n\r"), [message("1"), message("2")]);
    assert_eq!(parse("data: 1\r\rdata: 2\r\r"), [message("1"), message("2")]);
}

#[test]
fn a_byte_order_mark_counts_only_at_the_start_and_only_when_whole() {
    assert_eq!(parse("\u{feff}data: 1\n\n"), [message("1")]);
    assert_eq!(parse("\u{feff}\u{feff}data: 1\n\n"), []);
    assert_eq!(parse("\n\u{feff}data: 1\n\n"), []);
    assert_eq!(parse(b"\xEF\xBBdata: 1\n\ndata: 2\n\n"), [message("2")]);
    assert_eq!(parse(b"\xEF\xBB\ndata: 2\n\n"), [message("2")]);
}

#[test]
fn an_event_without_data_is_not_dispatched_but_its_id_counts() {
    let mut parser = Parser::new(NO_LIMIT);
    parser.push(b"event: lost\nid: 41\n\ndata: x\n\n").unwrap();
    assert_eq!(taken(&mut parser), [message("x")]);
    assert_eq!(parser.last_event_id(), Some("41"));
}

#[test]
fn an_id_counts_once_its_event_has_ended_and_not_with_a_nul() {
    let mut parser = Parser::new(NO_LIMIT);
    parser.push(b"id: 1\nid: a\0b\ndata: x\n").unwrap();
    assert_eq!(parser.last_event_id(), None);
    parser.push(b"\n").unwrap();
    assert_eq!(taken(&mut parser), [event("message", "x", Some("1"))]);
    assert_eq!(parser.last_event_id(), Some("1"));
}

#[test]
fn retry_takes_digits_only() {
    let retry = |value: &str| {
        let mut parser = Parser::new(NO_LIMIT);
        parser.push(format!("retry: 5\nretry: {value}\n").as_bytes()).unwrap();
        parser.retry().unwrap().as_millis()
    };
    assert_eq!(retry("1500"), 1500);
    assert_eq!(retry("007"), 7);
    for ignored in ["", "+1", "-1", "1.5", "1 ", " 1", "1e3", "x", "99999999999999999999"] {
        assert_eq!(retry(ignored), 5, "{ignored:?}");
    }
}

#[test]
fn the_last_of_several_names_counts_and_an_empty_one_is_the_default() {
    assert_eq!(parse("event: a\nevent: endpoint\ndata: x\n\n"), [event("endpoint", "x", None)]);
    assert_eq!(parse("event: a\nevent\ndata: x\n\n"), [message("x")]);
    assert_eq!(parse("event: a\n\ndata: x\n\n"), [message("x")]);
}

#[test]
fn field_names_are_compared_exactly() {
    assert_eq!(parse("Data: x\n data: x\ndata : x\ndat: x\nretryy: 1\n\n"), []);
}

#[test]
fn bytes_that_are_not_utf8_pass_through_data() {
    assert_eq!(parse(b"data: \xFF\xFE\n\n")[0].data, b"\xFF\xFE");
    assert_eq!(parse(b"id: \xFF\nevent: \xFE\ndata\n\n"), [event("\u{fffd}", "", Some("\u{fffd}"))]);
}

#[test]
fn the_usual_event_name_allocates_nothing() {
    assert!(matches!(parse("event: message\ndata: x\n\n")[0].event, Cow::Borrowed(_)));
}

#[test]
fn the_limit_counts_the_values_of_one_event() {
    let mut parser = Parser::new(8);
    parser.push(b"data: 12345678\n\nid: 1234\ndata: 12\ndata: 3\n\n").unwrap();
    assert_eq!(taken(&mut parser).len(), 2);
    assert_eq!(parser.push(b"data: 12345678\ndata"), Ok(()));
    assert_eq!(parser.push(b":"), Err(Unreadable::TooLarge), "the line feed that joins two lines counts");

    for text in ["data: 123456789", "event: 123456789", "id: 1234\ndata: 12345"] {
        let mut parser = Parser::new(8);
        assert_eq!(parser.push(text.as_bytes()), Err(Unreadable::TooLarge), "{text:?}");
    }
}

#[test]
fn what_is_ignored_is_not_held() {
    let mut parser = Parser::new(8);
    for _ in 0..1000 {
        parser.push(b": a comment that keeps the connection open, without end").unwrap();
    }
    parser.push(b"\nunknown: 123456789\nan unknown field without a colon\ndata: 1\n\n").unwrap();
    assert_eq!(taken(&mut parser), [message("1")]);
}

#[test]
fn after_an_event_that_is_too_large_only_the_finished_ones_come_out() {
    let mut parser = Parser::new(4);
    assert_eq!(parser.push(b"data: 1\n\ndata: 12345\n\ndata: 2\n\n"), Err(Unreadable::TooLarge));
    assert_eq!(parser.push(b"\n\ndata: 3\n\n"), Err(Unreadable::TooLarge));
    assert_eq!(taken(&mut parser), [message("1")]);
}

#[test]
fn a_small_event_gets_a_buffer_of_its_size() {
    let events = parse("event: message\r\ndata: {\"jsonrpc\":\"2.0\"}\r\n\r\n");
    assert_eq!(events[0].data.capacity(), events[0].data.len());
}

#[test]
fn a_large_line_in_pieces_is_appended_in_place() {
    let size = 10 << 20;
    let piece = [b'x'; 16 * 1024];
    let mut parser = Parser::new(size);
    parser.push(b"data:").unwrap();
    for _ in 0..size / piece.len() {
        parser.push(&piece).unwrap();
    }
    parser.push(b"\n\n").unwrap();
    let data = parser.next().unwrap().data;
    assert_eq!(data.len(), size);
    assert!(data.capacity() <= size + size / 4, "{} bytes for {size}", data.capacity());
}

#[test]
fn a_name_or_id_has_a_limit_of_its_own() {
    for field in ["id", "event", "retry"] {
        let mut parser = Parser::new(usize::MAX);
        parser.push(format!("{field}: {}\n", "1".repeat(MAX_NAME_OR_ID)).as_bytes()).unwrap();
        let longer = format!("{field}: {}", "1".repeat(MAX_NAME_OR_ID));
        parser.push(longer.as_bytes()).unwrap();
        assert_eq!(parser.push(b"1"), Err(Unreadable::TooLarge), "{field}");
    }
    let mut parser = Parser::new(usize::MAX);
    parser.push(format!(": {}\n", "1".repeat(MAX_NAME_OR_ID + 1)).as_bytes()).unwrap();
}
