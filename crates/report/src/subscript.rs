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

/// `text` with every single letter that has a single index (`R_k`, `t_1`) written as a symbol with
/// a subscript. Longer names (`skill_strength`, `log_2d`) are left alone.
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
        let index = letters.get(at + 2).and_then(|index| {
            let form = FORMS.iter().find(|(plain, _)| plain == index);
            form.map(|(_, form)| *form)
        });
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
        assert_eq!(subscripts("W_Q"), "W_Q");
        assert_eq!(subscripts(""), "");
    }

    #[test]
    fn every_subscript_has_a_glyph() {
        let missing: Vec<char> = FORMS
            .iter()
            .map(|(_, form)| *form)
            .filter(|form| !crate::font::covers(*form))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
