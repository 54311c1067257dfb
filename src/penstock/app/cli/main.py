"""The command tree, and how a failure becomes a message and an exit code.

Exit codes: 0 ok · 1 failed · 2 a finding (such as rejected rows) · 64 wrong usage · 69 unavailable · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from penstock.app.cli import ask, energy, explain, export, files, grafana, keys, letters, platform, query, simulate
from penstock.app.console import fail
from penstock.model.errors import InvalidInput, PenstockError, Unavailable

__all__ = ["application", "main"]

EX_FAILED, EX_USAGE, EX_UNAVAILABLE, EX_INTERRUPTED = 1, 64, 69, 130


def application() -> typer.Typer:
    """The command tree; its modules only declare options, so that building it is quick."""
    from penstock.app.cli.catalog import install as install_catalog

    app = typer.Typer(
        name="penstock",
        help="Telemetry for buildings, batteries, energy sites and security events.",
        epilog="Start with `penstock up --demo`. Settings: docs/settings.md, or `penstock settings`.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_global)
    for module in (platform, files, simulate, query, export, ask, energy, explain, letters, keys, grafana):
        module.install(app)
    install_catalog(app)
    return app


def _global(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
) -> None:
    context.obj = {"debug": debug}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = application()(arguments, prog_name="penstock", standalone_mode=False) or 0
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        code = EX_INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - the outermost frame: everything becomes a message and a code
        code = 0 if _is_broken_pipe(error) else _report(error, arguments)
    sys.exit(code)


def _is_broken_pipe(error: BaseException) -> bool:
    """Whether the reader of our pipe went away (`| head`): nothing is wrong, and nobody is left to be told."""
    # Typer turns it into an exit of its own.
    if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
        return False
    # What is still buffered must not make the interpreter complain at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return True


def _report(error: BaseException, arguments: Sequence[str]) -> int:
    command = next((word for word in arguments if not word.startswith("-")), "")
    cause = _first_cause(error)
    if isinstance(cause, SystemExit):
        return cause.code if isinstance(cause.code, int) else EX_FAILED
    if isinstance(cause, KeyboardInterrupt):
        return EX_INTERRUPTED
    if "--debug" in arguments:
        traceback.print_exception(error)
    if isinstance(cause, typer.TyperException):
        format_message = getattr(cause, "format_message", cause.__str__)
        usage = getattr(cause, "exit_code", EX_FAILED) == 2
        fail(command, format_message(), hint=f"penstock {command} --help".replace("  ", " ") if usage else None)
        return EX_USAGE if usage else EX_FAILED
    if isinstance(cause, PenstockError):
        fail(command, cause.detail, code=cause.code, hint=cause.hint)
        if isinstance(cause, Unavailable):
            return EX_UNAVAILABLE
        return EX_USAGE if isinstance(cause, InvalidInput) and not _is_data_at_fault(cause) else EX_FAILED
    fail(
        command,
        f"{type(cause).__name__}: {cause}",
        hint="this is a defect of Penstock; `penstock --debug …` shows where, please report it",
    )
    return EX_FAILED


def _is_data_at_fault(error: InvalidInput) -> bool:
    """Whether a file is broken, as opposed to a command that asks for something that cannot be."""
    return error.code == "unreadable_file" or error.code.startswith("malformed_")


def _first_cause(error: BaseException) -> BaseException:
    """The first failure inside (nested) exception groups: the rest is what it brought down."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
