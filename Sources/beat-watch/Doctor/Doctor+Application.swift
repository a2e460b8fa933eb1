import BeatCore
import ReactiveBeat

/// Examines what the Celery application has published of itself.
extension Doctor {
  func examineApplication() throws {
    guard let bytes = try store.application() else {
      guard let name = fleet?.firing.first?.record?.applicationGone else { return }
      return add(
        .problem, "application",
        "the manifest of \(name) is gone, as after FLUSHALL: schedules go by what they say themselves",
        fix: "python -m reactivebeat publish -A APPLICATION")
    }
    let manifest: ApplicationManifest
    do throws(DocumentProblem) { manifest = try ApplicationManifest(bytes, context: context) } catch {
      return add(
        .problem, "application", "what the application has published cannot be used, and does not count: \(error)",
        fix: "python -m reactivebeat publish -A APPLICATION")
    }
    let date = manifest.publishedAt.map { ", published at \(TimeWords.short($0))" } ?? ""
    let host = manifest.publishedBy.map { " on \($0)" } ?? ""
    add(
      .ok, "application",
      "\(manifest.name) has said how it sends \(Plural.of(manifest.tasks.count, "task"))\(date)\(host)")
    if let told = manifest.transportOptions, let options = try? TransportOptions(json: told),
      options.keys != transportOptions.keys
    {
      add(
        .warning, "application",
        "the workers' broker_transport_options are \(options), and this command's \(transportOptions): messages would lie "
          + "where no worker looks",
        fix: "--broker-transport-options (CELERY_BROKER_TRANSPORT_OPTIONS), for the daemons too")
    }
  }
}
