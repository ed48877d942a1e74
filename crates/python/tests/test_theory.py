"""Closed forms: against formulas in NumPy, an integrator, and the command line."""

import inspect

import numpy as np
import pytest
from conftest import document
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from layerwise import _layerwise, theory


def test_every_form_is_a_function_with_the_words_of_its_table():
    assert "[Saxe2014] Saxe et al." in theory.balanced_mode.__doc__
    for form in _layerwise.forms():
        function = getattr(theory, form["name"].replace("-", "_"))
        for word in (form["equation"], form["assumes"], form["source"]):
            assert word in function.__doc__
        assert "lambda" not in inspect.signature(function).parameters


def test_a_balanced_mode_is_the_logistic_curve():
    times = np.linspace(0.0, 5.0, 50)
    strength = theory.balanced_mode(times, input_power=1.5, target=2.0, initial=0.01).strength
    expected = 2.0 / (1.0 + (2.0 / 0.01 - 1.0) * np.exp(-2.0 * 2.0 * 1.5 * times))
    np.testing.assert_allclose(strength, expected, rtol=1e-12)


def test_a_mode_of_any_imbalance_solves_its_equation():
    times = np.linspace(0.0, 4.0, 20)
    found = theory.lambda_mode(times, input_power=1.0, target=2.0, initial=0.05, lambda_=-0.7)
    flow = solve_ivp(lambda _, s: np.sqrt(0.49 + 4 * s**2) * (2.0 - s), (0, 4), [0.05], t_eval=times, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found.strength, flow.y[0], rtol=1e-7)
    np.testing.assert_allclose(found.second_layer**2 - found.first_layer**2, -0.7, rtol=1e-12)
    np.testing.assert_allclose(found.first_layer * found.second_layer, found.strength, rtol=1e-12)


@pytest.mark.parametrize("call, arguments", [
    (lambda: theory.lambda_mode([0, 1, 2], input_power=1, target=2, initial=0.01, lambda_=-1),
     ["lambda-mode", "-s", "input_power=1", "-s", "target=2", "-s", "initial=0.01", "-s", "lambda=-1", "--times", "0,1,2"]),
    (lambda: theory.deep_mode(fractions=[0.1, 0.5], depth=3, input_power=1, target=1.5, initial=0.01),
     ["deep-mode", "-s", "depth=3", "-s", "input_power=1", "-s", "target=1.5", "-s", "initial=0.01", "--fractions", "0.1,0.5"]),
    (lambda: theory.balanced_network([0, 1], W1=[[0.1, 0], [0, 0.2]], W2=[[0.1, 0], [0, 0.2]], correlation=[[1, 0], [0, 2]]),
     ["balanced-network", "-s", "W1=[[0.1,0],[0,0.2]]", "-s", "W2=[[0.1,0],[0,0.2]]", "-s", "correlation=[[1,0],[0,2]]",
      "--times", "0,1"]),
    (lambda: theory.scaling_laws(alpha=0.6, target=1, initial=0.01),
     ["scaling-laws", "-s", "alpha=0.6", "-s", "target=1", "-s", "initial=0.01"]),
])
def test_the_numbers_are_those_of_the_command_line(call, arguments):
    printed = document("theory", *arguments)
    for name, array in call().items():
        assert np.array_equal(array, np.array(printed[name.rstrip("_")])), name


def test_parameters_and_points_broadcast():
    times = np.linspace(0, 1, 6).reshape(2, 3)
    both = theory.balanced_mode(times, input_power=[[1.0], [2.0]], target=[1.0, 2.0, 3.0], initial=0.1)
    assert both.strength.shape == (2, 3, 2, 3)
    one = theory.balanced_mode(times[1, 2], input_power=2.0, target=3.0, initial=0.1)
    assert one.strength.shape == ()
    assert both.strength[1, 2, 1, 2] == one.strength
    assert np.asarray(one) == one.strength


def test_the_axis_of_the_points_is_found_beside_others_of_its_length():
    steps = np.array([[0.0, 10.0], [100.0, 1000.0]])
    arguments = {parameter: 0.5 for parameter in inspect.signature(theory.skills).parameters if parameter != "steps"}
    arguments.update(skills=4, alpha=0.6, target=1.0, initial=0.01)
    grid, flat = theory.skills(steps, **arguments), theory.skills(steps.ravel(), **arguments)
    assert grid.strength.shape == (4, 2, 2) and np.array_equal(grid.strength.reshape(4, 4), flat.strength)
    assert theory.skills(10.0, **arguments).strength.shape == (4,)
    assert grid.probability.shape == (4,)


@given(st.floats(), st.floats(), st.floats(), st.lists(st.floats(), max_size=4))
def test_any_number_gives_numbers_or_an_exception(power, target, initial, times):
    try:
        values = theory.balanced_mode(times, input_power=power, target=target, initial=initial)
    except ValueError as error:
        assert str(error)
    else:
        assert values.strength.shape == (len(times),) and np.isfinite(values.strength).all()


@pytest.mark.parametrize("error, words, call", [
    (ValueError, "target = -2: must be finite and above 0",
     lambda: theory.balanced_mode([0.0], input_power=1, target=-2, initial=1)),
    (ValueError, "must be finite, and 0 or more", lambda: theory.linear_mode([-1.0], input_power=1, target=1)),
    (TypeError, "linear_mode() missing a required argument: 'target'", lambda: theory.linear_mode([0.0], input_power=1)),
    (TypeError, "got an unexpected keyword argument 'power'", lambda: theory.linear_mode([0.0], power=1)),
    (TypeError, "either times or fractions", lambda: theory.linear_mode([0.0], fractions=[0.5], input_power=1, target=1)),
    (TypeError, "must be numbers", lambda: theory.linear_mode(["a"], input_power=1, target=1)),
    (ValueError, "at least one entry", lambda: theory.linear_mode([0.0], input_power=[], target=1)),
    (AttributeError, "Choose one of", lambda: theory.sigmoid),
])
def test_errors_say_what_is_wrong(error, words, call):
    with pytest.raises(error, match=None) as caught:
        call()
    assert words in str(caught.value)


def test_values_explain_themselves():
    values = theory.linear_mode([0.0, 1.0], input_power=1, target=1)
    assert repr(values) == "<linear-mode: strength[2]>"
    assert "strength" in values._repr_html_() and list(values.to_dict()) == ["strength"]
    with pytest.raises(AttributeError, match="only strength"):
        values.weight
