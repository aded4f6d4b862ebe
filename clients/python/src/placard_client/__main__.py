"""`python -m placard_client` is `placard-py`."""

import sys

from .command import main

sys.exit(main())
