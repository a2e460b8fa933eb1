import BeatCore

extension RedisDoctor {
  package func examineRights() throws {
    let before = findings.count
    let store =
      CommandUse.all(of: .daemon, at: .store)
      + (client.clusterFit == nil ? [] : CommandUse.all(of: .daemon, at: .cluster))
    let examination = rightsExamination
    let queues = CommandUse.all(of: .daemon, at: areTwoServers ? .outbox : .queues)
    var users = try examination.examine(changeDetection + examination.rights(store + queues))
    if areTwoServers, let redisBroker { users.formUnion(try redisBroker.examineDaemonRights()) }
    if findings.count == before {
      let names = users.sorted().joined(separator: ", ")
      findings.add(
        .ok, "rights",
        "\(users.count == 1 ? "user" : "users") \(names) may do all that the daemon does with its own keys"
          + (redisBroker == nil ? "" : " and queue \(defaultQueue)"))
    }
    // A broker of another kind has users of its own.
    if redisBroker == nil { try brokerDoctor.examineRights() }
  }

  package func examineRights(to queues: Set<[UInt8]>) throws {
    guard brokerDoctor.broker != nil else { return }
    if areTwoServers { return try brokerDoctor.examineRights(to: queues) }
    let rights = rightsExamination.rights(to: queues)
    if !rights.isEmpty { _ = try rightsExamination.examine(rights) }
  }

  private var rightsExamination: RightsExamination {
    RightsExamination(
      client: client, scratch: client.keys.heartbeat("probe-rights"), kombu: kombu, defaultQueue: defaultQueue,
      findings: findings)
  }

  /// The commands for change detection: one subscription for each of the daemon's channels, and CONFIG if the setting
  /// lacks something. CLIENT TRACKING is not checked, since it is for servers without both.
  private var changeDetection: [RightsExamination.Right] {
    let lacksNotifications = (try? client.report().missingNotifications) != nil
    return CommandUse.all(of: .daemon, at: .store).flatMap { use -> [RightsExamination.Right] in
      switch use.name {
      case "PSUBSCRIBE":
        return client.keys.subscriptions(database: client.url.database).map { channel in
          RightsExamination.Right(
            use: use, key: nil, channel: channel, words: [Array("PSUBSCRIBE".utf8), channel], trial: nil)
        }
      case "CONFIG GET" where lacksNotifications, "CONFIG SET" where lacksNotifications:
        return [
          RightsExamination.Right(
            use: use, key: nil, channel: nil, words: use.words(on: nil), trial: use.writes ? nil : use.words(on: nil))
        ]
      default: return []
      }
    }
  }
}
