"""A source of random choices that a seed makes again."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """`random.Random` with the questions that a generator asks."""

    def one_in(self, among: int) -> bool:
        return self.randrange(among) == 0

    def either(self, *options: T) -> T:
        return self.choice(options)

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """At most so many of `options`, at least one, each once, in their order."""
        count = self.randint(1, min(most, len(options)))
        chosen = set(self.sample(range(len(options)), count))
        return [option for index, option in enumerate(options) if index in chosen]
