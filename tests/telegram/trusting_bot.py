"""The bot as it is but for one thing: to it this machine is a site of the public internet, whatever the port."""

from bot import cli, links

if __name__ == "__main__":
    links.is_public = lambda address: True
    links._PORTS = (None, *range(1, 2**16))
    cli.main()
