"""The variants of the suite: which servers there are, and what can go wrong with them."""

import failover
import faults
import wrongclocks
from stage import Stage

STAGES = {
  "strict": Stage,
  "lossy": Stage,
  "clock": wrongclocks.ClockStage,
  "failover": failover.FailoverStage,
}

faults.PHASES_OF["failover"] = failover.PHASES
for _module in (wrongclocks, failover):
  faults.ALL += _module.ALL
