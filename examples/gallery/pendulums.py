"""ODE with SciPy: a chain of pendulums that springs couple, by an adaptive Runge-Kutta method.

Source: J. R. Dormand and P. J. Prince, "A Family of Embedded Runge-Kutta Formulae" (1980), as
`scipy.integrate.solve_ivp` has it. SciPy's Python code is rewritten as well.
"""

import numpy as np
from scipy.integrate import solve_ivp

from show import image, show


def motion(t, state):
    angle, speed = state.reshape(2, -1)
    force = -np.sin(angle) - 0.01 * speed
    force[1:-1] += 4.0 * (angle[:-2] - 2.0 * angle[1:-1] + angle[2:])
    return np.concatenate([speed, force])


def kernel(start, until=20.0):
    return solve_ivp(motion, (0.0, until), start, t_eval=np.linspace(0.0, until, 120)).y


def make_input(pendulums=200):
    angle = 1.5 * np.exp(-0.01 * (np.arange(pendulums) - pendulums / 3.0) ** 2)
    return (np.concatenate([angle, np.zeros(pendulums)]),)


if __name__ == "__main__":
    show(kernel, make_input(), lambda y: image(y[: len(y) // 2]))
