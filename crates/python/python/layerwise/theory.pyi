"""Closed forms of gradient flow in layerwise-linear models.

Each function is one closed form. Its parameters, equation, assumptions and source are those of the
Rust library, from which this module is built when it is imported. All times are **flow time**: the
learning rate times the number of steps, for gradient descent on the halved squared error.

>>> from layerwise import theory
>>> curve = theory.balanced_mode([0.0, 1.0, 4.0], input_power=1.0, target=2.0, initial=0.1)
>>> curve.strength.round(3).tolist()
[0.1, 1.484, 2.0]

Parameters broadcast: an array in place of a number gives a result with the shape of that array before
the shape of the points.

>>> both = theory.linear_mode([0.0, 1.0], input_power=1.0, target=[1.0, 2.0])
>>> both.strength.shape
(2, 2)"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ._arrays import ArrayLike

def forms() -> list[str]:
    """The names of all closed forms of this module, in the order of the theory."""

class Values(Mapping[str, np.ndarray]):
    """The results of a closed form: arrays by name, also as attributes.

``numpy.asarray(values)`` is the first result, so that values can be plotted directly."""
    def __getattr__(self, name: str) -> np.ndarray: ...
    def __getitem__(self, name: str) -> np.ndarray: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray: ...
    def to_dict(self) -> dict[str, np.ndarray]: ...

def linear_mode(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, input_power: ArrayLike, target: ArrayLike, initial: ArrayLike = 0.0) -> Values:
    """One mode of a linear model: exponential saturation.

        strength(t) = target + (initial - target) exp(-input_power t)

    Assumes: gradient flow on the halved squared error; modes that decouple.

    Source: [Saxe2014; Nam2025].

        [Saxe2014] Saxe et al. (2014): Exact solutions to the nonlinear dynamics of learning in deep linear neural networks
        [Nam2025] Nam et al. (2025): Position: Solve Layerwise Linear Models First to Understand Neural Dynamical Phenomena (Neural Collapse, Emergence, Lazy/Rich Regime, and Grokking)

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    input_power : finite and above 0
        v = E[x^2] (unit: 1/flow time).
    target : finite
        S (unit: strength).
    initial : finite
        s(0) (unit: strength). Default: 0.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``times``: t at which s is the fraction of the target (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def balanced_mode(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, input_power: ArrayLike, target: ArrayLike, initial: ArrayLike) -> Values:
    """One mode of two layers that start equal: a sigmoid.

        strength(t) = target / (1 + (target/initial - 1) exp(-2 input_power target t))

    Assumes: gradient flow on the halved squared error; equal layers at the start; modes that decouple.

    Source: [Saxe2014; Nam2025].

        [Saxe2014] Saxe et al. (2014): Exact solutions to the nonlinear dynamics of learning in deep linear neural networks
        [Nam2025] Nam et al. (2025): Position: Solve Layerwise Linear Models First to Understand Neural Dynamical Phenomena (Neural Collapse, Emergence, Lazy/Rich Regime, and Grokking)

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    input_power : finite and above 0
        v = E[x^2] (unit: 1/(strength * flow time)).
    target : finite and above 0
        S (unit: strength).
    initial : finite and above 0
        s(0) (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``times``: t at which s is the fraction of the target (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def lambda_mode(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, input_power: ArrayLike, target: ArrayLike, initial: ArrayLike, lambda_: ArrayLike) -> Values:
    """One mode of two layers at any imbalance: from sigmoid (lambda = 0) to exponential.

        strength' = input_power sqrt(lambda^2 + 4 strength^2) (target - strength)

    Assumes: gradient flow on the halved squared error; modes that decouple (matrices: W2^T W2 - W1 W1^T = lambda I).

    Source: [Domine2024; Nam2025]; the explicit form was derived here and checked against 40-digit arithmetic and an adaptive integrator.

        [Domine2024] Dominé et al. (2024): From Lazy to Rich: Exact Learning Dynamics in Deep Linear Networks
        [Nam2025] Nam et al. (2025): Position: Solve Layerwise Linear Models First to Understand Neural Dynamical Phenomena (Neural Collapse, Emergence, Lazy/Rich Regime, and Grokking)

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    input_power : finite and above 0
        v = E[x^2] (unit: 1/(strength * flow time)).
    target : finite
        S (unit: strength).
    initial : finite
        s(0) = a b (unit: strength).
    lambda_ : finite
        b^2 - a^2 (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``first_layer``: a at the times (unit: sqrt(strength))
        - ``second_layer``: b at the times (unit: sqrt(strength))
        - ``times``: t at which s is the fraction of the target (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def deep_mode(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, depth: ArrayLike, input_power: ArrayLike, target: ArrayLike, initial: ArrayLike) -> Values:
    """One mode of any number of layers that start equal: deeper is more step-like.

        strength' = depth input_power strength^(2 - 2/depth) (target - strength)

    Assumes: gradient flow on the halved squared error; equal layers at the start; modes that decouple.

    Source: [Saxe2014; Nam2025]; the evaluation was derived here and checked against 40-digit arithmetic and an adaptive integrator.

        [Saxe2014] Saxe et al. (2014): Exact solutions to the nonlinear dynamics of learning in deep linear neural networks
        [Nam2025] Nam et al. (2025): Position: Solve Layerwise Linear Models First to Understand Neural Dynamical Phenomena (Neural Collapse, Emergence, Lazy/Rich Regime, and Grokking)

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    depth : a whole number from 1 to 4294967295
        L, layers (unit: 1).
    input_power : finite and above 0
        v = E[x^2] (unit: 1/(strength^(2 - 2/depth) * flow time)).
    target : finite and above 0
        S (unit: strength).
    initial : from 1e-300 to 1e100 of target
        s(0) (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``times``: t at which s is the fraction of the target (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def layer_chain(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, layers: ArrayLike, input_power: ArrayLike, target: ArrayLike) -> Values:
    """One mode of layers that start at any strengths: r small layers wait for a power r - 2 of their scale.

        t = integral of dw/(input_power target strength sum(1/layer^2)), w = ln(strength/(target - strength)); differences of layer^2 are conserved

    Assumes: gradient flow on the halved squared error; modes that decouple.

    Source: derived here, and checked against an adaptive integrator of separate layers; the powers of small layers are those of [Rawal2026].

        [Rawal2026] Rawal et al. (2026): A Theory of Saddle Escape in Deep Nonlinear Networks

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    layers : each between 1e-30 and 1e30
        strengths of the layers at the start, a list (unit: strength^(1/L)).
    input_power : finite and above 0
        v = E[x^2] (unit: 1/(strength^(2 - 2/L) * flow time)).
    target : finite and above 0
        S (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``times``: t at which s is the fraction of the target (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def frozen_layer(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, input_power: ArrayLike, target: ArrayLike, frozen: ArrayLike, learning: ArrayLike = 0.0) -> Values:
    """One mode of two layers, one of which is frozen: exponential, as in a linear model.

        strength(t) = target + (initial - target) exp(-input_power frozen^2 t), initial = frozen learning

    Assumes: gradient flow on the halved squared error in the other layer; modes that decouple.

    Source: derived here from [Saxe2014], and checked against an adaptive integrator.

        [Saxe2014] Saxe et al. (2014): Exact solutions to the nonlinear dynamics of learning in deep linear neural networks

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    input_power : finite and above 0
        v = E[x^2] (unit: 1/(strength * flow time)).
    target : finite and not 0
        S (unit: strength).
    frozen : finite and not 0
        the layer that stays, whichever it is (unit: sqrt(strength)).
    learning : finite
        the other layer at t = 0 (unit: sqrt(strength)). Default: 0.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``learning_layer``: the layer that learns at the times (unit: sqrt(strength))
        - ``times``: t at which s is the fraction of the target (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def fixed_feedback(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, input_power: ArrayLike, target: ArrayLike, backward: ArrayLike, first: ArrayLike = 0.0, second: ArrayLike = 0.0) -> Values:
    """One mode of two layers, the first of which learns through a fixed backward weight.

        first' = input_power backward (target - first second), second' = input_power first (target - first second); first^2 - 2 backward second is conserved

    Assumes: gradient flow on the halved squared error but for the backward weight; modes that decouple.

    Source: derived here, and checked against an adaptive integrator; the rule is that of [Lillicrap2016].

        [Lillicrap2016] Lillicrap et al. (2016): Random synaptic feedback weights support error backpropagation for deep learning

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    input_power : finite and above 0
        v = E[x^2] (unit: 1/(strength * flow time)).
    target : finite and above 0
        S (unit: strength).
    backward : finite and above 0
        B, in place of the second layer on the way back (unit: sqrt(strength)).
    first : finite, and 0 or more
        a(0), the first layer (unit: sqrt(strength)). Default: 0.0.
    second : finite, and 0 or more, with first * second below target
        b(0), the second layer (unit: sqrt(strength)). Default: 0.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``first_layer``: a at the times (unit: sqrt(strength))
        - ``second_layer``: b at the times (unit: sqrt(strength))
        - ``times``: t at which s is the fraction of the target (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def muon_mode(times: ArrayLike | None = None, *, fractions: ArrayLike | None = None, target: ArrayLike, first: ArrayLike = 0.0, second: ArrayLike = 0.0) -> Values:
    """One mode of two layers under Muon: every mode grows at one rate, small ones are complete first.

        strength(t) = min((first + t) (second + t), target), t = learning rate * steps; complete at t = sqrt(target) from 0; second - first is conserved

    Assumes: steps along the exact polar factors of the gradients; layers that are aligned with the modes of the task.

    Source: derived here, and checked against the trainer step by step; the optimizer is that of [Jordan2024].

        [Jordan2024] Jordan et al. (2024): Muon: An optimizer for hidden layers in neural networks

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    fractions : array of any shape
        fractions of the target at which to give the times. Give either times or fractions.
    target : finite and above 0
        S (unit: strength).
    first : finite, and 0 or more
        a(0), the first layer (unit: sqrt(strength)). Default: 0.0.
    second : finite, and 0 or more, with first * second at most target
        b(0), the second layer (unit: sqrt(strength)). Default: 0.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: strength)
        - ``times``: t at which s is the fraction of the target (unit: sqrt(strength): learning rate * steps)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def skills(steps: ArrayLike, *, skills: ArrayLike, alpha: ArrayLike, lr: ArrayLike, target: ArrayLike, initial: ArrayLike) -> Values:
    """Skills that are learned independently, each a sigmoid in time: emergence.

        strength_k(step) = target / (1 + (target/initial - 1) exp(-2 P_k target lr step)), P_k ~ k^-(alpha + 1)

    Assumes: plain gradient descent with a small lr on the halved squared error (t = lr * step; lr * target well below 1); skills that decouple.

    Source: [Nam2024].

        [Nam2024] Nam et al. (2024): An exactly solvable model for emergence and scaling laws in the multitask sparse parity problem

    Parameters
    ----------
    steps : array of any shape
        training steps, 0 or more.
    skills : a whole number from 1 to 1000000
        number of skills (unit: 1).
    alpha : finite and at least -1
        P_k ~ k^-(alpha + 1) (unit: 1).
    lr : finite and above 0
        learning rate of gradient descent (unit: flow time per step).
    target : finite and above 0
        S (unit: strength).
    initial : finite and above 0
        s(0) (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: R_k at the steps: a list over skills of lists over steps (unit: strength)
        - ``probability``: P_k, a list over skills, most frequent first (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def data_emergence(*, skills: ArrayLike, alpha: ArrayLike, examples: ArrayLike, shots: ArrayLike = 800.0) -> Values:
    """Skills learned from a fixed number of examples.

        fraction_k = 1 - sqrt(1 - examples P_k/shots), at most 1; P_k ~ k^-(alpha + 1)

    Assumes: training to the end; the extended multilinear model, fitted and not derived for networks.

    Source: [Nam2024].

        [Nam2024] Nam et al. (2024): An exactly solvable model for emergence and scaling laws in the multitask sparse parity problem

    Parameters
    ----------
    skills : a whole number from 1 to 1000000
        number of skills (unit: 1).
    alpha : finite and at least -1
        P_k ~ k^-(alpha + 1) (unit: 1).
    examples : finite and at least 0
        D, examples of all skills together (unit: 1).
    shots : finite and above 0
        D_c, examples that a skill needs (unit: 1). Default: 800.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``fraction``: R_k/S, a list over skills (unit: 1)
        - ``probability``: P_k, a list over skills, most frequent first (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def parameter_emergence(*, skills: ArrayLike, width: ArrayLike, neurons_per_skill: ArrayLike = 4.0) -> Values:
    """Skills that fit into a network of limited width.

        fraction_k = (width - (k - 1) neurons_per_skill)/neurons_per_skill, from 0 to 1

    Assumes: training to the end; neurons go to the most frequent skill first.

    Source: [Nam2024].

        [Nam2024] Nam et al. (2024): An exactly solvable model for emergence and scaling laws in the multitask sparse parity problem

    Parameters
    ----------
    skills : a whole number from 1 to 1000000
        number of skills (unit: 1).
    width : finite and at least 0
        N, hidden neurons (unit: 1).
    neurons_per_skill : finite and above 0
        N_c (unit: 1). Default: 4.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``fraction``: R_k/S, a list over skills, most frequent first (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def scaling_laws(*, alpha: ArrayLike, target: ArrayLike, initial: ArrayLike) -> Values:
    """Power laws of the loss in time, data, parameters and compute.

        loss = (1/2) sum_k P_k (target - R_k)^2 over infinitely many skills, P_k = k^-(alpha + 1)/zeta

    Assumes: infinitely many skills that decouple; gradient flow on the halved squared error.

    Source: [Nam2024].

        [Nam2024] Nam et al. (2024): An exactly solvable model for emergence and scaling laws in the multitask sparse parity problem

    Parameters
    ----------
    alpha : finite and above 0
        P_k ~ k^-(alpha + 1) (unit: 1).
    target : finite and above 0
        S (unit: strength).
    initial : above 0 and below target
        R(0) of every skill (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``zeta``: zeta(1 + alpha), the sum of k^-(alpha + 1) (unit: 1)
        - ``time_constant``: A_T in L = A_T t^time_exponent (t is flow time: learning rate 1) (unit: strength^2 * flow time^-time_exponent)
        - ``data_constant``: A_D in L = A_D D^data_exponent (unit: strength^2)
        - ``parameter_constant``: A_N in L = A_N N^parameter_exponent (unit: strength^2)
        - ``time_exponent``: -alpha/(alpha + 1) (unit: 1)
        - ``data_exponent``: -alpha/(alpha + 1) (unit: 1)
        - ``parameter_exponent``: -alpha (unit: 1)
        - ``compute_exponent``: -alpha/(alpha + 2), compute = width * time (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def scalar_toy(times: ArrayLike | None = None, *, first: ArrayLike, second: ArrayLike, normalisation: ArrayLike = 1.0, target: ArrayLike) -> Values:
    """A linear network between two scalars: feature amplification.

        f(x) = x sum(first second)/normalisation; sum(first + second) grows by sqrt((S + sqrt(Sigma_0^2 - S_0^2 + S^2))/(Sigma_0 + S_0))

    Assumes: gradient flow on the halved squared error with E[x^2] = 1.

    Source: [Nam2025]; that features grow by the square root of the printed expression was derived here and checked against an adaptive integrator.

        [Nam2025] Nam et al. (2025): Position: Solve Layerwise Linear Models First to Understand Neural Dynamical Phenomena (Neural Collapse, Emergence, Lazy/Rich Regime, and Grokking)

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    first : finite numbers
        a, a list over neurons (unit: sqrt(strength)).
    second : finite numbers, as many as first
        b, a list over neurons (unit: sqrt(strength)).
    normalisation : finite and above 0
        Z (unit: 1). Default: 1.0.
    target : finite
        S (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``sigma_initial``: Sigma_0 = sum(a^2 + b^2)/(2 Z); without points (unit: strength)
        - ``strength_initial``: S_0 = sum(a b)/Z; without points (unit: strength)
        - ``lambda_effective``: 2 sqrt(Sigma_0^2 - S_0^2); without points (unit: strength)
        - ``amplification``: growth of every a_i + b_i from start to end; without points (unit: 1)
        - ``amplification_squared``: its square, (S + sqrt(Sigma_0^2 - S_0^2 + S^2))/(Sigma_0 + S_0); without points (unit: 1)
        - ``sigma_final``: Sigma at the end; without points (unit: strength)
        - ``strength``: s at the times (unit: strength)
        - ``growth``: growth of every a_i + b_i until the times (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def unconstrained_features(times: ArrayLike, *, classes: ArrayLike, samples_per_class: ArrayLike, initial: ArrayLike, decay: ArrayLike = 0.0, inside: ArrayLike = 0.0, outside: ArrayLike = 0.0) -> Values:
    """Neural collapse with free features: strength of the class means and residual within classes.

        strength: balanced mode with input_power 1 and target S = sqrt(n) - decay; residual_outside = exp(-decay t); residual_inside = exp(-decay t)/sqrt(1 + (initial/S) (exp(2 S t) - 1))

    Assumes: gradient flow on the halved squared error of all entries, with L2 decay of features and classifier, labels centred; a balanced start, aligned with the labels; small within-class residuals.

    Source: [Mixon2020; Saxe2014]; the residuals were derived here and checked against an adaptive integrator.

        [Mixon2020] Mixon et al. (2020): Neural collapse with unconstrained features
        [Saxe2014] Saxe et al. (2014): Exact solutions to the nonlinear dynamics of learning in deep linear neural networks

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    classes : a whole number from 2 to 1e12
        C (unit: 1).
    samples_per_class : a whole number from 1 to 1e12
        n (unit: 1).
    initial : finite and above 0
        s(0) of each of the C - 1 modes (unit: sqrt(samples)).
    decay : at least 0 and below sqrt(n)
        mu of features and classifier (unit: 1/flow time). Default: 0.0.
    inside : finite and at least 0
        Tr S_w at the start within the row space of the classifier (unit: sqrt(samples)). Default: 0.0.
    outside : finite and at least 0
        Tr S_w at the start outside it (unit: sqrt(samples)). Default: 0.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``modes``: C - 1, one number (unit: 1)
        - ``target``: sqrt(n) - decay, one number (unit: sqrt(samples))
        - ``strength``: s at the times (unit: sqrt(samples))
        - ``residual_inside``: within-class residual over its start, inside the row space of the classifier (unit: 1)
        - ``residual_outside``: the same outside it: only decay moves it (unit: 1)
        - ``nc1``: Tr(S_w pinv(S_b))/C at the times: goes to 0 (unit: 1)
        - ``nc1_quotient``: Tr S_w/Tr S_b at the times: saturates without decay (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def deep_features(times: ArrayLike, *, classes: ArrayLike, samples_per_class: ArrayLike, depth: ArrayLike, initial: ArrayLike, inside: ArrayLike = 0.0) -> Values:
    """Neural collapse with free features below several linear layers.

        strength: deep mode with input_power 1 and target S = sqrt(n); residual = ((S - strength)/(S - initial))^(1/depth)

    Assumes: gradient flow on the halved squared error of all entries, labels centred; a balanced start, aligned with the labels; small within-class residuals.

    Source: [Mixon2020; Saxe2014]; the residual was derived here and checked against an adaptive integrator.

        [Mixon2020] Mixon et al. (2020): Neural collapse with unconstrained features
        [Saxe2014] Saxe et al. (2014): Exact solutions to the nonlinear dynamics of learning in deep linear neural networks

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    classes : a whole number from 2 to 1e12
        C (unit: 1).
    samples_per_class : a whole number from 1 to 1e12
        n (unit: 1).
    depth : a whole number from 2 to 4294967295
        L: features, linear layers and classifier (unit: 1).
    initial : from 1e-300 of sqrt(n) to below it
        s(0) of each of the C - 1 modes (unit: sqrt(samples)).
    inside : finite and at least 0
        Tr S_w of the features at the start, in the directions that the layers read (unit: feature^2). Default: 0.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``strength``: s at the times (unit: sqrt(samples))
        - ``residual``: within-class residual of the features over its start (unit: 1)
        - ``nc1``: Tr(S_w pinv(S_b))/C of every layer at the times (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def modular_addition(*, modulus: ArrayLike, phases: ArrayLike = 3.0) -> Values:
    """Weights of a two-layer network that adds modulo p exactly.

        logit_q(a, b) = (phases^2/4) (modulus [q = a + b mod modulus] - 1)

    Assumes: two layers, squared activation, one-hot inputs; one neuron per frequency and pair of phases.

    Source: [Gromov2023] for the form of the weights; the finite set of phases that is exact was derived here and checked by evaluation.

        [Gromov2023] Gromov (2023): Grokking modular arithmetic

    Parameters
    ----------
    modulus : a whole number, odd and at least 3
        p (unit: 1).
    phases : a whole number, at least 3
        K, phases of each input (unit: 1). Default: 3.0.

    Returns
    -------
    Values
        Arrays by name:

        - ``neurons``: hidden neurons, K^2 (p - 1)/2 (unit: 1)
        - ``logit_right``: logit of the right output (unit: 1)
        - ``logit_wrong``: logit of every other output (unit: 1)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def balanced_network(times: ArrayLike, *, W1: ArrayLike, W2: ArrayLike, correlation: ArrayLike) -> Values:
    """Two-layer linear network with balanced layers, from any start.

        (QQ')' = F QQ' + QQ' F - (QQ')^2, Q = [W1'; W2], F = [[-lambda/2, correlation'], [correlation, lambda/2]]

    Assumes: gradient flow on the halved squared error; whitened inputs; W2'W2 - W1W1' = lambda I.

    Source: [Braun2022; Domine2024].

        [Braun2022] Braun et al. (2022): Exact learning dynamics of deep linear networks with prior knowledge
        [Domine2024] Dominé et al. (2024): From Lazy to Rich: Exact Learning Dynamics in Deep Linear Networks

    Parameters
    ----------
    times : array of any shape
        flow times t, 0 or more.
    W1 : a matrix of finite numbers
        first layer at t = 0, h x d (list of rows) (unit: sqrt(strength)).
    W2 : a matrix of finite numbers with as many columns as W1 has rows
        second layer at t = 0, c x h (list of rows) (unit: sqrt(strength)).
    correlation : a matrix of finite numbers, c x d
        task E[y x'] of whitened inputs, c x d (list of rows) (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``network``: W2 W1 at the times, c x d each (unit: strength)
        - ``kernel``: tangent kernel at the d unit inputs at the times, c d x c d each, output-major (unit: strength)
        - ``lambda_``: imbalance of the layers, one number (unit: strength)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """

def random_start(*, W1: ArrayLike, W2: ArrayLike, correlation: ArrayLike) -> Values:
    """Half-times of the modes of a linear network from a small random start.

        half_time = ln(4 S/x0 - 1)/(2 S), x0 = |part of u'W2 + (W1 v)' that is orthogonal to those of the faster modes|^2

    Assumes: gradient flow on the halved squared error; whitened inputs; weights so small that a mode has been learned before a slower one is visible.

    Source: derived here; compared with an integrator of the full flow: within 2 % for weights of size 1e-2 and 0.1 % for 1e-4.

    Parameters
    ----------
    W1 : a matrix of finite numbers
        first layer at t = 0, h x d (list of rows) (unit: sqrt(strength)).
    W2 : a matrix of finite numbers with as many columns as W1 has rows
        second layer at t = 0, c x h (list of rows) (unit: sqrt(strength)).
    correlation : a matrix of finite numbers, c x d
        task E[y x'] of whitened inputs, c x d (list of rows) (unit: strength).

    Returns
    -------
    Values
        Arrays by name:

        - ``target``: S of every mode, largest first (unit: strength)
        - ``half_time``: time at which each mode reaches S/2; infinite if it never does, not a number if the start is past it (unit: flow time)

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    """
