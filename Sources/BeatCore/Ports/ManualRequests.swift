/// Requests for runs by hand.
package protocol ManualRequests: AnyObject {
  /// One step of a walk through the requests that wait. A request that cannot be read is removed: it does not say who
  /// waits for the answer.
  ///
  /// - Parameter position: the position after the step before; nil: a new walk begins.
  func page(from position: ScanPosition?, then: @escaping Completion<ManualRequestPage>)

  /// Carries a request out and answers it, in one step. It never does so twice, and never after the request's deadline
  /// by the store's clock.
  func settle(_ request: ManualRequest, id: String, by step: ManualStep, then: @escaping (ManualOutcome) -> Void)

  /// Answers a request that is not carried out, so that its sender need not wait until the deadline.
  func refuse(_ id: String, because reason: String)
}

package struct ManualRequestPage {
  /// The position for the next step; nil: this was the last step.
  package var next: ScanPosition?
  package var requests: [(id: String, request: ManualRequest)]

  package init(next: ScanPosition?, requests: [(id: String, request: ManualRequest)]) {
    self.next = next
    self.requests = requests
  }
}

/// How a request is settled.
package enum ManualStep {
  case fire(FirePlan)
  case refuse(String)

  package var plan: FirePlan? { if case .fire(let plan) = self { plan } else { nil } }
}

package enum ManualOutcome {
  case fired
  /// The request was refused, and its sender has the reason.
  case refused(String)
  /// The stored document is another one than the plan's. The event of that edit has not come yet.
  case changed
  /// Nothing was sent, for a reason outside the schedule.
  case failed(Refusal)
  /// The request has been settled before, its deadline has passed, or the answer was lost.
  case over
}
