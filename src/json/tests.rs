use super::*;

fn parse(text: &str) -> Value {
    Value::from_text(text.into()).unwrap()
}

fn c_string<'a>(value: &'a Value, pointer: &str) -> Option<&'a CStr> {
    value.bytes_with_nul(pointer).map(|bytes| CStr::from_bytes_with_nul(bytes).unwrap())
}

fn reason(text: &str) -> String {
    Value::from_text(text.into()).unwrap_err().to_string()
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
        assert_eq!(value.get(pointer), None, "{pointer:?}");
    }
    assert_eq!(value.int64("/a/1/0"), Some(2));
    assert_eq!(value.int64("/~0"), Some(3));
    assert_eq!(value.int64("/0"), Some(4));
}

#[test]
fn escapes_are_undone_from_left_to_right() {
    let value = parse(r#"{"~1": 1, "/": 2, "~0": 3, "/~": 4}"#);
    assert_eq!(value.int64("/~01"), Some(1));
    assert_eq!(value.int64("/~1"), Some(2));
    assert_eq!(value.int64("/~00"), Some(3));
    assert_eq!(value.int64("/~1~0"), Some(4));
}

#[test]
fn each_kind_answers_only_for_itself() {
    let value = parse(r#"[null, true, false, 7, 1.5, "7", [1, 2], {"a": 1}]"#);
    let answers = |pointer: &str| {
        let number = (value.int64(pointer), value.double(pointer));
        (value.is_null(pointer), value.bool(pointer), number, value.string(pointer), value.count(pointer))
    };
    assert_eq!(answers("/0"), (true, None, (None, None), None, 0));
    assert_eq!(answers("/1"), (false, Some(true), (None, None), None, 0));
    assert_eq!(answers("/2"), (false, Some(false), (None, None), None, 0));
    assert_eq!(answers("/3"), (false, None, (Some(7), Some(7.0)), None, 0));
    assert_eq!(answers("/4"), (false, None, (None, Some(1.5)), None, 0));
    assert_eq!(answers("/5"), (false, None, (None, None), Some("7"), 0));
    assert_eq!(answers("/6"), (false, None, (None, None), None, 2));
    assert_eq!(answers("/7"), (false, None, (None, None), None, 1));
    assert_eq!(answers("/8"), (false, None, (None, None), None, 0));
}

#[test]
fn numbers() {
    let int64 = |text: &str| parse(text).int64("");
    assert_eq!(int64("-9223372036854775808"), Some(i64::MIN));
    assert_eq!(int64("9223372036854775807"), Some(i64::MAX));
    assert_eq!(int64("9223372036854775808"), None);
    for three in ["3", "3.0", "3e0", "30E-1", "0.3e+1"] {
        assert_eq!(int64(three), Some(3), "{three}");
    }
    assert_eq!(int64("-0"), Some(0));
    assert_eq!(int64("9007199254740992.0"), Some(1 << 53));
    assert_eq!(int64("9007199254740994.0"), None, "a double this large may be a rounded one");
    assert_eq!(int64("3.5"), None);

    let double = |text: &str| parse(text).double("").unwrap();
    assert_eq!(double("18446744073709551615"), 18446744073709551615.0);
    assert_eq!(double("1e-400"), 0.0);
    assert_eq!(double("0.1"), 0.1);
    assert!(double("-0").is_sign_negative());
    assert_eq!(reason("1e400"), "a number that is too large at line 1 column 6");
}

#[test]
fn strings_lose_their_escapes() {
    let string = |text: &str| parse(text).string("").unwrap().to_owned();
    assert_eq!(string(r#""""#), "");
    assert_eq!(string(r#""\"\\\/\b\f\n\r\t""#), "\"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(string(r#""a\u00e9\u20AC\uD83D\ude00z""#), "aé€😀z");
    assert_eq!(string("\"\u{7f}é\u{10ffff}\""), "\u{7f}é\u{10ffff}");
}

#[test]
fn text_and_strings_end_with_a_nul_for_c() {
    let value = parse(r#"{"text": "a\nb", "none": "", "inner": "a\u0000b", "number": 1}"#);
    assert_eq!(value.json_with_nul().to_str().unwrap(), value.json());
    assert_eq!(value.json_with_nul().as_ptr().cast(), value.json().as_ptr());
    assert_eq!(c_string(&value, "/text"), Some(c"a\nb"));
    assert_eq!(c_string(&value, "/text").unwrap().as_ptr().cast(), value.string("/text").unwrap().as_ptr());
    assert_eq!(c_string(&value, "/none"), Some(c""));
    assert_eq!(value.string("/inner"), Some("a\0b"));
    assert_eq!(c_string(&value, "/inner"), None);
    assert_eq!(c_string(&value, "/number"), None);
    assert_eq!(c_string(&value, "/absent"), None);
}

#[test]
fn of_repeated_members_the_last_counts() {
    let value = parse(r#"{"a": 1, "b": 2, "a": 3}"#);
    assert_eq!(value.int64("/a"), Some(3));
    assert_eq!(value.count(""), 3);
}

#[test]
fn a_slice_of_a_message_stays_in_its_buffer() {
    let message = br#"{"id":1,"result":{"a":["x"]},"more":"garbage"#.to_vec();
    let place = message.as_ptr();
    let value = Value::from_slice_of(message, 17..28).unwrap();
    assert_eq!(value.json(), r#"{"a":["x"]}"#);
    assert_eq!(value.json_with_nul(), cr#"{"a":["x"]}"#);
    assert_eq!(value.string("/a/0"), Some("x"));
    assert_eq!(value.json().as_ptr(), place.wrapping_add(17));
    assert_eq!(format!("{value:?}"), r#"{"a":["x"]}"#);
}

#[test]
fn a_range_that_is_not_in_the_buffer_is_an_error() {
    for range in [Range { start: 1, end: 0 }, 5..9, 0..0, 2..2] {
        assert!(Value::from_slice_of(b"[1]".to_vec(), range.clone()).is_err(), "{range:?}");
    }
}

#[test]
fn a_text_that_fills_its_buffer_does_not_double_it() {
    let mut text = Vec::with_capacity(1 << 20);
    text.resize(1 << 20, b' ');
    text[0] = b'1';
    assert!(parse_capacity(text) <= (1 << 20) + 64);
}

fn parse_capacity(text: Vec<u8>) -> usize {
    match Value::from_text(text).unwrap().text {
        Whole::Kept { buffer, .. } => buffer.capacity(),
        Whole::Shared { .. } => panic!("no string is that long"),
    }
}

#[test]
fn errors_name_the_place_and_not_the_text() {
    for (text, expected) in [
        ("", "an unexpected end at line 1 column 1"),
        (" \n", "an unexpected end at line 2 column 1"),
        ("[1, 2", "an unexpected end at line 1 column 6"),
        ("{\"a\": 1,\n \"b\" 2}", "no colon after a member name at line 2 column 6"),
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
        (r#""a\x""#, "an unknown escape at line 1 column 3"),
        (r#""a\u12""#, "an incomplete escape at line 1 column 3"),
        (r#""a\u+123""#, "an incomplete escape at line 1 column 3"),
        (r#""a\ud800""#, "half a surrogate pair at line 1 column 3"),
        (r#""\ud800\u0041""#, "half a surrogate pair at line 1 column 2"),
        (r#""\udc00\ud800""#, "half a surrogate pair at line 1 column 2"),
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
    let error = Value::from_text(b"[\n\"a\xff\"]".to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "text that is not UTF-8 at line 2 column 3");
}

#[test]
fn nesting_ends_where_serde_json_ends_it() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let serde_json_takes = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    let deepest = (1..200).take_while(|depth| serde_json_takes(&nested(*depth))).last().unwrap();
    assert_eq!(parse(&nested(deepest)).count(""), 1);
    assert!(reason(&nested(deepest + 1)).starts_with("too many nested arrays and objects at line 1"));
    assert!(reason(&"{\"a\":".repeat(100_000)).starts_with("too many nested"));
    let wide = format!("[{}0]", "[[]],".repeat(1000));
    assert_eq!(parse(&wide).count(""), 1001, "depth counts what is open at once");
}

#[test]
fn a_part_keeps_its_text() {
    let value =
        parse(r#" {"a/b": [1, {"x" : 1.50, "y\u0041": 1e+02}], "same": 1, "same": "\ud83d\ude00", "deep": [[null]]} "#);
    for (pointer, text) in [
        ("/a~1b/1", r#"{"x" : 1.50, "y\u0041": 1e+02}"#),
        ("/a~1b/1/x", "1.50"),
        ("/a~1b/1/yA", "1e+02"),
        ("/same", r#""\ud83d\ude00""#),
        ("/deep/0", "[null]"),
        ("/deep/0/0", "null"),
        ("", value.json().trim()),
    ] {
        assert_eq!(value.json_at(pointer), Some(text), "{pointer}");
        assert_eq!(parse(text).get(""), value.get(pointer), "{pointer}");
    }
    for nothing in ["/nothing", "/a~1b/2", "/a~1b/-", "/a~1b/00", "/same/0", "/deep/0/0/0", "no pointer", "/a~b"] {
        assert_eq!(value.json_at(nothing), None, "{nothing}");
    }
}

#[test]
fn text_that_is_not_json_is_a_bad_argument() {
    assert_eq!(Value::parse("[1]").unwrap().count(""), 1);
    let error = Value::parse("[1").unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
    assert!(error.to_string().contains("line 1 column 3"), "{error}");
}

#[test]
fn long_strings_stay_where_they_are() {
    let plain = "p".repeat(100_000);
    let high = "é".repeat(100_000);
    let escaped = format!("{}\\n", "e".repeat(100_000));
    let text = format!(r#"{{"a":["{plain}","{high}"],"b":"{escaped}","c":"short"}}"#);
    let message = format!(r#"{{"id":1,"result":{text},"x":"#).into_bytes();
    let (range, start) = (17..17 + text.len(), message.as_ptr() as usize);
    let value = Value::from_slice_of(message, range).unwrap();
    let place = |pointer| c_string(&value, pointer).unwrap().as_ptr() as usize;
    assert_eq!(place("/a/0"), start + 17 + 7);
    assert_eq!(place("/a/1"), start + 17 + 7 + plain.len() + 3);
    assert_eq!(value.string("/a/0"), Some(&*plain));
    assert_eq!(value.string("/a/1"), Some(&*high));
    assert_eq!(c_string(&value, "/b").unwrap().count_bytes(), 100_001);
    assert_eq!((value.string("/c"), value.json()), (Some("short"), &*text));
    assert_eq!(value.json_with_nul().to_str(), Ok(&*text));
    assert_eq!(value.json_at("/a/0"), Some(&*format!("\"{plain}\"")));
    assert_eq!(parse(&text).get(""), value.get(""));
}

#[test]
fn long_strings_are_checked_like_short_ones() {
    let place = |filler: usize, bad: &[u8]| {
        let text = [b"\"", "y".repeat(filler).as_bytes(), bad, b"\""].concat();
        Value::from_text(text).unwrap_err().to_string()
    };
    for filler in [3, 16_383, 16_384, 70_000, 131_072] {
        let column = filler + 2;
        assert_eq!(place(filler, b"\x01"), format!("a control character in a string at line 1 column {column}"));
        assert_eq!(place(filler, b"\xff"), format!("text that is not UTF-8 at line 1 column {column}"));
        assert_eq!(place(filler, b"\\q"), format!("an unknown escape at line 1 column {column}"));
    }
}
