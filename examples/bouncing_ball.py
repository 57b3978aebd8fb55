"""A ball that bounces: branches, a loop, and an array filled step by step, differentiated as they stand."""

import backlight as bl
import backlight.numpy as np


def path(speed, bounce):
    """Height after each step of a ball thrown up from 1 m, which loses speed where it meets the ground."""
    heights = np.zeros(120)
    y, v = 1.0, speed
    for i in range(120):
        v = v - 9.81 * 0.02
        y = y + v * 0.02
        if y < 0:
            y, v = -bounce * y, -bounce * v
        heights[i] = y
    return heights


def distance_from_wish(speed, bounce):
    """The ball should be at 0.5 m in the end."""
    return (path(speed, bounce)[-1] - 0.5) ** 2


speed = 4.0
for _ in range(30):
    value, (slope, _) = bl.value_and_grad(distance_from_wish, (0, 1))(speed, 0.8)
    speed = speed - 0.05 * slope
print(f"thrown with {speed:.3f} m/s it is at {path(speed, 0.8).value[-1]:.3f} m in the end")

graph = bl.trace(path)(speed, 0.8)
bounces = [guard for guard in graph.guards if guard.answer is True]
print(f"{len(graph)} nodes; the branch at line {bounces[0].at.line} was taken {len(bounces)} times")
assert abs(path(speed, 0.8).value[-1] - 0.5) < 0.01
