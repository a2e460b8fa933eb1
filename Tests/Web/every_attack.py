"""All attacks. Each kind is in a file of its own."""

import foreign  # noqa: F401
import framing  # noqa: F401
import logins  # noqa: F401
import crowds  # noqa: F401
from register import ALL  # noqa: F401
