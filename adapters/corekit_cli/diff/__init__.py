"""The command `corekit diff`: what may pages do with one policy, and not with another?

`command` is the command itself, `sources` reads the two policies, `revisions` gets files and code
from git, `isolated` reads a policy in a separate process, and `reports` writes the formats.
"""
