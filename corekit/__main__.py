"""``python -m corekit``: the `corekit` command, from the extra ``corekit[cli]``."""

from corekit_cli.__main__ import main

if __name__ == "__main__":
    main()
