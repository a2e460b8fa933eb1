import BeatCore

/// Checks the server: its version and kind, its replica set, what it keeps on disk, and who can read the way to it.
extension MongoDoctor {
  package func examineServer() throws {
    let facts = try client.ask { client throws(MongoError) in try client.facts() }
    let members = try client.ask { client throws(MongoError) in try ReplicaSetMembers.read(client) }
    let product = "MongoDB \(facts.version.isEmpty ? "of an unknown version" : facts.version.printable)"
    if let problem = facts.problem {
      findings.add(.problem, "server", "\(url) \(problem)", fix: "another server in --store-url")
    } else if let name = facts.setName {
      findings.add(
        facts.isWritablePrimary ? .ok : .problem, "server",
        "\(url) is \(product), replica set \(name.printable), "
          + (facts.isWritablePrimary ? "a primary" : "and takes no writes: it is no primary"),
        fix: facts.isWritablePrimary
          ? nil : "name all members in the URL: mongodb://a,b,c/?replicaSet=\(name.printable)")
    } else {
      findings.add(
        .problem, "server",
        "\(url) is \(product), and no replica set, and only a replica set tells of changes: edits are not heard at once",
        fix: replicaSetRemedy)
    }
    if let obstacle = members?.obstacle {
      findings.add(
        .problem, "members", obstacle, fix: "start the others; \(shell("rs.status()", on: "admin")) shows them")
    } else if let members, members.up < members.count {
      findings.add(
        .warning, "members",
        "\(Plural.of(members.up, "member")) of \(members.count) of the replica set can be reached",
        fix: "start the others; \(shell("rs.status()", on: "admin")) shows them")
    }
    examineTransport()
    try examineDisk()
  }

  private func examineTransport() {
    let local = ["localhost", "[::1]"]
    let remote = url.hosts.first { host in
      let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
      return !local.contains(String(name)) && !host.hasPrefix("127.") && !host.hasSuffix(".sock")
    }
    guard let remote else { return }
    if !url.isEncrypted {
      findings.add(
        .warning, "tls",
        "the store at \(remote.printable) is spoken to without TLS: schedules and arguments can be read on the way",
        fix: "tls=true in the URL, where the server has TLS")
    } else if url.takesAnyCertificate {
      findings.add(
        .warning, "tls", "the store's certificate is not checked: anybody on the way can read and change everything",
        fix: "tlsCAFile= of your authority in the URL, instead of the option that takes any certificate")
    } else {
      findings.add(.ok, "tls", "the store is spoken to by TLS")
    }
  }

  /// Only a user who may see the server's status (the role clusterMonitor) is told.
  private func examineDisk() throws {
    let status = try client.ask { client throws(MongoError) -> BSONDocument? in
      do throws(MongoError) { return try client.run(["serverStatus": 1], on: "admin") } catch {
        guard case .server = error.kind, !error.endsSession else { throw error }
        return nil
      }
    }
    guard status?["storageEngine"]?["persistent"]?.bool == false else { return }
    findings.add(
      .warning, "persistence", "nothing is kept on disk: a restart of MongoDB loses all schedules, and what was fired",
      fix: "another storage engine in mongod.conf (storage.engine: wiredTiger)")
  }
}
