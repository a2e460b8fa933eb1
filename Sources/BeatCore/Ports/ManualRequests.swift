/// Runs that people ask for.
package protocol ManualRequests: AnyObject {
  /// One step through the requests that wait. A request that cannot be read is taken away, since it does not say whom to
  /// answer.
  ///
  /// - Parameter position: nil: a new walk begins.
  func page(from position: ScanPosition?, then: @escaping Completion<ManualRequestPage>)

  /// Carries a request out and answers it, in one step: never twice, and never after its deadline by the store's clock.
  func settle(_ request: ManualRequest, id: String, by step: ManualStep, then: @escaping (ManualOutcome) -> Void)

  /// Answers a request that is not carried out, so that its sender does not wait until the deadline.
  func refuse(_ id: String, because reason: String)
}

package struct ManualRequestPage {
  /// nil: this was the last step.
  package var next: ScanPosition?
  package var requests: [(id: String, request: ManualRequest)]

  package init(next: ScanPosition?, requests: [(id: String, request: ManualRequest)]) {
    self.next = next
    self.requests = requests
  }
}

/// What is done about a request.
package enum ManualStep {
  case fire(FirePlan)
  case refuse(String)

  package var plan: FirePlan? { if case .fire(let plan) = self { plan } else { nil } }
}

package enum ManualOutcome {
  case fired
  /// It was refused, and who asked has been told so.
  case refused(String)
  /// Another document stands there: an edit is on its way to us.
  case changed
  /// Nothing was sent, for a reason that is not the schedule's.
  case failed(Refusal)
  /// The request is settled already, or its deadline has passed, or the answer was lost.
  case over
}
