import BeatCore
import BeatDriver

/// The families in the order of the text. What they measure, and where that is less than their names say, is in their
/// help.
extension DaemonMetrics {
  func writeState(_ vitals: DaemonVitals, to text: inout MetricsText) {
    text.begin("reactivebeat_build", .info, "The daemon's version, and the kinds of its store and broker.")
    text.sample(1, [("version", build.version), ("store", build.store), ("broker", build.broker)])
    text.begin("reactivebeat_ready", .gauge, "1 if the daemon is ready, as /readyz says, else 0.")
    text.sample(vitals.isReady ? 1 : 0)
    text.begin("reactivebeat_leading", .gauge, "1 if this daemon leads, so that it fires, else 0.")
    text.sample(vitals.isLeading ? 1 : 0)
    text.begin(
      "reactivebeat_leadership_changes", .counter, "How often this daemon has begun or stopped to lead.")
    text.sample(counts.leadershipChanges)
    if let age = vitals.leaseAge {
      text.begin(
        "reactivebeat_lease_age_seconds", .gauge,
        "Time since this daemon asked for what the store then confirmed: that it holds the lease. "
          + "Absent unless it leads with a lease.",
        unit: .seconds)
      text.sample(microseconds: age)
    }
    if let age = vitals.heardAge {
      text.begin(
        "reactivebeat_heard_age_seconds", .gauge,
        "Time since the store was last heard: the event of a heartbeat where edits are heard, else the answer to one.",
        unit: .seconds)
      text.sample(microseconds: age)
    }
    text.begin("reactivebeat_store_connected", .gauge, "1 if the daemon is connected to its store, else 0.")
    text.sample(vitals.isConnected ? 1 : 0)
    text.begin("reactivebeat_store_connections_lost", .counter, "Connections to the store that have ended unasked.")
    text.sample(vitals.storeConnectionsLost)
    if let outbox = vitals.outbox {
      text.begin(
        "reactivebeat_broker_connected", .gauge,
        "1 if the broker takes messages from the outbox, else 0. Only of the leader, and only with an outbox.")
      text.sample(outbox.isConnected ? 1 : 0)
    }
    text.begin(
      "reactivebeat_broker_connections_lost", .counter,
      "Connections of the outbox to the broker that have ended unasked.")
    text.sample(vitals.brokerConnectionsLost)
  }

  func writeSchedules(_ vitals: DaemonVitals, to text: inout MetricsText) {
    let schedules = vitals.schedules
    text.begin(
      "reactivebeat_schedules", .gauge,
      "Known documents: enabled, disabled, finished (enabled, and nothing comes any more), rejected (cannot be used).")
    text.sample(schedules.enabled, ("state", "enabled"))
    text.sample(schedules.disabled, ("state", "disabled"))
    text.sample(schedules.finished, ("state", "finished"))
    text.sample(schedules.rejected, ("state", "rejected"))
    text.begin(
      "reactivebeat_schedules_deferred", .gauge,
      "Schedules whose last attempt to fire was put off, and which have not fired since.")
    text.sample(schedules.deferred)
    if let next = vitals.nextSending {
      text.begin(
        "reactivebeat_next_due_timestamp_seconds", .gauge,
        "When the next message should be sent, with jitter; if schedules are late, since when. Absent if nothing is due.",
        unit: .seconds)
      text.sample(microseconds: next.microseconds)
    }
  }

  func writeFires(_ vitals: DaemonVitals, to text: inout MetricsText) {
    text.begin(
      "reactivebeat_fires", .counter,
      "Attempts to fire, by reason and outcome. After unknown, the attempt may count as confirmed, too: "
        + "its answer was lost, and it had succeeded.")
    for reason in FireCounts.reasons {
      for outcome in FireCounts.Outcome.allCases where FireCounts.isPossible(reason, outcome) {
        text.sample(counts.fires[reason, outcome], [("reason", reason.rawValue), ("outcome", outcome.word)])
      }
    }
    text.begin("reactivebeat_fires_in_flight", .gauge, "Attempts to fire whose answer has not come.")
    text.sample(vitals.firesInFlight)
    text.begin(
      "reactivebeat_occurrences_skipped", .counter,
      "Missed occurrences that the documents' catchup leaves out; at most 10000 of a schedule are counted at once.")
    text.sample(counts.skipped)
    text.begin(
      "reactivebeat_deferrals", .counter,
      "Occurrences put off, since the store refused them or its clock was behind. "
        + "Further attempts with the same reason do not count.")
    text.sample(counts.deferrals)
    text.begin(
      "reactivebeat_fire_lateness_seconds", .histogram,
      "Time from when a message should have been sent, with jitter, to the store's confirmation. "
        + "Attempts whose own answer was lost do not count.",
      unit: .seconds)
    text.samples(counts.onTime, ("reason", FireReason.schedule.rawValue))
    text.samples(counts.caughtUp, ("reason", FireReason.catchUp.rawValue))
    text.samples(counts.queued, ("reason", FireReason.queue.rawValue))
  }

  func writeEdits(to text: inout MetricsText) {
    text.begin(
      "reactivebeat_edits", .counter,
      "Edits taken in after the first load, by result: loaded (a new schedule), changed, removed, rejected.")
    text.sample(counts.edits.loaded, ("result", "loaded"))
    text.sample(counts.edits.changed, ("result", "changed"))
    text.sample(counts.edits.removed, ("result", "removed"))
    text.sample(counts.edits.rejected, ("result", "rejected"))
    text.begin(
      "reactivebeat_edit_to_effect_seconds", .histogram,
      "Time from an edit's event to the edit in force. Edits of a document that is being read count as one. "
        + "In a storm of more than \(DaemonEvent.mostTimedEdits) edited documents at once the others are not timed.",
      unit: .seconds)
    text.samples(counts.editToEffect)
  }

  func writeOutbox(_ vitals: DaemonVitals, to text: inout MetricsText) {
    if let count = vitals.outbox?.count {
      text.begin(
        "reactivebeat_outbox_messages", .gauge,
        "Messages that wait in the store for the broker, as last read and counted along since. Only of the leader.")
      text.sample(count)
      text.begin(
        "reactivebeat_outbox_age_seconds", .gauge,
        "How long the oldest message has waited in the outbox, at least: since it was put there while the outbox was empty, "
          + "or since this daemon first knew it to be there. 0 if none waits.",
        unit: .seconds)
      text.sample(microseconds: vitals.outbox?.age ?? 0)
    }
    text.begin("reactivebeat_messages_relayed", .counter, "Messages that have left the outbox for the broker.")
    text.sample(counts.relayed)
    text.begin(
      "reactivebeat_messages_set_aside", .counter,
      "Messages that the broker will never take. They wait for a person: see beat-watch doctor.")
    text.sample(counts.setAside)
    text.begin("reactivebeat_possible_repeats", .counter, "Messages that the broker may have twice.")
    text.sample(counts.possibleRepeats)
  }

  func writeUpkeep(_ vitals: DaemonVitals, to text: inout MetricsText) {
    text.begin(
      "reactivebeat_audit_repairs", .counter, "Edits that audits have found without an event. It must stay 0.")
    text.sample(counts.repairs)
    text.begin("reactivebeat_audit_failures", .counter, "Audits that came to no verdict.")
    text.sample(vitals.auditFailures)
    text.begin(
      "reactivebeat_changes_missed", .counter,
      "How often all schedules were read again on the same connection, since changes were missed or may have been.")
    text.sample(counts.changesMissed)
    text.begin(
      "reactivebeat_loop_delay_seconds", .histogram,
      "How late a timer of the daemon's loop goes off, once a second. A millisecond is the timer's own.",
      unit: .seconds)
    text.samples(loop.delays)
  }

  func writeSingleSchedules(_ vitals: DaemonVitals, to text: inout MetricsText) {
    guard let counted = schedules?.schedules else { return }
    text.begin("reactivebeat_schedule_fires", .counter, "Fires of one schedule, runs by hand among them.")
    for schedule in counted { text.sample(schedule.fires, "schedule", escaped: schedule.label) }
    text.begin(
      "reactivebeat_schedule_last_due_timestamp_seconds", .gauge,
      "The newest due time of a schedule that was fired. Absent if none was since the daemon's start.",
      unit: .seconds)
    for schedule in counted {
      guard let due = schedule.lastDue else { continue }
      text.sample(microseconds: due.microseconds, "schedule", escaped: schedule.label)
    }
    text.begin(
      "reactivebeat_schedules_without_metrics", .gauge, "Schedules in force that have no metrics, for lack of room.")
    text.sample(max(0, vitals.schedules.inForce - counted.count))
  }

  func writeProcess(_ figures: ProcessFigures, to text: inout MetricsText) {
    if let value = figures.residentMemory {
      text.begin("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", unit: .bytes)
      text.sample(value)
    }
    if let value = figures.processorTime {
      text.begin("process_cpu_seconds", .counter, "Total user and system CPU time spent in seconds.", unit: .seconds)
      text.sample(microseconds: value)
    }
    if let value = figures.startedAt {
      text.begin(
        "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.", unit: .seconds)
      text.sample(microseconds: value.microseconds)
    }
    if let value = figures.openDescriptors {
      text.begin("process_open_fds", .gauge, "Number of open file descriptors.")
      text.sample(value)
    }
    if let value = figures.mostDescriptors {
      text.begin("process_max_fds", .gauge, "Maximum number of open file descriptors.")
      text.sample(value)
    }
  }
}
