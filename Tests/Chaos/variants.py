"""The variants of the suite: which servers there are, and what can go wrong with them."""

import faults
import wrongclocks
from stage import Stage

STAGES = {
  "strict": Stage,
  "lossy": Stage,
  "clock": wrongclocks.ClockStage,
}

for _module in (wrongclocks,):
  faults.ALL += _module.ALL
