"""Asks the bot in the same container how it is, for Docker: 0 if it is well, 1 if not.

Without METRICS_LISTEN there is nobody to ask, and that the bot runs at all has to do.
"""

import http.client
import os
import sys


def main() -> int:
    """The exit status."""
    listen = os.environ.get("METRICS_LISTEN")
    if not listen:
        return 0
    connection = http.client.HTTPConnection(listen, timeout=3)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        sys.stdout.write(response.read().decode(errors="replace"))  # shown by `docker inspect`
    except (OSError, http.client.HTTPException) as error:
        sys.stdout.write(f"{listen} does not answer: {error}\n")
        return 1
    finally:
        connection.close()
    return 0 if response.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
