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
    0xF459_3B7E_3F61_40EE, 0xC719_0E7D_2761_8AF2, 0x1601_4C5D_3DBB_AD13, 0x67FA_6051_4A8A_81E3,
    0x6AB4_C8E1_4BA9_756D, 0xDCDC_0577_16E1_BF73, 0xD9D2_5BDF_6D37_7FC3, 0x6E80_5BFE_02EB_8C89,
    0x6CD1_D49F_55D1_0C47, 0x7DFF_31ED_C6F7_DF67,
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
