//! Texts of each kind that JSON test suites distinguish: those that every reader must take, those that none may take, and
//! those that RFC 8259 leaves open, where this one decides.

use super::*;

#[test]
fn texts_that_must_be_read() {
    let nested = "[".repeat(100) + &"]".repeat(100);
    for text in [
        // Structure and white space
        "[]",
        "{}",
        " \t\r\n[ \t\r\n] \t\r\n",
        "[\n{\t}\r]",
        "[[[]],[]]",
        r#"[[],[[""]]]"#,
        r#"{"":0}"#,
        r#"{"a":{"b":{"c":[]}}}"#,
        r#"[1,null,"2",{"3":4}]"#,
        r#"{"a":1,"a":1}"#,
        r#"{"a":"1","a":"2"}"#,
        r#"{"a" :"b","c": "d" , "e":[ ]}"#,
        &nested,
        // Scalars alone
        "null",
        "true",
        "false",
        "0",
        "-12.5e-3",
        "\"\"",
        "\"alone\"",
        " 1 ",
        // Numbers
        "[0,-0,1,-1,10,123]",
        "[0.1,-0.1,1.5,10.00]",
        "[1e1,1E1,1e+1,1e-1,1E+01,0e0,0E+5,-0.0e-0]",
        "[123.456e78,1.0000000000000000000000000000000000000001]",
        "[-0.000000000000000000000000000000000000000000000001]",
        "[9223372036854775807,-9223372036854775808]",
        // Strings
        r#"["\"\\\/\b\f\n\r\t"]"#,
        r#"["\u0000\u001f\u0041\u00E9\uabCD\uFFFF"]"#,
        r#"["\ud800\udc00\uDBFF\uDFFF"]"#,
        r#"["\\u0041","\\\\","\\n\\"]"#,
        "[\"\u{7f}\u{80}\u{2028}\u{2029}\u{feff}\u{fffe}\u{10ffff}\"]",
        "[\"é€😀\"]",
        r#"["// no /* comment */"]"#,
        r#"{"\u0000":"\u0000","na\u00efve":1}"#,
        "[\" \"]",
    ] {
        let value = parse(text);
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let printed: serde_json::Value = serde_json::from_str(value.json()).unwrap();
        assert_eq!(printed, expected, "{text}");
    }
}

#[test]
fn texts_that_must_be_refused() {
    let unclosed = "[".repeat(100_000);
    for text in [
        // Nothing, or more than one value
        "",
        " ",
        "\n",
        "1 2",
        "[] []",
        "{} x",
        "[1],",
        ",",
        "\"a\" \"b\"",
        // Brackets
        "[",
        "]",
        "{",
        "}",
        "[}",
        "{]",
        "[1}",
        "{\"a\":1]",
        "[[]",
        "{\"a\":{",
        "[]]",
        "{}}",
        "[\"a\"",
        "{\"a\"",
        &unclosed,
        // Commas and colons
        "[1,]",
        "[,1]",
        "[,]",
        "[1,,2]",
        "[1 2]",
        "[1;2]",
        "[1:2]",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\"}",
        "{\"a\":}",
        "{:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\",1}",
        "{\"a\"::1}",
        "{\"a\":1,,\"b\":2}",
        // Names
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{null:1}",
        "{[]:1}",
        // Words
        "nul",
        "NULL",
        "True",
        "truee",
        "fals",
        "undefined",
        "NaN",
        "Infinity",
        "-Infinity",
        "[true false]",
        // Numbers
        "+1",
        "-",
        "--1",
        "- 1",
        "01",
        "-01",
        "00",
        "1.",
        ".1",
        "-.1",
        "1.e1",
        "1e",
        "1e+",
        "1e-",
        "1E",
        "1.5.5",
        "1e1.5",
        "1e1e1",
        "0x1F",
        "0b1",
        "1_000",
        "1a",
        "1\u{a0}",
        "\u{ff11}",
        "[1+1]",
        "[-a]",
        "[1.2a-3]",
        // Strings
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\",
        "'a'",
        "a",
        "\"\\a\"",
        "\"\\0\"",
        "\"\\x41\"",
        "\"\\U0041\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u123g\"",
        "\"\\u 123\"",
        "\"\\ud83d\\u\"",
        "\"\\ud83d\\u12\"",
        "\"\\é\"",
        "\"\t\"",
        "\"\n\"",
        "\"\u{0}\"",
        "\"\u{1f}\"",
        "[\"a\u{0}b\"]",
        // Comments, other white space, byte order marks
        "[1] // end",
        "/* x */ 1",
        "[1,# x\n2]",
        "\u{b}1",
        "\u{c}1",
        "\u{a0}1",
        "\u{2060}1",
        "\u{feff}1",
        "1\u{0}",
    ] {
        assert!(Value::from_text(text.into()).is_err(), "{:?}", &text[..text.len().min(40)]);
    }
    for bytes in [&b"\xff"[..], b"[\xe9]", b"{\xe9:1}", b"\xef\xbb\xbf{}", b"\"\\\xe9\"", b"\"\\u00\xe9\"", b"1\xff"] {
        assert!(Value::from_text(bytes.to_vec()).is_err(), "{bytes:?}");
    }
    // UTF-16 with and without a byte order mark
    for bytes in [&b"\xff\xfe[\0]\0"[..], b"\0[\0]", b"[\0]\0"] {
        assert!(Value::from_text(bytes.to_vec()).is_err(), "{bytes:?}");
    }
}

#[test]
fn texts_that_the_standard_leaves_open() {
    // Numbers without an integer or double of their own are read; the getters say what is there.
    for (text, int64, double) in [
        ("123123123123123123123", None, Some(123123123123123123123.0)),
        ("-123123123123123123123", None, Some(-123123123123123123123.0)),
        ("1.5e+9999", None, None),
        ("-1e9999", None, None),
        ("0.4e00669999999999999999999999999999999999999999", None, None),
        ("123.456e-789", None, Some(0.0)),
        ("1e-10000", None, Some(0.0)),
        ("0.0e1000000", Some(0), Some(0.0)),
    ] {
        let value = parse(text);
        assert_eq!((value.int64(""), value.double(""), value.json()), (int64, double, text), "{text}");
    }
    // Text that is no Unicode is repaired.
    for text in [
        &br#"["\uDADA"]"#[..],
        br#"["\ud888\u1234"]"#,
        br#"["\uD800\n"]"#,
        br#"["\uDd1e\uD834"]"#,
        br#"["\ud800\ud800\n"]"#,
        br#"["\ud800abc"]"#,
        br#"{"\uDFAA":0}"#,
        b"[\"\xff\"]",
        b"[\"\xe9\"]",
        b"[\"\x81\"]",
        b"[\"\xed\xa0\x80\"]",
        b"[\"\xf4\xbf\xbf\xbf\"]",
        b"[\"\xc0\xaf\"]",
        b"[\"\xfc\x83\xbf\xbf\xbf\xbf\"]",
        b"[\"\xe0\xff\"]",
        b"[\"\xe6\x97\xa5\xd1\x88\xfa\"]",
    ] {
        let value = Value::from_text(text.to_vec()).unwrap();
        assert!(value.json().contains('\u{fffd}'), "{text:?}");
        assert!(serde_json::from_str::<serde_json::Value>(value.json()).is_ok(), "{text:?}");
    }
}
