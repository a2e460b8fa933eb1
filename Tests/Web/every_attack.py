"""All attacks. Each kind is in a file of its own; the last one judges what the others have seen."""

import foreign  # noqa: F401
import framing  # noqa: F401
import logins  # noqa: F401
import contents  # noqa: F401
import races  # noqa: F401
import crowds  # noqa: F401
import mongodb  # noqa: F401
import described  # noqa: F401
import storms  # noqa: F401
import leaks  # noqa: F401
from register import ALL  # noqa: F401
