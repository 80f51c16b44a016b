use super::*;
use crate::base::error::Error;

fn parse(text: &str) -> Value {
    Value::from_text(text.into()).unwrap()
}

fn reason(text: &str) -> String {
    Value::parse(text).unwrap_err().to_string().replace("the JSON text is not valid JSON: ", "")
}

#[test]
fn the_examples_of_the_json_pointer_standard() {
    // RFC 6901, section 5
    let value = parse(
        r#"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}"#,
    );
    assert_eq!(value.count(""), 10);
    assert_eq!(value.count("/foo"), 2);
    assert_eq!(value.string("/foo/0"), Some("bar"));
    let pointers = ["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"];
    for (number, pointer) in pointers.iter().enumerate() {
        assert_eq!(value.int64(pointer), Some(number as i64), "{pointer:?}");
    }
}

#[test]
fn pointers_to_nothing() {
    let value = parse(r#"{"a": [1, [2]], "~": 3, "0": 4, "s": "x"}"#);
    for pointer in [
        "a",
        "/b",
        "/a/",
        "/a/2",
        "/a/-",
        "/a/00",
        "/a/01",
        "/a/+0",
        "/a/-1",
        "/a/1/0/0",
        "/~",
        "/~2",
        "/~0~",
        "/s/0",
        "/a/ 0",
        "/a/99999999999999999999999",
        "//",
        "/0/0",
    ] {
        assert!(value.get(pointer).is_none(), "{pointer:?}");
    }
    assert_eq!(value.int64("/a/1/0"), Some(2));
    assert_eq!(value.int64("/~0"), Some(3));
    assert_eq!(value.int64("/0"), Some(4));
}

#[test]
fn pointer_escapes_are_undone_from_left_to_right() {
    let value = parse(r#"{"~1": 1, "/": 2, "~0": 3, "/~": 4}"#);
    assert_eq!(value.int64("/~01"), Some(1));
    assert_eq!(value.int64("/~1"), Some(2));
    assert_eq!(value.int64("/~00"), Some(3));
    assert_eq!(value.int64("/~1~0"), Some(4));
}

#[test]
fn each_kind_has_its_own_getter() {
    let value = parse(r#"[null, true, false, 7, 1.5, "7", [1, 2], {"a": 1}]"#);
    let read = |pointer: &str| {
        let number = (value.int64(pointer), value.double(pointer));
        (value.is_null(pointer), value.bool(pointer), number, value.string(pointer), value.count(pointer))
    };
    assert_eq!(read("/0"), (true, None, (None, None), None, 0));
    assert_eq!(read("/1"), (false, Some(true), (None, None), None, 0));
    assert_eq!(read("/2"), (false, Some(false), (None, None), None, 0));
    assert_eq!(read("/3"), (false, None, (Some(7), Some(7.0)), None, 0));
    assert_eq!(read("/4"), (false, None, (None, Some(1.5)), None, 0));
    assert_eq!(read("/5"), (false, None, (None, None), Some("7"), 0));
    assert_eq!(read("/6"), (false, None, (None, None), None, 2));
    assert_eq!(read("/7"), (false, None, (None, None), None, 1));
    assert_eq!(read("/8"), (false, None, (None, None), None, 0));
    let kinds: Vec<Kind> = value.root().elements().map(Node::kind).collect();
    use Kind::*;
    assert_eq!(kinds, [Null, Bool, Bool, Number, Number, String, Array, Object]);
}

#[test]
fn parts_are_reached_step_by_step() {
    let value = parse(r#"{"b": [10, {"x": 11}], "a": {}, "b2": "s"}"#);
    let root = value.root();
    let members: Vec<_> = root.members().map(|(name, node)| (name, node.to_json())).collect();
    assert_eq!(members, [("b", r#"[10,{"x":11}]"#.to_owned()), ("a", "{}".to_owned()), ("b2", "\"s\"".to_owned())]);
    let list = root.element(0).unwrap();
    assert_eq!(list.element(1).and_then(|object| object.get("/x")?.as_i64()), Some(11));
    assert_eq!((list.key(0), root.key(2), root.key(3)), (None, Some("b2"), None));
    assert!(list.element(2).is_none() && list.element(usize::MAX).is_none() && root.element(usize::MAX).is_none());
    assert!(root.key(usize::MAX).is_none() && root.element(2).unwrap().element(0).is_none());
    assert_eq!(list.get("").unwrap().to_json(), list.to_json());
}

#[test]
fn integers_are_exact() {
    let int64 = |text: &str| parse(text).int64("");
    assert_eq!(int64("-9223372036854775808"), Some(i64::MIN));
    assert_eq!(int64("9223372036854775807"), Some(i64::MAX));
    assert_eq!(int64("9223372036854775808"), None);
    assert_eq!(int64("-9223372036854775809"), None);
    for three in ["3", "3.0", "3e0", "30E-1", "0.3e+1", "3.000000000000000000000000", "0.00003e5", "300000000000e-11"] {
        assert_eq!(int64(three), Some(3), "{three}");
    }
    for zero in ["0", "-0", "0.0", "-0.0", "0e999999999999999999999", "0.000e-5"] {
        assert_eq!(int64(zero), Some(0), "{zero}");
    }
    assert_eq!(int64("9007199254740993.0"), Some(9_007_199_254_740_993), "more than a double holds");
    assert_eq!(int64("-9.223372036854775808e18"), Some(i64::MIN));
    assert_eq!(int64("9.223372036854775808e18"), None);
    assert_eq!(int64("9223372036854775807.0"), Some(i64::MAX));
    for none in ["3.5", "1e19", "1e400", "1e-1", "30e-2", "123456789012345678901234567890e-20"] {
        assert_eq!(int64(none), None, "{none}");
    }
}

#[test]
fn doubles_are_the_nearest() {
    let double = |text: &str| parse(text).double("");
    for text in [
        "0.1",
        "-0.1",
        "1e22",
        "1e23",
        "123456789.125",
        "9007199254740993",
        "9007199254740993.0",
        "18446744073709551615",
        "0.000001",
        "1e-400",
        "4.9e-324",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "12345678901234567890123.45",
        "3.0000000000000000000000000000001",
        "1E+2",
        "100e-2",
    ] {
        let expected: f64 = text.parse().unwrap();
        assert_eq!(double(text).map(f64::to_bits), Some(expected.to_bits()), "{text}");
    }
    assert!(double("-0").unwrap().is_sign_negative());
    assert!(double("-0.0").unwrap().is_sign_negative());
}

#[test]
fn a_number_beyond_all_doubles_keeps_its_digits() {
    for text in ["1e400", "-1e400", "1e99999999999999999999", "1e+5000"] {
        let value = parse(&format!("[{text}, 1]"));
        assert_eq!((value.double("/0"), value.int64("/0"), value.int64("/1")), (None, None, Some(1)), "{text}");
        assert_eq!(value.get("/0").unwrap().kind(), Kind::Number);
        assert_eq!(value.json_at("/0").as_deref(), Some(text));
    }
}

#[test]
fn strings_lose_their_escapes() {
    let string = |text: &str| parse(text).string("").unwrap().to_owned();
    assert_eq!(string(r#""""#), "");
    assert_eq!(string(r#""\"\\\/\b\f\n\r\t""#), "\"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(string(r#""a\u00e9\u20AC\uD83D\ude00z""#), "aé€😀z");
    assert_eq!(string("\"\u{7f}é\u{10ffff}\""), "\u{7f}é\u{10ffff}");
    // Escapes and plain parts of every length: they are moved by bytes, by words, and as a whole.
    for length in 0..80 {
        let plain = "é".repeat(length % 7) + &"x".repeat(length);
        let text = format!(r#""{plain}\n{plain}\u00e9\\{plain}""#);
        assert_eq!(string(&text), format!("{plain}\n{plain}é\\{plain}"));
    }
}

#[test]
fn half_a_surrogate_pair_is_replaced() {
    let string = |text: &str| parse(text).string("").unwrap().to_owned();
    assert_eq!(string(r#""cut \ud83d""#), "cut \u{fffd}");
    assert_eq!(string(r#""\ud83d rest""#), "\u{fffd} rest");
    assert_eq!(string(r#""\ude00""#), "\u{fffd}");
    assert_eq!(string(r#""\ud800\u0041""#), "\u{fffd}A");
    assert_eq!(string(r#""\udc00\ud800""#), "\u{fffd}\u{fffd}");
    assert_eq!(string(r#""\ud83d\ud83d\ude00""#), "\u{fffd}😀");
    assert_eq!(string(r#""\ud83d\n""#), "\u{fffd}\n");
    assert_eq!(parse(r#"{"\ud800": 1}"#).int64("/\u{fffd}"), Some(1));
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_inside_strings() {
    let read = |text: &[u8]| Value::from_text(text.to_vec());
    for (bytes, expected) in [
        (&b"a\xffb"[..], "a\u{fffd}b"),
        (b"\xc3", "\u{fffd}"),
        (b"\xed\xa0\xbd", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xc0\x80", "\u{fffd}\u{fffd}"),
        (b"\\n\xf0\x9f", "\n\u{fffd}"),
        (b"\xc3\\u00e9", "\u{fffd}é"),
        (b"\xf4\x90\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
    ] {
        let text = [b"{\"k\": [\"", bytes, b"\", \"after\"], \"n\xfe\": 1}"].concat();
        let value = read(&text).unwrap();
        assert_eq!(value.string("/k/0"), Some(expected), "{bytes:?}");
        assert_eq!((value.string("/k/1"), value.int64("/n\u{fffd}")), (Some("after"), Some(1)));
        assert_eq!(parse(value.json()).json(), value.json());
    }
    assert!(read(b"[\xff]").is_err());
    assert!(read(b"\xff").is_err());
}

#[test]
fn strings_end_with_a_nul_for_c() {
    let value = parse(r#"{"text": "a\nb", "none": "", "inner": "a\u0000b", "number": 1}"#);
    let bytes = |pointer: &str| value.get(pointer).and_then(Node::as_bytes_with_nul);
    assert_eq!(bytes("/text"), Some(&b"a\nb\0"[..]));
    assert_eq!(bytes("/text").unwrap().as_ptr(), value.string("/text").unwrap().as_ptr());
    assert_eq!(bytes("/none"), Some(&b"\0"[..]));
    assert_eq!((bytes("/inner"), value.string("/inner")), (Some(&b"a\0b\0"[..]), Some("a\0b")));
    assert_eq!(bytes("/number"), None);
    assert_eq!(value.root().key_with_nul(0), Some(&b"text\0"[..]));
    let json = value.root().json_for_c().unwrap();
    assert_eq!(json.to_str(), Ok(r#"{"text":"a\nb","none":"","inner":"a\u0000b","number":1}"#));
    assert_eq!(json.as_ptr().cast(), value.json().as_ptr());
}

#[test]
fn of_repeated_members_the_last_counts() {
    let value = parse(r#"{"a": 1, "b": 2, "a": 3}"#);
    assert_eq!(value.int64("/a"), Some(3));
    assert_eq!(value.count(""), 3);
    assert_eq!(value.json(), r#"{"a":1,"b":2,"a":3}"#);
}

#[test]
fn printed_text_keeps_digits_and_order() {
    for (text, printed) in [
        (
            r#" { "z" : 1.50 , "a" : [ 1e+02 , -0 , 1.0E5 ] , "" : { } , "e" : [ ] } "#,
            r#"{"z":1.50,"a":[1e+02,-0,1.0E5],"":{},"e":[]}"#,
        ),
        (r#""\u0041\/\u00e9\u007f\u2028\u001f\ud83d\ude00""#, "\"A/é\u{7f}\u{2028}\\u001f😀\""),
        (r#"[null,true,false,"\"\\\b\f\n\r\t"]"#, r#"[null,true,false,"\"\\\b\f\n\r\t"]"#),
        ("18446744073709551616.000", "18446744073709551616.000"),
        (r#""\ud83d""#, "\"\u{fffd}\""),
        (" 7 ", "7"),
    ] {
        let value = parse(text);
        assert_eq!(value.json(), printed);
        assert_eq!(parse(printed).json(), printed);
        assert_eq!(format!("{value:?}"), printed);
    }
}

#[test]
fn the_text_of_a_part_is_made_once() {
    let rows: Vec<String> = (0..1000).map(|row| format!(r#"{{"row":{row},"text":"x"}}"#)).collect();
    let value = parse(&format!("[{}]", rows.join(",")));
    for (row, node) in rows.iter().zip(value.root().elements()) {
        let first = node.json_for_c().unwrap();
        assert_eq!(first.to_str(), Ok(row.as_str()));
        assert_eq!(node.json_for_c().unwrap().as_ptr(), first.as_ptr());
    }
    // Threads that ask at the same time get the same text.
    std::thread::scope(|scope| {
        let ask = || value.root().elements().map(|node| node.to_json().len()).sum::<usize>();
        let address = || value.json().as_ptr() as usize;
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(move || (ask(), address()))).collect();
        let seen: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    });
}

#[test]
fn a_copy_of_a_part_is_a_value_of_its_own() {
    let whole = parse(
        r#" {"a/b": [1, {"x" : 1.50, "y\u0041": 1e+02}], "same": 1, "same": "\ud83d\ude00\u0000", "deep": [[null]], "e": {}} "#,
    );
    let copies: Vec<(Value, &str)> = [
        ("/a~1b/1", r#"{"x":1.50,"yA":1e+02}"#),
        ("/a~1b/1/x", "1.50"),
        ("/same", r#""😀\u0000""#),
        ("/deep/0", "[null]"),
        ("/deep/0/0", "null"),
        ("/e", "{}"),
        ("", r#"{"a/b":[1,{"x":1.50,"yA":1e+02}],"same":1,"same":"😀\u0000","deep":[[null]],"e":{}}"#),
    ]
    .map(|(pointer, text)| (whole.get(pointer).unwrap().to_value(), text))
    .into();
    drop(whole);
    for (copy, text) in copies {
        assert_eq!(copy.json(), text);
        assert_eq!(copy.root().to_value().json(), text);
    }
}

#[test]
fn errors_name_the_place_and_not_the_text() {
    for (text, expected) in [
        ("", "an unexpected end at line 1 column 1"),
        (" \n", "an unexpected end at line 2 column 1"),
        ("[1, 2", "an unexpected end at line 1 column 6"),
        ("{\"a\": \"\\n\",\n \"b\" 2}", "no colon after a member name at line 2 column 6"),
        ("{\"a\": 1,}", "no member name at line 1 column 9"),
        ("[1 2]", "neither a comma nor the closing bracket at line 1 column 4"),
        ("[1,]", "no JSON value at line 1 column 4"),
        ("[1]]", "more text after the value at line 1 column 4"),
        ("\u{feff}1", "no JSON value at line 1 column 1"),
        ("tru", "no JSON value at line 1 column 1"),
        ("nulls", "more text after the value at line 1 column 5"),
        ("\"secret", "a string without an end at line 1 column 8"),
        ("\"secret\\", "a string without an end at line 1 column 9"),
        ("\"a\nb\"", "a control character in a string at line 1 column 3"),
        ("\"a\0b\"", "a control character in a string at line 1 column 3"),
        ("1\0", "more text after the value at line 1 column 2"),
        ("\0", "no JSON value at line 1 column 1"),
        (r#""a\x""#, "an unknown escape at line 1 column 3"),
        (r#""a\u12""#, "an incomplete escape at line 1 column 3"),
        (r#""a\u+123""#, "an incomplete escape at line 1 column 3"),
        ("01", "more text after the value at line 1 column 2"),
        ("-", "a number without digits at line 1 column 2"),
        ("1.", "a number without digits at line 1 column 3"),
        (".5", "no JSON value at line 1 column 1"),
        ("1e+", "a number without digits at line 1 column 4"),
        ("+1", "no JSON value at line 1 column 1"),
        ("NaN", "no JSON value at line 1 column 1"),
    ] {
        assert_eq!(reason(text), expected, "{text:?}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text:?}");
    }
    let error = Value::from_text(b"[\"\\n\", 1 2]".to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "neither a comma nor the closing bracket at byte 9");
    let error = Value::parse("[1").unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
}

#[test]
fn errors_stand_at_the_right_byte_of_long_strings() {
    let place = |filler: usize, bad: &str| {
        let text = format!("\"{}{bad}\"", "y".repeat(filler));
        Value::from_text(text.into()).unwrap_err().to_string()
    };
    for filler in (0..200).chain([16_383, 16_384, 70_000, 131_072]) {
        let at = filler + 1;
        assert_eq!(place(filler, "\u{1}"), format!("a control character in a string at byte {at}"));
        assert_eq!(place(filler, "\\q"), format!("an unknown escape at byte {at}"));
        assert_eq!(parse(&format!("\"{}é\"", "y".repeat(filler))).string("").unwrap().len(), filler + 2);
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(parse(&nested(reader::DEEPEST)).count(""), 1);
    assert!(reason(&nested(reader::DEEPEST + 1)).starts_with("too many nested arrays and objects at line 1"));
    assert!(reason(&"{\"a\":".repeat(100_000)).starts_with("too many nested"));
    let wide = format!("[{}0]", "[[]],".repeat(1000));
    assert_eq!(parse(&wide).count(""), 1001, "depth counts what is open at once");
}

#[test]
fn memory_has_a_limit() {
    let many = |text: &str, memory: usize| {
        let limits = Limits { memory, ..Limits::NONE };
        Value::read(text.into(), &limits)
    };
    let nodes = format!("[{}0]", "[],".repeat(100_000));
    assert!(matches!(many(&nodes, 1_000_000), Err(ReadError::TooLarge)));
    assert_eq!(many(&nodes, 10_000_000).unwrap().count(""), 100_001);
    let flat = format!("[{}0]", "0,".repeat(100_000));
    assert!(matches!(many(&flat, 1_000_000), Err(ReadError::TooLarge)));
    let broken = [b"[\"", &[0xff; 100_000][..], b"\"]"].concat();
    let limits = Limits { memory: 200_000, ..Limits::NONE };
    assert!(matches!(Value::read(broken, &limits), Err(ReadError::TooLarge)));
    let limit = Error::Protocol(
        "the result cannot be read: it takes more memory than the limit of the response allows".to_owned(),
    );
    assert_eq!(ReadError::TooLarge.in_response("the result").to_string(), limit.to_string());
}

#[test]
fn reading_ends_with_the_call() {
    use crate::base::call::Call;
    let over = Call::with_timeout(std::time::Duration::ZERO);
    let read =
        |text: String| Value::read(text.into(), &Limits { memory: 1 << 30, ..Limits::of_response(&over) }).map(drop);
    let short = read("[1]".to_owned());
    assert!(short.is_ok(), "a short text is not worth a look at the clock");
    for long in [
        format!("[{}0]", "0,".repeat(2_000_000)),
        format!("[{}0]", "\"abc\",".repeat(1_000_000)),
        "[".to_owned() + &"{\"a\":[]},".repeat(1_000_000),
    ] {
        assert!(matches!(read(long), Err(ReadError::Over(Error::Timeout(_)))));
    }
}

#[test]
fn a_result_can_be_checked_without_being_kept() {
    let without = Limits { memory: 2_000, without_result: true, ..Limits::NONE };
    let many = "[],".repeat(10_000) + "0";
    let text = format!(r#"{{"id":1,"result":{{"a":[{many}],"b":[0,{many}]}},"error":{{"data":[1,2]}}}}"#);
    let value = Value::read(text.into(), &without).unwrap();
    assert_eq!(value.json(), r#"{"id":1,"result":{},"error":{"data":[1,2]}}"#);
    assert!(Value::read(br#"{"result":[1,{"a":}]}"#.to_vec(), &without).is_err());
    assert_eq!(Value::read(br#"{"result":7}"#.to_vec(), &without).unwrap().int64("/result"), Some(7));
    assert_eq!(Value::read(br#"[{"result":[7]}]"#.to_vec(), &without).unwrap().count("/0/result"), 1);
}

#[test]
fn a_text_that_fills_its_buffer_does_not_double_it() {
    let mut text = Vec::with_capacity(1 << 20);
    text.resize(1 << 20, b' ');
    text[0] = b'1';
    let value = Value::from_text(text).unwrap();
    assert!(value.into_document().text_capacity() <= (1 << 20) + 64);
}

#[test]
fn long_strings_stay_where_they_are() {
    let text = format!(r#"{{"a":"{}","b":"{}\n"}}"#, "p".repeat(100_000), "q".repeat(100_000)).into_bytes();
    let mut buffer = Vec::with_capacity(text.len() + 64);
    buffer.extend_from_slice(&text);
    let start = buffer.as_ptr() as usize;
    let value = Value::from_text(buffer).unwrap();
    let place = |pointer| value.string(pointer).unwrap().as_ptr() as usize - start;
    assert_eq!((place("/a"), place("/b")), (6, 6 + 100_000 + 7));
}

mod suite;
