import Glibc
import Testing

@testable import BeatCore

/// Digests of what the scheduler decides in random situations. A change of the code that must not change a decision
/// changes no digest here. A change that is meant to alter decisions alters the digests of some blocks; the failing
/// test prints the new ones. `REACTIVEBEAT_DECISIONS=SEED` prints the life of one seed. Compared before and after, it
/// shows what has changed.
@Suite("Decisions: random lives of three schedules, digests of all actions")
struct DecisionDigestTests {
  private static let seedsInBlock = 100
  private static let events = 120

  private static let digests: [UInt64] = [
    0xD83E_DCF6_B82B_1D42, 0x855B_CB2C_3F5F_E9D9, 0x2DE8_F850_0819_858B, 0xDADC_FCE5_2A87_DCB8,
    0x3F52_672E_9D7D_C6DF, 0x1704_11BC_B281_B920, 0xFFCF_13F8_E7DD_CEAC, 0xF399_BB12_88B5_BB0B,
    0xE686_5BA8_5139_91C8, 0xCA6A_9C26_E7B2_53E2,
  ]

  @Test(arguments: digests.indices) func noDecisionHasChanged(block: Int) {
    let seeds = (1...Self.seedsInBlock).map { UInt64(block * Self.seedsInBlock + $0) }
    var digest: UInt64 = 0
    for seed in seeds {
      var life = RandomLife(seed: seed)
      life.live(Self.events)
      #expect(!life.hasErred, "seed \(seed): a move that no phase allows, or a place lost")
      digest = digest &* 31 &+ life.digest
    }
    #expect(digest == Self.digests[block], "seeds \(seeds[0]) to \(seeds[0] + 99): 0x\(String(digest, radix: 16))")
  }

  @Test(.enabled(if: getenv("REACTIVEBEAT_DECISIONS") != nil)) func printLife() throws {
    let text = try #require(getenv("REACTIVEBEAT_DECISIONS"))
    var life = RandomLife(seed: try #require(UInt64(String(cString: text))), isTraced: true)
    life.live(Self.events)
    print(life.trace.joined(separator: "\n"))
  }
}
