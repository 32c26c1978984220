"""`python -m modelreuse.controller`: the operator's process."""

import asyncio
import sys
from pathlib import Path
from typing import get_args

import click

from modelreuse.controller.log import Format, set_up
from modelreuse.controller.running import Options, run


@click.command(context_settings={"auto_envvar_prefix": "MODELREUSE", "show_default": True})
@click.option("--worker-image", required=True, help="The image of assessment and verification pods.")
@click.option(
    "--namespace",
    "namespaces",
    envvar="MODELREUSE_NAMESPACES",
    multiple=True,
    help="Look after checks of this namespace only; repeatable.",
)
@click.option("--metrics-port", type=click.IntRange(0, 65535), default=8080, help="For /metrics, /healthz and /readyz.")
@click.option(
    "--log-format", type=click.Choice(get_args(Format)), default="plain", help="Lines for people or programs."
)
@click.option(
    "--gate-manifests",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the shipped admission-*.yaml, to compare with what is installed.",
)
@click.option("--resync-seconds", type=click.FloatRange(min=1), default=180, help="How often everything is listed.")
@click.option(
    "--electricity-maps-key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with a key of Electricity Maps, for CostProfiles with spec.grid.electricityMaps.",
)
def main(
    worker_image: str,
    namespaces: tuple[str, ...],
    metrics_port: int,
    log_format: Format,
    gate_manifests: Path | None,
    resync_seconds: float,
    electricity_maps_key_file: Path | None,
) -> None:
    """Runs the Model Reuse Operator until SIGTERM.

    Options are also read from the environment, as in MODELREUSE_WORKER_IMAGE and MODELREUSE_GATE_MANIFESTS.
    """
    set_up(log_format)
    options = Options(worker_image, namespaces, metrics_port, gate_manifests, resync_seconds, electricity_maps_key_file)
    try:
        asyncio.run(run(options))
    except (ConnectionError, ValueError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    sys.exit(main(prog_name="python -m modelreuse.controller"))
