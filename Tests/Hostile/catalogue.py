"""All hostile sets. Each kind is in a file of its own."""

import texts  # noqa: F401
import shares  # noqa: F401
import owned  # noqa: F401
import queues  # noqa: F401
import floods  # noqa: F401
from sets import ALL  # noqa: F401
