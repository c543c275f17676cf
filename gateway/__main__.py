"""``python3 -m gateway``: the command ``crossing`` without an installation."""

from gateway import bootstrap

if __name__ == "__main__":
    bootstrap.enter(bootstrap.GATEWAY)

    from gateway.commands.cli import main

    main()
