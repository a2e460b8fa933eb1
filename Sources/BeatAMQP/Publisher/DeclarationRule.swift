import BeatCore

/// Whether and how the daemon declares queues that are not there: the option `--broker-declare`.
package enum DeclarationRule: Hashable, Sendable, CustomStringConvertible {
  /// Workers declare their queues, and messages wait for them.
  case none
  case always(QueueDeclaration)
  /// As the workers do, by the application's manifest; as `none` where it does not say it.
  case application

  package init(option text: String) throws {
    self =
      switch text {
      case "none": .none
      case "application": .application
      default: .always(try QueueDeclaration(text))
      }
  }

  /// The option's value.
  package var description: String {
    switch self {
    case .none: "none"
    case .always(let declaration): "\(declaration)"
    case .application: "application"
    }
  }

  /// How a queue is declared that is not there; nil: it is not.
  func declaration(by application: ApplicationManifest?) -> QueueDeclaration? {
    switch self {
    case .none: nil
    case .always(let declaration): declaration
    case .application: application?.queueDeclaration.flatMap { try? QueueDeclaration($0) }
    }
  }

  /// How a queue that is missing may come. A queue in another form than the workers' would end them.
  var advice: String {
    switch self {
    case .application:
      "start a worker that consumes from it. The daemon declares it where the application has published how: python -m reactivebeat "
        + "publish -A APPLICATION"
    case .none, .always:
      "start a worker that consumes from it, or let the daemon declare it as the workers do: --broker-declare application "
        + "(reactivebeat_broker_declare in the application)"
    }
  }
}
