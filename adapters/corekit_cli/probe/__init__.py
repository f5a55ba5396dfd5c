"""`corekit probe`: asking a live server who may read its answers. One subject a file:

- `strangers`: origins that should be refused;
- `questions`: what is asked, and the answers;
- `findings`, `preflights`, `intrusions`: what the answers mean;
- `report`: what is printed;
- `command`: the command line.
"""

from .command import probe

__all__ = ["probe"]
