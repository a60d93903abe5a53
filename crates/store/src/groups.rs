//! Statements about many things at once: a text for each of a few numbers of things, made when it is first used.
//!
//! sqlx and both databases keep what they have prepared by its text, so the texts are few.

use std::sync::OnceLock;

/// What is to be done is cut into groups of these sizes.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// How a driver writes them in statements about many things.
#[derive(Clone, Copy)]
pub(crate) enum Parameters {
    /// `$1`, `$2` and so on.
    Numbered,
    /// `?`, in their order.
    Nameless,
}

/// `{(n)}` in the text stands for as many rows of n parameters, `{1}` for as many parameters, separated by commas.
pub(crate) struct Many {
    text: &'static str,
    parameters: Parameters,
    sized: OnceLock<[&'static str; SIZES.len()]>,
}

impl Many {
    pub(crate) const fn new(text: &'static str, parameters: Parameters) -> Self {
        Self { text, parameters, sized: OnceLock::new() }
    }

    /// The things in groups, each with the text for it.
    pub(crate) fn each<'t, T>(&self, mut things: &'t [T]) -> impl Iterator<Item = (&'static str, &'t [T])> {
        let texts = *self.all();
        std::iter::from_fn(move || {
            let (size, sql) = SIZES.into_iter().zip(texts).find(|(size, _)| *size <= things.len())?;
            let (group, rest) = things.split_at(size);
            things = rest;
            Some((sql, group))
        })
    }

    pub(crate) fn texts(&self) -> &[&'static str] {
        self.all()
    }

    /// The text for one thing.
    pub(crate) fn smallest(&self) -> &[&'static str] {
        &self.all()[SIZES.len() - 1..]
    }

    fn all(&self) -> &[&'static str; SIZES.len()] {
        self.sized.get_or_init(|| SIZES.map(|size| &*self.text_for(size).leak()))
    }

    fn text_for(&self, size: usize) -> String {
        let (head, rest) = self.text.split_once('{').expect("a statement about many has a place for them");
        let (place, tail) = rest.split_once('}').expect("the place has an end");
        let columns = place.strip_prefix('(').and_then(|place| place.strip_suffix(')'));
        let width: usize = columns.unwrap_or(place).parse().expect("the place says how many parameters");
        let things = (0..size).map(|thing| {
            let parameter = |n| match self.parameters {
                Parameters::Numbered => format!("${}", thing * width + n),
                Parameters::Nameless => "?".to_owned(),
            };
            let parameters: Vec<_> = (1..=width).map(parameter).collect();
            let parameters = parameters.join(", ");
            if columns.is_some() { format!("({parameters})") } else { parameters }
        });
        format!("{head}{}{tail}", things.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_cut_into_groups_that_have_a_text() {
        static ROWS: Many = Many::new("INSERT INTO t (a, b) VALUES {(2)}", Parameters::Numbered);
        static LIST: Many = Many::new("DELETE FROM t WHERE a IN ({1}) AND b = 1", Parameters::Numbered);
        static NAMELESS: Many = Many::new("INSERT INTO t (a, b) VALUES {(2)}", Parameters::Nameless);
        let things: Vec<usize> = (0..150).collect();
        let groups: Vec<_> = ROWS.each(&things).collect();
        assert_eq!(groups.iter().map(|(_, group)| group.len()).collect::<Vec<_>>(), [64, 64, 16, 4, 1, 1]);
        assert_eq!(groups.iter().flat_map(|(_, group)| group.iter().copied()).collect::<Vec<_>>(), things);
        assert_eq!(groups[3].0, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8)");
        assert_eq!(groups[5].0, "INSERT INTO t (a, b) VALUES ($1, $2)");
        let lists: Vec<_> = LIST.each(&things[..5]).map(|(sql, _)| sql).collect();
        assert_eq!(
            lists,
            ["DELETE FROM t WHERE a IN ($1, $2, $3, $4) AND b = 1", "DELETE FROM t WHERE a IN ($1) AND b = 1"]
        );
        assert_eq!(
            NAMELESS.each(&things).nth(3).map(|(sql, _)| sql),
            Some("INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?)")
        );
        assert_eq!(ROWS.each::<u8>(&[]).count(), 0);
    }
}
