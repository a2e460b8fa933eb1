@testable import BeatCore

/// What can happen in a simulation, and how fast time goes there.
struct World: Sendable, CustomStringConvertible {
  /// What is done to daemons, server and documents, beside the messages that are late.
  enum Harm: CaseIterable {
    /// The connections die; what is on its way is lost, or carried out later.
    case cut
    /// The connection of the events dies alone, and is made again.
    case silence
    /// kill -9, and another process.
    case kill
    /// No daemon runs for a while, and documents are edited.
    case absence
    /// SIGTERM, and another process.
    case terminate
    /// SIGSTOP for up to twice the lease.
    case freeze
    /// Answers and events are held up, while the daemon is alive.
    case deafen
    /// Nothing moves for a while: a busy machine.
    case stall
    /// A daemon reads everything anew.
    case reload
    case edit
    /// Another schedule, disabled, enabled.
    case reschedule
    /// Deleted, made again, spoilt.
    case spoil
    /// Somebody writes the same document several times in a row.
    case hurry
    case deleteLease
    /// Notifications are switched off. A daemon that misses its own switches them on again.
    case switchOff
    /// FLUSHDB, and the documents are written again, one by one.
    case flush
    /// SWAPDB with a database that holds nothing, and back a moment later.
    case swap
    /// The server dies and comes back with an older dump, queue included.
    case restart
    /// The same, but no connection notices.
    case rollBack
    /// The server's wall clock is set. (Those of the daemons' machines do not count.)
    case setServerClock
    /// The user of a daemon may not read, fire or write a heartbeat any more.
    case takeRights
    /// It may again.
    case giveRights
  }

  var description: String
  var schedules: [SimulatedSchedule]
  /// More than once: more often.
  var harms: [Harm]
  var hasLease = false
  /// Single events are lost, unnoticed until everything is read anew.
  var losesEvents = true
  /// How fast time goes: 1 for schedules of tens of milliseconds.
  var pace: Int64 = 1
  /// How far the clock of each daemon's machine is from the server's; microseconds, at most.
  var skew: Int64 = 80_000
  /// What is settled within this time of peace; microseconds.
  var peace: Int64 = 700_000
  var daemons = 1...3
  /// In seconds: bounds what a process makes up for that came after the clock was set ahead, and takes that for a
  /// sleep.
  var catchupWindow: Int?

  static let daily: [Harm] = [
    .cut, .cut, .kill, .absence, .stall, .edit, .edit, .reschedule, .spoil, .reload,
  ]
}

extension World {
  /// Each daemon is ready to fire at any time.
  static let withoutLease = World(
    description: "without a lease", schedules: SimulatedSchedule.intervals,
    harms: daily + [.silence, .silence, .terminate, .freeze])

  static let withLease = World(
    description: "with a lease", schedules: SimulatedSchedule.intervals,
    harms: daily + [.silence, .silence, .terminate, .freeze, .freeze, .deafen, .deafen, .deleteLease], hasLease: true,
    peace: 4_000_000)

  /// Nothing is read anew at peace: what the events tell is all there is.
  static let heard = World(
    description: "every event heard", schedules: SimulatedSchedule.intervals,
    harms: [
      .cut, .kill, .absence, .stall, .edit, .edit, .edit, .reschedule, .reschedule, .spoil, .spoil,
      .freeze, .deafen,
      .hurry,
      .hurry, .hurry,
    ],
    losesEvents: false)

  static let store = World(
    description: "a store that loses what it knew", schedules: SimulatedSchedule.intervals,
    harms: daily + [
      .freeze, .deafen, .restart, .restart, .rollBack, .flush, .swap, .switchOff, .switchOff, .deleteLease,
    ],
    hasLease: true, losesEvents: false, peace: 8_000_000)

  static let clock = World(
    description: "Redis' clock is set", schedules: SimulatedSchedule.intervals,
    harms: daily + [.setServerClock, .setServerClock, .freeze, .deafen], hasLease: true, peace: 4_000_000,
    catchupWindow: 20)

  static let crontabs = World(
    description: "crontabs", schedules: SimulatedSchedule.crontabs, harms: daily + [.reschedule, .freeze, .terminate],
    pace: 200, peace: 190_000_000)

  static let crontabsWithLease = World(
    description: "crontabs, with a lease", schedules: SimulatedSchedule.crontabs,
    harms: daily + [.reschedule, .freeze, .deafen, .terminate, .deleteLease], hasLease: true, losesEvents: false,
    pace: 200, peace: 500_000_000)

  /// Daemons that may not do what they need: while one may, it fires.
  static let rights = World(
    description: "rights are taken and given back", schedules: SimulatedSchedule.intervals,
    harms: daily + [
      .silence, .silence, .takeRights, .takeRights, .takeRights, .giveRights, .terminate, .freeze, .deafen,
      .deleteLease,
    ],
    hasLease: true, peace: 9_000_000)

  static let all = [withoutLease, withLease, heard, store, crontabs, crontabsWithLease, rights]
  /// Those in which the core is known to fall short: they run when they are asked for by name.
  static let open = [clock]
}

/// A schedule of a simulated world.
struct SimulatedSchedule: Sendable {
  /// What is done to a document. All are edited, and saved by people who read them some time ago.
  enum Kind {
    /// Keeps its schedule, so that every occurrence can be counted.
    case kept
    /// Rescheduled, disabled and enabled too: each occurrence counts from when the watermark says that it was heard.
    case switched
    /// Deleted and made again too.
    case remade
    /// Spoilt too. Some are so rarely due that no run tells what an event has not told.
    case loose
  }

  var name: EntryName
  var kind: Kind
  var catchup: Catchup.Policy
  /// The fields that say when; the first is the one it is made with.
  var whens: [String]

  init(_ name: String, _ kind: Kind, _ catchup: Catchup.Policy = .all, _ whens: String...) {
    self.name = EntryName(name)
    self.kind = kind
    self.catchup = catchup
    self.whens = whens
  }

  private static func every(_ milliseconds: Int) -> String {
    #""interval": {"every": \#(milliseconds), "period": "milliseconds"}"#
  }

  static let intervals =
    [40, 60, 90, 150, 250].map { SimulatedSchedule("kept-\($0)", .kept, .all, every($0)) }
    + [SimulatedSchedule("switched", .switched, .all, every(70), every(110), every(30))]
    + [SimulatedSchedule("remade", .remade, .all, every(80), every(130))]
    + [50, 100, 3_600_000, 7_200_000].map { SimulatedSchedule("loose-\($0)", .loose, .all, every($0), every($0 + 23)) }

  private static func crontab(_ minute: String, _ zone: String) -> String {
    #""crontab": {"minute": "\#(minute)"}, "timezone": "\#(zone)""#
  }

  static let crontabs = [
    SimulatedSchedule("all", .kept, .all, crontab("*", "UTC")),
    SimulatedSchedule("kolkata", .kept, .all, crontab("*", "Asia/Kolkata")),
    SimulatedSchedule("latest", .kept, .latest, crontab("*", "Europe/Berlin")),
    SimulatedSchedule("none", .kept, .none, crontab("*", "Australia/Lord_Howe")),
    SimulatedSchedule("switched", .switched, .all, crontab("*", "UTC"), crontab("*/2", "America/New_York")),
    SimulatedSchedule(
      "mixed", .switched, .all, #""interval": {"every": 45, "period": "seconds"}"#, crontab("*/2", "UTC")),
    SimulatedSchedule("remade", .remade, .all, crontab("*", "UTC"), crontab("*/2", "UTC")),
    SimulatedSchedule("loose", .loose, .latest, crontab("*", "Asia/Tokyo"), crontab("*/3", "Asia/Tokyo")),
  ]

  /// A document from scratch, told from others by its arguments.
  func document(_ number: Int, when: Int = 0, enabled: Bool = true, window: Int? = nil) -> [UInt8] {
    let window = window.map { #""catchup_window": \#($0)"# } ?? ""
    return Array(
      Sample.document(
        #""enabled": \#(enabled)"#, #""catchup": "\#(catchup)""#, window, #""args": [\#(number)]"#, whens[when],
        interval: nil
      ).utf8)
  }
}
