/// What an adapter's author may get wrong, one method at a time, and the case that must find it.
enum StoreFault: String, CaseIterable, Sendable {
  // names and documents
  case aWalkEndsAfterItsFirstPage, aPageHasAllNames, aReadIsInAnotherOrder, aReadForgetsWatermarks, aReadIsUnbounded
  // fires
  case compareAndSetAlwaysWins, aRepeatCountsAsAFire, aFireLeavesNoWatermark, aBatchIsCarriedOutBackwards
  case oneOutcomeForABatch, firesEarly, theFenceIsNotAsked, aLostOutcomeCountsAsDone, aFullOutboxCountsAsRoom
  case aGoneDocumentCountsAsChanged
  // watermarks
  case putAbsentOverwrites, replaceAlwaysWins, aSweepForgetsAll
  // rules of all answers
  case answersInside, answersTwice, aLostAnswerCountsAsDone
  // heartbeat and lease
  case twoHoldTheLease, releaseDoesNothing, anyoneMayRelease, aTokenComesAgain, theHeartbeatBeforeIsForgotten
  case theWordNeverChanges, anOfferIsNotHeard, takesWithoutAsking
  // feed
  case deafToDeletions, editsAreTakenForFires, theFeedDiesSilently, theEndIsNotTold, theLeaseEndsUnheard
  case requestsAreUnheard, speaksAfterClose
  // records, receipts, requests
  case aRecordStaysForEver, aSweepKeepsTheDead, aReceiptStaysForEver, aRequestIsCarriedOutTwice, deadlinesDoNotCount
  case whoAskedIsNotTold, aManifestIsCut, aManifestIsUnheard
  // outbox
  case theNewestComesFirst, anOutboxPageIsUnbounded, theOldestIsTakenOutInsteadOfTheItem, nothingEverMoves
  case theOutboxIsNeverEmpty, aMessageSetAsideIsLost, aMessageSetAsideStays, theReasonIsForgotten
  case whatFindsNoRoomIsLost
  case aRehearsalCannotBeCancelled

  /// The case that must find it.
  var caughtBy: String {
    switch self {
    case .aWalkEndsAfterItsFirstPage, .aPageHasAllNames:
      "a walk finds each document, and nothing else"
    case .aReadIsInAnotherOrder, .aReadForgetsWatermarks:
      "documents are read with their watermarks, in the order of their names"
    case .aReadIsUnbounded:
      "a read is bounded, begins with the first name and comes forward"
    case .compareAndSetAlwaysWins:
      "a late compare-and-set loses"
    case .aRepeatCountsAsAFire:
      "a repeated commit answers \"already\", and sends nothing"
    case .aFireLeavesNoWatermark:
      "a fire replaces the document, sets the watermark and sends the message"
    case .aBatchIsCarriedOutBackwards:
      "messages for one queue keep the order of a batch, and of batches"
    case .oneOutcomeForABatch:
      "each of a batch has its own outcome: one that cannot fire stops no other"
    case .firesEarly:
      "nothing is fired early by the store's clock"
    case .theFenceIsNotAsked:
      "a stale fencing token is refused by all that only the holder may do"
    case .aLostOutcomeCountsAsDone:
      "an outcome that was lost is found again by repeating it"
    case .aFullOutboxCountsAsRoom:
      "a full outbox refuses and says so, and takes again what there is room for"
    case .aGoneDocumentCountsAsChanged:
      "what is gone does not fire"
    case .putAbsentOverwrites:
      "a watermark is put where there is none, and where one stands it is told"
    case .replaceAlwaysWins:
      "a watermark is replaced only where the expected one stands"
    case .aSweepForgetsAll:
      "a sweep forgets old watermarks of documents that are gone, and no others"
    case .answersInside, .answersTwice:
      "answers come once, in the order of the calls, and never inside them"
    case .aLostAnswerCountsAsDone:
      "a watermark whose answer was lost stands, and is not put twice"
    case .twoHoldTheLease:
      "a lease has one holder"
    case .releaseDoesNothing, .anyoneMayRelease:
      "release frees the lease, and only its holder's does"
    case .aTokenComesAgain:
      "a lease that is taken anew has another token, whoever takes it"
    case .theHeartbeatBeforeIsForgotten:
      "a heartbeat tells the one before"
    case .theWordNeverChanges:
      "the word of the contents stays while they do, and never comes again"
    case .anOfferIsNotHeard:
      "only a lease that its holder offers may be taken over"
    case .takesWithoutAsking:
      "who asks for nothing gets nothing, and renews nothing"
    case .deafToDeletions:
      "an edit, a new document and a deletion are heard"
    case .editsAreTakenForFires:
      "an edit is never told as a write in place alone"
    case .theFeedDiesSilently:
      "a feed that died says so, and what changed meanwhile must be looked at again"
    case .theEndIsNotTold:
      "a session that the server ends says so once, after its open calls are lost, and is silent then"
    case .theLeaseEndsUnheard:
      "a lease that was given back, or ran out, is heard"
    case .requestsAreUnheard:
      "a request for a run by hand is heard"
    case .speaksAfterClose:
      "close() ends without a word, and what is open is lost in a later turn"
    case .aRecordStaysForEver:
      "a daemon's record is listed, replaced and taken away"
    case .aSweepKeepsTheDead:
      "a sweep takes out the records of the dead, and keeps those of the living"
    case .aReceiptStaysForEver:
      "receipts are written, replaced and taken away, and a walk finds each"
    case .aRequestIsCarriedOutTwice:
      "a request is found, carried out once and answered"
    case .deadlinesDoNotCount:
      "a request whose deadline has passed is not carried out"
    case .whoAskedIsNotTold:
      "a request that is refused is answered with the reason"
    case .aManifestIsCut:
      "the application's manifest is read to the byte, and there may be none"
    case .aManifestIsUnheard:
      "a manifest that is published or taken back is heard"
    case .theNewestComesFirst, .theOutboxIsNeverEmpty:
      "what was fired waits in the outbox, the oldest first, with its route and its task"
    case .anOutboxPageIsUnbounded:
      "a page of the outbox is bounded by count and by bytes, and never empty"
    case .theOldestIsTakenOutInsteadOfTheItem:
      "an item is taken out alone, and once"
    case .nothingEverMoves:
      "what is passed over is passed over only while it is in its place"
    case .aMessageSetAsideIsLost, .aMessageSetAsideStays, .theReasonIsForgotten:
      "a message is set aside alone and once, with its reason"
    case .whatFindsNoRoomIsLost:
      "the place of messages set aside is bounded, and what finds no room stays"
    case .aRehearsalCannotBeCancelled:
      "a rehearsal finds that all is allowed, and leaves nothing behind"
    }
  }
}
