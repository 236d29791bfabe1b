//! "Did you mean": the name that was probably meant by one that is not there.

/// The candidate that is nearest to `word`, unless none is near enough to be worth telling. Of several that are equally
/// near, the first.
///
/// What differs only in upper and lower case or in underscores always is; else words of at least three letters may differ
/// in a third of them, where two neighbours that changed places count once (optimal string alignment). Shorter ones are
/// never guessed at: any of them is near to any other.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |s: &str| s.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(word);
    let length = wanted.chars().count();
    // Nobody types a name of hundreds of letters, and the distance takes the product of the lengths.
    if length == 0 || length > 100 {
        return None;
    }
    let limit = if length < 3 { 0 } else { length / 3 };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let have = plain(candidate);
        let size = have.chars().count();
        if candidate == word || size.abs_diff(length) > limit || (size < 3 && have != wanted) {
            continue;
        }
        let far = strsim::osa_distance(&wanted, &have);
        // Case decides between names that are equal without it, and little else.
        let rank = 4 * far + usize::from(far > 0 && have.chars().next() != wanted.chars().next()) * 2;
        let rank = rank + usize::from(strsim::osa_distance(word, candidate) != far);
        if far <= limit && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let all = [
            "fmt",
            "strings",
            "ToUpper",
            "ToUpperSpecial",
            "counter",
            "count",
            "i",
            "ok",
            "read_all",
            "string",
            "Größe",
        ];
        let found = |w| nearest(w, all);
        assert_eq!(found("ftm"), Some("fmt"));
        assert_eq!(found("ToUper"), Some("ToUpper"));
        assert_eq!(found("toUpper"), Some("ToUpper"));
        assert_eq!(found("couter"), Some("counter"));
        assert_eq!(found("coutn"), Some("count"));
        assert_eq!(found("readAll"), Some("read_all"));
        assert_eq!(found("I"), Some("i"));
        assert_eq!(found("Grösse"), Some("Größe"));
    }

    #[test]
    fn does_not_guess_wildly() {
        let all = ["i", "j", "ok", "fmt", "total"];
        for word in ["x", "k", "on", "foo", "value", "", "_", "ö"] {
            assert_eq!(nearest(word, all), None, "{word}");
        }
    }
}
