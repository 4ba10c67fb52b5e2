"""Learning-rate schedules: the rate eta of step t = 0, 1, 2, ... as an equation.

Each is a `keras.optimizers.schedules.LearningRateSchedule`: pass one as `learning_rate` to any optimizer, save it with the
model, or call it with a step (or an array of steps) to draw it. Where Keras has a namesake, arguments and values are the same.
"""

import itertools
import math

import keras
from keras import ops


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose constructor arguments are its configuration.

    Args:
        name: name of the schedule; the class's if None.
        **arguments: what the equation reads, kept as attributes and returned by `get_config`.
    """

    def __init__(self, name=None, **arguments):
        super().__init__()
        self.name = name or type(self).__name__
        self._arguments = arguments
        for argument, value in arguments.items():
            setattr(self, argument, value)

    def __call__(self, step):
        """The learning rate of a step (integer tensor or number), in Keras's default float dtype."""
        return self.rate(ops.cast(step, keras.config.floatx()))

    def rate(self, t):
        """The equation; t is a float tensor."""
        raise NotImplementedError(f"{type(self).__name__} must override `rate`.")

    def get_config(self):
        """The constructor's arguments."""
        return {**self._arguments, "name": self.name}


class Decay(Schedule):
    """A fall by a rate r every T steps, smooth or in jumps; the arguments of `ExponentialDecay` and `InverseTimeDecay`."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None):
        _positive("decay_steps", decay_steps)
        super().__init__(
            name,
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            decay_rate=decay_rate,
            staircase=staircase,
        )

    def passed(self, t):
        """The ratio t / T, rounded down in a staircase."""
        return ops.floor(t / self.decay_steps) if self.staircase else t / self.decay_steps


@keras.saving.register_keras_serializable("recipes")
class ExponentialDecay(Decay):
    """eta = eta_0 r^(t / T).

    Args:
        initial_learning_rate: eta_0.
        decay_steps: T, steps in which the rate falls to r times itself, above 0.
        decay_rate: r.
        staircase: round t / T down: the rate falls in jumps.
        name: name of the schedule.
    """

    def rate(self, t):
        """The equation."""
        return self.initial_learning_rate * ops.power(self.decay_rate, self.passed(t))


@keras.saving.register_keras_serializable("recipes")
class InverseTimeDecay(Decay):
    """eta = eta_0 / (1 + r t / T).

    Args:
        initial_learning_rate: eta_0.
        decay_steps: T, above 0.
        decay_rate: r.
        staircase: round t / T down: the rate falls in jumps.
        name: name of the schedule.
    """

    def rate(self, t):
        """The equation."""
        return self.initial_learning_rate / (1 + self.decay_rate * self.passed(t))


@keras.saving.register_keras_serializable("recipes")
class PiecewiseConstantDecay(Schedule):
    """eta = values[k], where k counts the boundaries below t: a rate for every stretch of steps.

    Args:
        boundaries: last step of every stretch but the final one, increasing.
        values: one rate more than boundaries.
        name: name of the schedule.
    """

    def __init__(self, boundaries, values, name=None):
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                "`values` must be one longer than `boundaries`. "
                f"Received: {len(boundaries)} boundaries and {len(values)} values"
            )
        if any(one >= two for one, two in itertools.pairwise(boundaries)):
            raise ValueError(f"`boundaries` must increase. Received: boundaries={boundaries}")
        super().__init__(name, boundaries=list(boundaries), values=list(values))

    def rate(self, t):
        """The equation, stretch after stretch."""
        eta = ops.zeros_like(t) + self.values[0]
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            eta = ops.where(t > boundary, ops.cast(value, t.dtype), eta)
        return eta


@keras.saving.register_keras_serializable("recipes")
class StepDecay(Schedule):
    """eta = eta_0 r^floor(t / T): multiplied by r every T steps; Keras has it as `ExponentialDecay(..., staircase=True)`.

    Args:
        initial_learning_rate: eta_0.
        step_size: T, steps between two falls, above 0.
        factor: r, 1/2 if left out.
        name: name of the schedule.
    """

    def __init__(self, initial_learning_rate, step_size, factor=0.5, name=None):
        _positive("step_size", step_size)
        super().__init__(name, initial_learning_rate=initial_learning_rate, step_size=step_size, factor=factor)

    def rate(self, t):
        """The equation."""
        return self.initial_learning_rate * ops.power(self.factor, ops.floor(t / self.step_size))


@keras.saving.register_keras_serializable("recipes")
class PolynomialDecay(Schedule):
    """eta = (eta_0 - eta_T) (1 - t / T)^p + eta_T up to step T, and eta_T from there on.

    Args:
        initial_learning_rate: eta_0.
        decay_steps: T, above 0.
        end_learning_rate: eta_T.
        power: p; 1 is a straight line.
        cycle: whether the rate jumps up again after T steps, with T doubled, then tripled, and so on.
        name: name of the schedule.
    """

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=1e-4, power=1.0, cycle=False, name=None):
        _positive("decay_steps", decay_steps)
        super().__init__(
            name,
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            end_learning_rate=end_learning_rate,
            power=power,
            cycle=cycle,
        )

    def rate(self, t):
        """The equation."""
        if self.cycle:
            steps = self.decay_steps * ops.maximum(ops.ceil(t / self.decay_steps), 1.0)
        else:
            steps, t = self.decay_steps, ops.minimum(t, float(self.decay_steps))
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(1 - t / steps, self.power) + self.end_learning_rate


@keras.saving.register_keras_serializable("recipes")
class CosineDecay(Schedule):
    """Half a cosine wave from eta_0 down to alpha eta_0 in T steps, and flat from there on.

        eta = eta_0 ((1 - alpha) (1 + cos(pi t / T)) / 2 + alpha)

    With a warm-up the rate first rises in a straight line from `initial_learning_rate` to `warmup_target` in
    `warmup_steps` steps; the wave then starts from `warmup_target`.

    Args:
        initial_learning_rate: eta_0.
        decay_steps: T, above 0, not counting the warm-up.
        alpha: the final rate as a share of the largest.
        name: name of the schedule.
        warmup_target: the rate after the warm-up; None for no warm-up.
        warmup_steps: steps of the warm-up.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name=None, warmup_target=None, warmup_steps=0):
        _positive("decay_steps", decay_steps)
        super().__init__(
            name,
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            alpha=alpha,
            warmup_target=warmup_target,
            warmup_steps=warmup_steps,
        )

    def rate(self, t):
        """The equation."""
        if self.warmup_target is None:
            return self._wave(t, self.initial_learning_rate)
        risen = t / max(self.warmup_steps, 1)
        rising = self.initial_learning_rate + (self.warmup_target - self.initial_learning_rate) * risen
        return ops.where(t < self.warmup_steps, rising, self._wave(t - self.warmup_steps, self.warmup_target))

    def _wave(self, t, top):
        done = ops.clip(t / self.decay_steps, 0.0, 1.0)
        return top * ((1 - self.alpha) * (1 + ops.cos(math.pi * done)) / 2 + self.alpha)


@keras.saving.register_keras_serializable("recipes")
class NoamSchedule(Schedule):
    """The Transformer's schedule: a warm-up in a straight line, then a fall with the square root of the step.

        eta = scale d_model^(-1/2) min(s^(-1/2), s W^(-3/2)),       s = t + 1

    The two branches meet at s = W, the top, where eta = scale / sqrt(d_model W).

    Args:
        d_model: features of the model, above 0.
        warmup_steps: W, above 0.
        scale: a factor in front.
        name: name of the schedule.

    Source: Vaswani et al. 2017, section 5.3.
    """

    def __init__(self, d_model, warmup_steps=4000, scale=1.0, name=None):
        _positive("d_model", d_model)
        _positive("warmup_steps", warmup_steps)
        super().__init__(name, d_model=d_model, warmup_steps=warmup_steps, scale=scale)

    def rate(self, t):
        """The equation; Keras counts steps from 0, the paper from 1."""
        s = t + 1.0
        return self.scale * self.d_model**-0.5 * ops.minimum(ops.rsqrt(s), s * self.warmup_steps**-1.5)


def _positive(name, value):
    if not value > 0:
        raise ValueError(f"`{name}` must be above 0. Received: {name}={value!r}")
