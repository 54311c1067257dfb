"""The mutants: where, what is replaced by what, which promise that breaks, and which tests must fail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One small patch. `old` must occur exactly once in `file` (under src/penstock)."""

    name: str
    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]


RUNNER = "tests/unit/pipeline/test_runner.py::"
BACKLOG = "tests/unit/pipeline/test_runner_backlog.py::"
GATE = "tests/unit/pipeline/test_gate.py::"
FRONTIER = "tests/unit/pipeline/test_frontier.py::"
ADMIT = "tests/unit/pipeline/test_admit.py::"
CONTRACT = "tests/contracts/test_series_store.py::"
VIEW = "tests/contracts/test_series_store_view.py::"
ORDER = "tests/contracts/test_series_store_order.py::"
JUDGE = "tests/unit/store/duckdb/test_judge.py::"
UPKEEP = "tests/unit/store/duckdb/test_upkeep.py::"
HOT = "tests/unit/store/duckdb/test_hot.py::"
ENGINE = "tests/unit/query/test_engine.py::"
WORLDS = "tests/simulation/test_simulation.py::test_a_world_keeps_every_promise_whatever_goes_wrong"

CORRECTIONS = ORDER + "test_corrections_of_few_keys_by_many_workers_end_in_the_greatest_version"
SAME_FATES = ORDER + "test_receipts_and_ledger_equal_the_oracle_for_the_same_arrivals"

CACHED = "tests/unit/query/test_cached.py::"
CACHE = "tests/contracts/test_cache.py::"
TRUTH = "tests/unit/query/test_cached_truth.py::test_no_read_is_impossible_or_older_than_the_bound"

DUCK = "store/series/duckdb/"

MUTANTS = (
    Mutant(
        "ack before COMMIT",
        "pipeline/runner.py",
        "        await self._commit(lane, work)\n        ended, rows = ",
        "        await asyncio.gather(*(w.delivery.ack() for w in work), return_exceptions=True)\n"
        "        await self._commit(lane, work)\n        ended, rows = ",
        "a crash during the commit loses what was acknowledged",
        (RUNNER + "test_nothing_is_acked_while_the_store_is_away_and_all_is_stored_when_it_returns", WORLDS),
    ),
    Mutant(
        "answer before PubAck",
        "pipeline/gate.py",
        "        await self._bus.publish(lane, tenant_subject(lane, frame.tenant), payload, headers)",
        "        task = asyncio.create_task(self._bus.publish(lane, tenant_subject(lane, frame.tenant), payload, headers))\n"
        "        self._tasks.add(task)\n"
        "        task.add_done_callback(lambda done: (self._tasks.discard(done), done.cancelled() or done.exception()))",
        "the client hears yes before its readings are on disk",
        (GATE + "test_a_failed_publish_reaches_every_request_of_the_frame", WORLDS),
    ),
    Mutant(
        "frame ids not remembered",
        DUCK + "writer.py",
        "if f.id not in self._memory.frames}",
        "}",
        "a redelivery is counted twice",
        (CONTRACT + "test_a_redelivered_frame_changes_nothing_and_yields_its_receipts_again", SAME_FATES),
    ),
    Mutant(
        "version guard off",
        DUCK + "judge.py",
        "wins = known.present & ~same & (newer | (",
        "wins = known.present & ~same | (known.present & (",
        "what arrives last wins, however old it is",
        (JUDGE + "test_fates_and_state_are_those_of_the_rule", CORRECTIONS),
    ),
    Mutant(
        "ties not settled by value",
        DUCK + "judge.py",
        "((final.version == known.version) & (final.value > known.value))",
        "((final.version == known.version) & (final.value > np.inf))",
        "of equal versions the first to arrive wins, so order matters",
        (JUDGE + "test_state_does_not_depend_on_order_or_on_how_rows_are_cut_into_frames", CORRECTIONS),
    ),
    Mutant(
        "a repetition with a higher version is not recorded",
        DUCK + "judge.py",
        "    update = wins | raises\n",
        "    update = wins\n",
        "an older correction later beats a value that a newer version confirmed",
        (
            JUDGE + "test_fates_and_state_are_those_of_the_rule",
            CONTRACT + "test_a_duplicate_raises_the_version_so_that_order_cannot_matter",
        ),
    ),
    Mutant(
        "duplicates within a frame counted as stored",
        DUCK + "judge.py",
        "fate[i] = DUPLICATE if value == best[1] else SUPERSEDED",
        "fate[i] = STORED if value == best[1] else SUPERSEDED",
        "the ledger claims more stored readings than there are",
        (JUDGE + "test_fates_and_state_are_those_of_the_rule", SAME_FATES),
    ),
    Mutant(
        "dirty mark skipped",
        DUCK + "writer.py",
        "        late = ts < self._memory.marks.boundary(series)\n",
        "        late = ts < 0\n",
        "a late reading never reaches the rollups",
        (
            UPKEEP + "test_a_late_reading_dirties_its_own_hour_of_its_own_series_and_nothing_else",
            ORDER + "test_late_corrections_of_rolled_days_show_in_every_width",
        ),
    ),
    Mutant(
        "corrections not marked dirty",
        DUCK + "writer.py",
        "        ts = np.concatenate((append.ts, update.ts))\n",
        "        ts = np.concatenate((append.ts, np.full_like(update.ts, 1 << 60)))\n",
        "a rolled-up hour keeps the value that was corrected",
        (ORDER + "test_late_corrections_of_rolled_days_show_in_every_width",),
    ),
    Mutant(
        "marks ignore the hour that is being rolled",
        DUCK + "writer.py",
        "np.where(series < self.cursor, max(self.rolling_to, self.rolled_to), self.rolled_to)",
        "np.where(series < self.cursor, self.rolled_to, self.rolled_to)",
        "a reading that comes while its hour is rolled up is missed",
        (UPKEEP + "test_a_huge_hour_is_rolled_up_in_pieces_and_late_readings_meanwhile_are_not_missed",),
    ),
    Mutant(
        "rollup added to instead of recomputed",
        DUCK + "upkeep.py",
        "            for tier in TIERS[:3]:\n",
        "            for tier in ():\n",
        "a dirty hour is counted twice",
        (ORDER + "test_late_corrections_of_rolled_days_show_in_every_width",),
    ),
    Mutant(
        "days not recomputed",
        DUCK + "upkeep.py",
        "            self._write_days(series, hour - hour % DAY)\n",
        "",
        "a late reading reaches its hour but not its day",
        (ORDER + "test_late_corrections_of_rolled_days_show_in_every_width",),
    ),
    Mutant(
        "ring floor one too low",
        DUCK + "hot.py",
        "np.where(evicted == NEVER, NEVER, evicted + 1)",
        "np.where(evicted == NEVER, NEVER, evicted)",
        "a reading just dropped from memory is taken for new and stored twice",
        (HOT + "test_every_key_is_known_right_or_left_to_the_database",),
    ),
    Mutant(
        "receipts outside the transaction",
        DUCK + "writer.py",
        "                records.write_entries(self._db, entries, number)\n",
        "",
        "after a restart the ledger has forgotten, and frames count anew",
        (CONTRACT + "test_what_was_committed_survives_a_reopen",),
    ),
    Mutant(
        "memory changes before COMMIT",
        DUCK + "writer.py",
        "                with committed(self._db, self._memory, self._guard):\n",
        "                self._apply(fresh, staged, verdict, placed, entries)\n"
        "                with committed(self._db, self._memory, self._guard):\n",
        "after a failed COMMIT the retry is taken for a redelivery, and its readings are lost",
        ("tests/unit/store/duckdb/test_writer.py::test_a_commit_that_fails_changes_nothing_and_its_retry_stores_all",),
    ),
    Mutant(
        "views keep nothing of what a commit changes",
        DUCK + "writer.py",
        "                    self._memory.before_change(staged.sensors, changing)\n",
        "",
        "one answer mixes two revisions: a commit's readings of one series and not those of another",
        (
            VIEW + "test_a_view_says_what_the_store_said_when_it_was_taken",
            VIEW + "test_answers_are_never_mixed_while_commits_do_not_cease",
        ),
    ),
    Mutant(
        "reads during a COMMIT take a snapshot of their own",
        DUCK + "reader.py",
        "standing.take() if standing else Snapshot",
        "Snapshot",
        "the database of one commit is read with the memory of another",
        ("tests/unit/store/duckdb/test_snapshot.py::test_while_the_database_commits_all_reads_are_of_what_was_before",),
    ),
    Mutant(
        "views during a COMMIT take a snapshot of their own",
        DUCK + "view.py",
        "return self.live.standing if self._kept is None else",
        "return None if self._kept is None else",
        "the database of one commit is read with the memory of another",
        ("tests/unit/store/duckdb/test_snapshot.py::test_while_the_database_commits_all_reads_are_of_what_was_before",),
    ),
    Mutant(
        "views see what is said of sensors later",
        DUCK + "view.py",
        "            self._said.setdefault(name, self._registry.attributes(*name))",
        "            self._said.pop(name, None)",
        "an answer groups readings by rooms that their sensors came to afterwards",
        (VIEW + "test_a_view_says_what_the_store_said_when_it_was_taken",),
    ),
    Mutant(
        "selectors read without a view",
        "api/prometheus/fetch.py",
        "        if len({_name(need) for need in needed}) > 1:\n            self.reader = self.steady\n",
        "",
        "two selectors of one expression see different commits",
        ("tests/unit/api/prometheus/test_one_revision.py::test_two_selectors_see_the_same_commits",),
    ),
    Mutant(
        "a retry is stamped anew",
        "pipeline/repeats.py",
        "            return memory if key is not None else replace(memory, receipt=self.next_id(), durable=False)",
        "            again = self._stamps.next()\n"
        "            return memory if key is not None else replace(memory, stamp=again, receipt=self.next_id(), durable=False)",
        "a repeated original beats the correction that was made in between",
        (GATE + "test_a_retry_of_equal_content_keeps_its_stamp_so_that_it_cannot_beat_a_correction",),
    ),
    Mutant(
        "a retry is cut into lanes anew",
        "pipeline/gate.py",
        "        return offer.split(memory.seen - after - _SLACK) if after else [offer]",
        "        return offer.split(self._clock.now() - after - _SLACK) if after else [offer]",
        "a frame's id comes again with other readings, which the store takes for a redelivery",
        ("tests/unit/pipeline/test_gate_backlog.py::test_a_retry_is_cut_where_the_first_try_was_though_time_went_by",),
    ),
    Mutant(
        "a key's receipt is not remembered",
        "pipeline/gate.py",
        "        if memory.durable and key is not None:\n            return memory.receipt\n        news",
        "        news",
        "a request repeated with its Idempotency-Key is sent again",
        (GATE + "test_an_idempotency_key_answers_a_repetition_without_sending_it_again",),
    ),
    Mutant(
        "gate byte bound off",
        "pipeline/gate.py",
        "        if total + size > bound and total:",
        "        if total + size > bound and total < 0:",
        "memory grows without end while the broker is slow",
        (GATE + "test_over_the_bound_a_request_is_refused_at_once_and_nothing_is_held_back_later",),
    ),
    Mutant(
        "attributes announced before they are durable",
        "pipeline/gate.py",
        "        news = self._news(batch)\n",
        "        news = self._news(batch)\n        self._announce(tenant, news)\n",
        "what a sender said about its sensor is lost with a failed publish",
        (GATE + "test_attributes_of_a_failed_request_are_sent_with_the_next",),
    ),
    Mutant(
        "heartbeat off",
        "pipeline/runner.py",
        "            beats = [delivery.heartbeat() for held in self._held.values() for delivery in held.values()]",
        "            beats = [delivery.heartbeat() for delivery in ()]",
        "a store that stalls makes the broker send everything again and again",
        (RUNNER + "test_messages_held_through_a_stall_are_not_delivered_again",),
    ),
    Mutant(
        "dead letter on Unavailable",
        "pipeline/runner.py",
        "            except Unavailable as error:\n                self.stats[lane].failures += 1\n",
        "            except Unavailable as error:\n                return await self._isolate(lane, work, error)\n"
        "                self.stats[lane].failures += 1\n",
        "an outage turns good readings into dead letters",
        (RUNNER + "test_nothing_is_acked_while_the_store_is_away_and_all_is_stored_when_it_returns", WORLDS),
    ),
    Mutant(
        "a poisoned frame takes its neighbours with it",
        "pipeline/runner.py",
        "        if len(work) > 1:\n",
        "        if len(work) > 1_000_000:\n",
        "one frame that cannot be stored stops the lane, or costs the frames beside it",
        (RUNNER + "test_a_frame_that_can_never_be_stored_becomes_a_dead_letter_and_its_neighbours_are_stored",),
    ),
    Mutant(
        "-0.0 not normalised",
        "pipeline/admit.py",
        "    return value + 0.0\n",
        "    return value\n",
        "equal values have different bits, and which stays depends on order",
        (ADMIT + "test_negative_zero_is_zero",),
    ),
    Mutant(
        "as_of from the clock",
        "query/engine.py",
        "        as_of = self._freshness.as_of(lanes) if waiting else began\n        body = await self._body_unless",
        "        as_of = began\n        body = await self._body_unless",
        "an answer claims to be fresh while acknowledged readings are missing in it",
        (
            ENGINE + "test_under_load_an_answer_does_not_wait_and_says_that_it_is_not_complete",
            ENGINE + "test_freshness_is_read_before_the_data",
        ),
    ),
    Mutant(
        "as_of passes over gaps",
        "pipeline/frontier.py",
        "        while self._above and self._above[0][0] <= self._next:\n",
        "        while self._above:\n",
        "after a crash an answer is called fresh while what the dead process held is missing in it",
        (
            FRONTIER + "test_a_message_that_was_never_delivered_holds_the_frontier_until_it_comes",
            WORLDS,
        ),
    ),
    Mutant(
        "refused rows not counted in flight",
        "bus/wire.py",
        "rows.get(part.source, 0) + part.accepted + part.rejected",
        "rows.get(part.source, 0) + part.accepted",
        "the ledger does not add up while a frame is in flight",
        ("tests/unit/bus/test_wire.py::test_rows_are_counted_per_source_and_read_back_from_the_header",),
    ),
    Mutant(
        "answers never age",
        "query/cached.py",
        "held.current and held.age < self._fresh(held.answer)",
        "held.current",
        "what was read once is given out for ever",
        (CACHED + "test_an_answer_about_the_past_is_only_asked_whether_it_changed",),
    ),
    Mutant(
        "age counts from the answer",
        "store/cache/memory.py",
        "_Kept(value, lease, lease.began + keep, size)",
        "_Kept(value, lease._replace(began=self._now()), lease.began + keep, size)",
        "a slow answer is old when it comes and is called new",
        (CACHE + "test_age_counts_from_the_lease_and_is_never_understated",),
    ),
    Mutant(
        "versions without revisions",
        "query/versions.py",
        "int(hours.max(initial=0))",
        "len(hours[:0])",
        "late data and corrections in old hours are never seen by who asked before",
        (
            "tests/unit/query/test_versions.py::test_late_data_and_corrections_and_moves_change_it",
            TRUTH,
        ),
    ),
    Mutant(
        "a lease outlives a write",
        "store/cache/memory.py",
        "        if lease.mark != self._marks.get(lease.tenant):\n            return False\n",
        "        lease = await self.lease(lease.tenant)\n",
        "a slow fill brings back what a write has made old",
        (CACHE + "test_a_fill_that_began_before_an_expiry_is_never_current",),
    ),
    Mutant(
        "a repetition is judged by the clock of now",
        "pipeline/repeats.py",
        "else memory.seen",
        "else now",
        "rows without a time are refused, or stored twice, when a request is sent again",
        (
            "tests/unit/api/test_write.py::test_rows_without_a_time_keep_the_one_that_they_were_given_first",
            "tests/unit/api/test_write.py::test_a_repetition_is_judged_by_the_moment_of_its_first_try",
        ),
    ),
    Mutant(
        "a new process waits for what a killed one was given",
        "bus/nats/bus.py",
        "        await take_over(self._connection, lane, self._config)\n",
        "",
        "after a kill some readings stay unseen until the ack wait is over",
        ("tests/contracts/test_bus_nats.py::test_what_a_killed_process_was_given_comes_to_the_next_one_at_once",),
    ),
    Mutant(
        "what a full disk refuses is taken for a mistake",
        "bus/nats/lanes.py",
        "frozenset({10012, 10104})",
        "frozenset[int]()",
        "a full disk ends the whole platform for good",
        ("tests/contracts/test_bus_nats.py::test_a_consumer_that_the_disk_has_no_room_for_is_made_once_it_has",),
    ),
    Mutant(
        "a busy process takes nothing to be in flight",
        "pipeline/runner.py",
        "            held = {lane: len(self._held[lane]) for lane in Lane}\n",
        "            held = dict.fromkeys(Lane, 0)\n",
        "answers are called complete while readings are on their way",
        (BACKLOG + "test_while_large_commits_follow_one_another_what_is_in_flight_is_told_without_the_broker",),
    ),
    Mutant(
        "what holds into an aggregate is looked for nearby only",
        DUCK + "selects.py",
        "join([before, reach_back(cursor, far, 1, near)])",
        "before",
        "a sensor that reports by the hour has no value between its readings",
        (CONTRACT + "test_what_holds_into_aggregates_is_the_last_reading_wherever_it_lies",),
    ),
)
