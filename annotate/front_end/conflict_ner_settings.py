"""Label Studio's own settings, and before its templates those of this folder; loaded by Label Studio alone.

`python -m annotate up` names it in DJANGO_SETTINGS_MODULE, with this folder on the PYTHONPATH.
"""

from pathlib import Path

from core.settings.base import *  # noqa: F403

# While core.settings.label_studio is being imported it asks Django for this one, which is to say: this module.
SENTRY_DSN = ""

from core.settings.label_studio import *  # noqa: E402, F403
from core.settings.label_studio import TEMPLATES  # noqa: E402

TEMPLATES[0]["DIRS"] = [str(Path(__file__).parent / "templates"), *TEMPLATES[0]["DIRS"]]
