import BeatCore
import ReactiveBeat

/// The thread that keeps the index true: it loads all documents, hears of edits and runs, and reads again what has
/// changed. A store that is lost is waited for, and loaded again.
///
/// Events are a hint: while somebody looks, all documents are read again from time to time, so that an edit of which no
/// event told is seen, too.
final class StoreListener: Sendable {
  private let mailbox: LoopMailbox.Sender
  private let holder: Holder

  /// Into it only the listener's thread looks.
  private final class Holder: @unchecked Sendable {
    var work: ListenerWork?
  }

  /// Starts the thread. It is the only caller of `index` that puts rows in, beside the desks that have changed one.
  ///
  /// Throws: the system has no thread or descriptor left.
  init(_ source: StoreSource, _ index: IndexDesk) throws {
    let (holder, start) = (Holder(), try ThreadStart<LoopMailbox.Sender>())
    try OwnThread.start {
      do throws(EventLoopError) {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox(on: loop)
        let work = ListenerWork(source, index, on: loop)
        holder.work = work
        work.reply = { [sender = mailbox.sender] reply in sender.post { if let work = holder.work { reply(work) } } }
        start.tell(.success(mailbox.sender))
        work.run()
        mailbox.close()
        holder.work = nil
      } catch { start.tell(.failure(error)) }
    }
    mailbox = try start.wait()
    self.holder = holder
  }

  /// Asks for documents to be read again.
  func readAgain(_ names: [EntryName]) { post { $0.readAgain(names) } }

  /// Tells which schedules are shown by some browser, and whether there are browsers.
  func show(_ names: Set<EntryName>, hasBrowsers: Bool) { post { $0.show(names, hasBrowsers: hasBrowsers) } }

  /// Ends the thread after its present call.
  func close() { post { $0.end() } }

  private func post(_ work: @escaping @Sendable (ListenerWork) -> Void) {
    mailbox.post { [holder] in if let listener = holder.work { work(listener) } }
  }
}
