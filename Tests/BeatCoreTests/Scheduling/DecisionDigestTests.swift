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
    0x6906_B0B0_F9D5_AA4A, 0x36AD_E9B9_E2CB_2AB4, 0xB243_5833_B264_4403, 0x8936_96D9_D818_24A1,
    0xD2D0_6768_5E8B_94BF, 0xE7F0_5B21_959D_CEFE, 0x38F4_1243_56D5_AD4B, 0x6E80_5BFE_02EB_8C89,
    0x3359_11D6_F53C_2137, 0x1742_6F56_7A23_A4AD,
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
