//! The revisions of the protocol and the two eras that they fall into.

/// A revision of the protocol, in order of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V2024_11_05,
    V2025_03_26,
    V2025_06_18,
    V2025_11_25,
    V2026_07_28,
}

impl Version {
    /// All revisions, the newest first.
    pub(crate) const ALL: [Version; 5] =
        [Version::V2026_07_28, Version::V2025_11_25, Version::V2025_06_18, Version::V2025_03_26, Version::V2024_11_05];
    /// The newest revision of the stateless era.
    pub(crate) const MODERN: Version = Version::V2026_07_28;
    /// The newest revision that begins with the `initialize` handshake.
    pub(crate) const LEGACY: Version = Version::V2025_11_25;

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Version::V2024_11_05 => "2024-11-05",
            Version::V2025_03_26 => "2025-03-26",
            Version::V2025_06_18 => "2025-06-18",
            Version::V2025_11_25 => "2025-11-25",
            Version::V2026_07_28 => "2026-07-28",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.as_str() == text)
    }

    /// Whether requests carry their own version and capabilities, and there is no session ("modern" in the
    /// specification's words).
    pub(crate) fn is_modern(self) -> bool {
        self >= Version::V2026_07_28
    }

    /// Whether requests after the handshake carry the header `MCP-Protocol-Version`.
    pub(crate) fn has_version_header(self) -> bool {
        self >= Version::V2025_06_18
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_revision_has_one_name() {
        for version in Version::ALL {
            assert_eq!(Version::parse(version.as_str()), Some(version));
        }
        assert_eq!(Version::parse("2025-11-25 "), None);
        assert_eq!(Version::parse("1900-01-01"), None);
    }

    #[test]
    fn the_eras_divide_at_2026_07_28() {
        assert!(Version::MODERN.is_modern());
        assert!(!Version::LEGACY.is_modern());
        assert_eq!(Version::ALL.iter().filter(|version| version.is_modern()).count(), 1);
    }
}
