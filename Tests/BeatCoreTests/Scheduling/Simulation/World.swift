@testable import BeatCore

/// What can happen in a simulation, and how fast time goes there.
struct World: Sendable, CustomStringConvertible {
  /// What is done to daemons, server and documents, apart from the delay of each message.
  enum Harm: CaseIterable {
    /// A daemon's connections die; open requests are lost, or carried out later.
    case cut
    /// The connection of the events dies alone, and is made again.
    case silence
    /// kill -9, and then another process starts.
    case kill
    /// No daemon runs for a while, and documents are edited.
    case absence
    /// SIGTERM, and then another process starts.
    case terminate
    /// SIGSTOP for up to one and a half times the `patience`.
    case freeze
    /// Answers and events are delayed, while the daemon is alive.
    case deafen
    /// Nothing happens for a while, as on a busy machine.
    case stall
    /// A daemon loads everything again.
    case reload
    case edit
    /// The document gets another schedule, or is disabled or enabled.
    case reschedule
    /// The document is deleted, made again, or made unreadable.
    case spoil
    /// A client changes the same document several times in a row.
    case hurry
    case deleteLease
    /// Notifications are switched off. A daemon that misses its own heartbeat's event switches them on again.
    case switchOff
    /// FLUSHDB, and then the documents are written again, one by one.
    case flush
    /// SWAPDB with an empty database, and back a moment later.
    case swap
    /// The server dies and comes back with an older dump, and so does the queue.
    case restart
    /// The store goes back as after a restart, but no connection is lost.
    case rollBack
    /// The server's wall clock is set. (The clocks of the daemons' machines do not count.)
    case setServerClock
    /// A daemon's user may no longer read, fire or write a heartbeat.
    case takeRights
    /// A daemon's user gets all rights back.
    case giveRights
  }

  var description: String
  var schedules: [SimulatedSchedule]
  /// The harms that happen; one that is named more than once is more frequent.
  var harms: [Harm]
  var hasLease = false
  /// Whether single events are lost, which stays unnoticed until everything is loaded again.
  var losesEvents = true
  /// How fast time goes: 1 for schedules of tens of milliseconds.
  var pace: Int64 = 1
  /// How far the clock of each daemon's machine may be from the server's; microseconds.
  var skew: Int64 = 80_000
  /// The time of peace within which everything must be settled; microseconds.
  var peace: Int64 = 700_000
  var daemons = 1...3
  /// The documents' `catchup_window`; seconds. It limits the catching up of a process that starts after the clock was
  /// set ahead, and takes that for a long sleep.
  var catchupWindow: Int?

  static let daily: [Harm] = [
    .cut, .cut, .kill, .absence, .stall, .edit, .edit, .reschedule, .spoil, .reload,
  ]
}

extension World {
  /// Each daemon may fire at any time.
  static let withoutLease = World(
    description: "without a lease", schedules: SimulatedSchedule.intervals,
    harms: daily + [.silence, .silence, .terminate, .freeze])

  static let withLease = World(
    description: "with a lease", schedules: SimulatedSchedule.intervals,
    harms: daily + [.silence, .silence, .terminate, .freeze, .freeze, .deafen, .deafen, .deleteLease], hasLease: true,
    peace: 4_000_000)

  /// At peace nothing is loaded again: the daemons know only what the events told.
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

  /// Daemons lose rights that they need: as long as one daemon has all, it fires.
  static let rights = World(
    description: "rights are taken and given back", schedules: SimulatedSchedule.intervals,
    harms: daily + [
      .silence, .silence, .takeRights, .takeRights, .takeRights, .giveRights, .terminate, .freeze, .deafen,
      .deleteLease,
    ],
    hasLease: true, peace: 9_000_000)

  static let all = [withoutLease, withLease, heard, store, crontabs, crontabsWithLease, rights]
  /// The worlds in which the core is known to fall short. They run only when they are asked for by name.
  static let open = [clock]
}

/// A schedule of a simulated world.
struct SimulatedSchedule: Sendable {
  /// What is done to a document. All documents are edited, and saved by clients that read them some time ago.
  enum Kind {
    /// The document keeps its schedule, so that every occurrence can be counted.
    case kept
    /// The document is also rescheduled, disabled and enabled. Each occurrence counts from when the watermark shows
    /// that the edit was heard.
    case switched
    /// The document is also deleted and made again.
    case remade
    /// The document is also made unreadable. Some of these schedules are due so rarely that no run reveals an event
    /// that was missed.
    case loose
  }

  var name: EntryName
  var kind: Kind
  var catchup: Catchup.Policy
  /// The fields of the schedules that the document can have; the first is the one that it begins with.
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

  /// A new document, whose arguments differ from those of all others.
  func document(_ number: Int, when: Int = 0, enabled: Bool = true, window: Int? = nil) -> [UInt8] {
    let window = window.map { #""catchup_window": \#($0)"# } ?? ""
    return Array(
      Sample.document(
        #""enabled": \#(enabled)"#, #""catchup": "\#(catchup)""#, window, #""args": [\#(number)]"#, whens[when],
        interval: nil
      ).utf8)
  }
}
