"""Things that move: solvers by hand, physics with branches."""

import numpy as np


def runge_kutta(p):
    """Lotka and Volterra's animals after some time, by the classical method of fourth order."""
    a, b, c, d = p[:4]

    def f(s):
        return np.array([a * s[0] - b * s[0] * s[1], -c * s[1] + d * s[0] * s[1]])

    s, h = p[4:], 0.1
    for _ in range(20):
        k1 = f(s)
        k2 = f(s + h / 2 * k1)
        k3 = f(s + h / 2 * k2)
        k4 = f(s + h * k3)
        s = s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return s[0] + 2 * s[1]


def bouncing_ball(p):
    """Height after some steps of a ball that bounces where it meets the ground."""
    y, v, e = p[0], p[1], p[2]
    for _ in range(60):
        v = v - 9.81 * 0.02
        y = y + v * 0.02
        if y < 0:
            y = -e * y
            v = -e * v
    return y**2 + 0.1 * v


def heat_equation(u):
    """Energy of a rod after explicit steps, its ends held fixed; the array is updated in place."""
    u = u.copy()
    for _ in range(15):
        u[1:-1] += 0.2 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def three_bodies(p):
    """Leapfrog in the plane, with softened gravity."""
    q, v = p[:6].reshape(3, 2), p[6:].reshape(3, 2)
    m = np.array([1.0, 0.5, 0.8])

    def pull(q):
        d = q[None, :, :] - q[:, None, :]
        r = np.sqrt(np.sum(d**2, axis=-1) + 0.1)
        return np.sum(m[None, :, None] * d / r[..., None] ** 3, axis=1)

    for _ in range(10):
        v = v + 0.05 * pull(q)
        q = q + 0.1 * v
        v = v + 0.05 * pull(q)
    return np.sum(m[:, None] * v**2) + np.linalg.norm(q[0] - q[1])


def implicit_euler(p):
    """A stiff equation, each step solved by Newton's method."""
    y = p[0]
    for _ in range(5):
        new = y
        for _ in range(6):
            g = new - y + 0.1 * (p[1] * new**3 - np.cos(p[2] * new))
            dg = 1 + 0.1 * (3 * p[1] * new**2 + p[2] * np.sin(p[2] * new))
            new = new - g / dg
        y = new
    return y


def pendulum_control(u):
    """Cost of steering a pendulum upright: the controls are clipped, the angle wrapped."""
    angle, speed, cost = np.pi * 0.9, 0.0, 0.0
    for force in np.clip(u, -2.0, 2.0):
        speed = speed + 0.05 * (9.81 * np.sin(angle) + 3 * force)
        angle = angle + 0.05 * speed
        wrapped = np.mod(angle + np.pi, 2 * np.pi) - np.pi
        cost = cost + wrapped**2 + 0.1 * speed**2 + 0.001 * force**2
    return cost


def logistic_map(p):
    x, total = p[0], 0.0
    while total < 3.0:
        x = p[1] * x * (1 - x)
        total = total + x
    return total * x
