import asyncio
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import Misconfigured
from penstock.store.cache.memory import MemoryCache, MemoryConfig

TENANTS = st.sampled_from(["a", "b"])
KEYS = st.sampled_from([b"k1", b"k2", b"k3"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lease"), TENANTS),
        st.tuples(st.just("put"), st.integers(0, 5), KEYS, st.integers(0, 900), st.sampled_from([0.5, 2.0, 9.0])),
        st.tuples(st.just("get"), TENANTS, KEYS),
        st.tuples(st.just("expire"), TENANTS),
        st.tuples(st.just("wait"), st.sampled_from([0.1, 0.6, 2.5])),
    ),
    max_size=40,
)


class Model:
    """The same in the plainest words: entries in order of use, each with its lease's generation."""

    def __init__(self, bound):
        self.bound, self.time = bound, 0.0
        self.generation = {"a": 0, "b": 0}
        self.entries = OrderedDict()

    def now(self):
        return self.time

    def put(self, lease, key, size, keep):
        tenant, generation, began = lease
        if generation != self.generation[tenant]:
            return False
        self._drop_old()
        if size > self.bound:
            return True
        self.entries.pop((tenant, key), None)
        if began + keep > self.time:
            while sum(entry[0] for entry in self.entries.values()) + size > self.bound:
                self.entries.popitem(last=False)
            self.entries[tenant, key] = (size, began, keep, generation)
        return True

    def get(self, tenant, key):
        self._drop_old()
        if (tenant, key) not in self.entries:
            return None
        self.entries.move_to_end((tenant, key))
        size, began, _, generation = self.entries[tenant, key]
        return size, self.time - began, generation == self.generation[tenant]

    def _drop_old(self):
        gone = [name for name, (_, began, keep, _) in self.entries.items() if began + keep <= self.time]
        for name in gone:
            del self.entries[name]


@given(STEPS, st.integers(600, 4_000))
def test_it_forgets_by_age_and_use_and_believes_no_lease_that_was_expired(steps, bound):
    async def check():
        model = Model(bound)
        cache = MemoryCache(MemoryConfig(bound), now=model.now)
        leases = [(await cache.lease("a"), ("a", 0, 0.0))]
        for kind, *words in steps:
            match kind:
                case "lease":
                    (tenant,) = words
                    leases.append((await cache.lease(tenant), (tenant, model.generation[tenant], model.time)))
                case "put":
                    which, key, length, keep = words
                    real, modelled = leases[which % len(leases)]
                    size = len(key) + length + 512
                    assert await cache.put(real, key, b"v" * length, keep) == model.put(modelled, key, size, keep)
                case "get":
                    entry, wanted = await cache.get(*words), model.get(*words)
                    assert (entry is None) == (wanted is None)
                    if entry is not None:
                        key = words[1]
                        assert (len(key) + len(entry.value) + 512, entry.age, entry.current) == wanted
                case "expire":
                    cache.expire(words[0])
                    model.generation[words[0]] += 1
                case "wait":
                    model.time += words[0]
            assert cache.size <= bound

    asyncio.run(check())


async def test_closing_forgets():
    cache = MemoryCache()
    await cache.put(await cache.lease("a"), b"k", b"v", 5.0)
    assert cache.size > 0
    await cache.close()
    assert cache.size == 0


def test_a_cache_without_room_is_refused():
    with pytest.raises(Misconfigured):
        MemoryCache(MemoryConfig(0))
