import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct EventLoopTests {
  @Test("deferred work runs in order after the call, and the work that it adds in a later turn")
  func deferredWork() throws {
    var order: [String] = []
    try onLoop { loop in
      loop.soon {
        order.append("first")
        loop.soon {
          order.append("added")
          loop.stop()
        }
      }
      loop.soon { order.append("second") }
      order.append("made")
    }
    #expect(order == ["made", "first", "second", "added"])
  }

  @Test("endless deferral does not starve a descriptor")
  func deferralIsFair() throws {
    try onLoop { loop in
      var turns = 0
      var served = false
      func again() {
        turns += 1
        if !served { loop.soon(again) }
      }
      again()
      // A wake timer is a descriptor, and is served between the turns.
      let holder = Holder<WakeTimer>()
      holder.value = try WakeTimer(on: loop) {
        #expect(turns > 1)
        served = true
        holder.value = nil
        loop.stop()
      }
      holder.value?.arm(at: BootClock.now().advanced(by: 10_000))
    }
  }

  @Test("stop before run returns at once, and deferred work waits for the next run")
  func stopFirst() throws {
    let loop = try EventLoop()
    var ran = 0
    loop.soon { ran += 1 }
    loop.stop()
    loop.run()
    #expect(ran == 0)
    loop.soon {
      ran += 1
      loop.stop()
    }
    loop.soon { ran += 1 }
    loop.run()
    #expect(ran == 2)
    loop.serveReady()
    #expect(ran == 3)
    #expect(!loop.isRunning)
  }

  @Test("a call on another thread than the loop's stops the process with a sentence")
  func wrongThread() async {
    await #expect(processExitsWith: .failure) {
      let loop = try EventLoop()
      var thread = pthread_t()
      pthread_create(
        &thread, nil,
        { loop in
          if let loop { Unmanaged<EventLoop>.fromOpaque(loop).takeUnretainedValue().soon {} }
          return nil
        }, Unmanaged.passUnretained(loop).toOpaque())
      pthread_join(thread, nil)
      withExtendedLifetime(loop) {}
    }
  }

  @Test("without descriptors there is an error, however many are left, and the process goes on")
  func noDescriptors() async {
    await #expect(processExitsWith: .success) {
      let descriptors = try ScarceDescriptors()
      for spare in 0..<12 {
        descriptors.leave(spare)
        var problem: EventLoopError?
        do throws(EventLoopError) {
          let loop = try EventLoop()
          _ = try (WakeTimer(on: loop) {}, LoopMailbox(on: loop), SignalSource(on: loop, signal: SIGUSR1) {})
        } catch { problem = error }
        descriptors.leave(12)
        #expect(problem?.description.contains("ulimit -n") ?? (spare > 4), "\(spare): \(problem as Any)")
      }
    }
  }

  @Test("a closed pipe is an error and not the end of the process")
  func ignoresSIGPIPE() throws {
    _ = try EventLoop()
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    #expect(write(ends[1], "x", 1) == -1)
    #expect(errno == EPIPE)
    close(ends[1])
  }
}
