//! Indices in labels: a spec says `R_k`, a picture shows `Rₖ`.

/// Letters and digits with a subscript form in the shipped font.
const FORMS: [(char, char); 26] = [
    ('0', '₀'),
    ('1', '₁'),
    ('2', '₂'),
    ('3', '₃'),
    ('4', '₄'),
    ('5', '₅'),
    ('6', '₆'),
    ('7', '₇'),
    ('8', '₈'),
    ('9', '₉'),
    ('a', 'ₐ'),
    ('e', 'ₑ'),
    ('h', 'ₕ'),
    ('i', 'ᵢ'),
    ('j', 'ⱼ'),
    ('k', 'ₖ'),
    ('l', 'ₗ'),
    ('m', 'ₘ'),
    ('n', 'ₙ'),
    ('o', 'ₒ'),
    ('p', 'ₚ'),
    ('r', 'ᵣ'),
    ('s', 'ₛ'),
    ('t', 'ₜ'),
    ('u', 'ᵤ'),
    ('x', 'ₓ'),
];

/// Where private characters stand for indices without a form of their own (there is no `c` among
/// Unicode's subscripts): the canvas draws them small and low.
const LOWERED: u32 = 0xE000;

/// The letter that is to be drawn small and low for a private character.
pub(crate) fn lowered(c: char) -> Option<char> {
    let letter = char::from_u32(u32::from(c).checked_sub(LOWERED)?)?;
    letter.is_ascii_alphanumeric().then_some(letter)
}

/// The subscript of a letter or digit.
fn form(index: char) -> Option<char> {
    let own = FORMS.iter().find(|(plain, _)| *plain == index);
    match own {
        Some((_, form)) => Some(*form),
        None if index.is_ascii_alphanumeric() => char::from_u32(LOWERED + u32::from(index)),
        None => None,
    }
}

/// `text` with every single letter that has a single index (`R_k`, `D_c`, `t_1`) written as a
/// symbol with a subscript. Longer names (`skill_strength`, `log_2d`) are left alone.
pub(crate) fn subscripts(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_word = |position: Option<usize>| {
        position
            .and_then(|p| letters.get(p))
            .is_some_and(|c| c.is_alphanumeric() || *c == '_')
    };
    let mut written = String::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let index = letters.get(at + 2).copied().and_then(form);
        let alone = !is_word(at.checked_sub(1)) && !is_word(Some(at + 3));
        written.push(letter);
        match index {
            Some(index) if alone && letter.is_alphabetic() && letters[at + 1] == '_' => {
                written.push(index);
                at += 3;
            }
            _ => at += 1,
        }
    }
    written
}

/// `text` escaped for HTML, with its subscripts as `sub` elements.
pub(crate) fn html(text: &str) -> String {
    let mut html = String::new();
    for c in subscripts(text).chars() {
        let own = FORMS.iter().find(|(_, form)| *form == c);
        match (own.map(|(plain, _)| *plain).or(lowered(c)), c) {
            (Some(index), _) => html.extend(["<sub>", index.to_string().as_str(), "</sub>"]),
            (None, '<') => html.push_str("&lt;"),
            (None, '>') => html.push_str("&gt;"),
            (None, '&') => html.push_str("&amp;"),
            (None, '"') => html.push_str("&quot;"),
            (None, c) => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_symbols_with_one_index_get_a_subscript() {
        assert_eq!(subscripts("strength R_k/S"), "strength Rₖ/S");
        assert_eq!(subscripts("t_1, λ_2"), "t₁, λ₂");
        assert_eq!(
            subscripts("skill_strength a_bc x_k_y R_"),
            "skill_strength a_bc x_k_y R_"
        );
        assert_eq!(subscripts(""), "");
    }

    #[test]
    fn html_is_escaped_and_has_subscripts() {
        assert_eq!(
            html("D·P_k < \"D_c\" & <b>"),
            "D·P<sub>k</sub> &lt; &quot;D<sub>c</sub>&quot; &amp; &lt;b&gt;"
        );
    }

    #[test]
    fn an_index_without_a_form_is_drawn_low() {
        let read =
            |text: &str| -> Vec<Option<char>> { subscripts(text).chars().map(lowered).collect() };
        assert_eq!(read("D_c-shot")[..3], [None, Some('c'), None]);
        assert_eq!(read("W_Q"), [None, Some('Q')]);
        assert_eq!(read("P_kc ₖ"), [None; 6]);
    }

    #[test]
    fn every_subscript_has_a_glyph() {
        let forms: String = FORMS.iter().map(|(_, form)| *form).collect();
        assert_eq!(crate::font::not_covered(&forms), "");
    }
}
