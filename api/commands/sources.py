"""``flask sources``: read a file never seen before and propose its whole description, for a person to look at."""

from pathlib import Path

import click

from api.commands.running import Told, print_json
from api.database import current_deployment
from credit.collection.infer import Inference, infer_file
from credit.collection.infer_describe import Proposal, describe


@click.group(cls=Told)
def sources() -> None:
    """Descriptions of sources: propose one for a file that nobody has described."""


@sources.command("infer")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the description (YAML) here."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with a confidence per column.")
def infer_command(path: Path, output: Path | None, as_json: bool) -> None:
    """Read an unknown file and propose encoding, header, meanings, key, item and units. Samples are masked."""
    catalogue = current_deployment().catalogue
    inference = infer_file(path, catalogue)
    proposal = describe(inference, path.name, catalogue)
    if output is not None:
        output.write_text(proposal.as_yaml(), encoding="utf-8")
    if as_json:
        print_json(inference.as_json())
        return
    if output is None:
        click.echo(proposal.as_yaml(), nl=False)
    tell_inference(inference, proposal)


def tell_inference(inference: Inference, proposal: Proposal) -> None:
    """What was found, in a few words on standard error, beside the description itself."""
    header = "无表头" if inference.header_row is None else f"表头在第 {inference.header_row + 1} 行"
    sure = sum(1 for column in inference.columns if column.means != "ignore" and column.confidence >= 0.9)
    used = sum(1 for column in inference.columns if column.means != "ignore")
    click.echo(
        f"{inference.container}，{inference.encoding or '工作簿'}，{header}，{inference.rows:,} 行；"
        f"信息项 {inference.item or '未定'}；{used} 列有含义，其中 {sure} 列把握在 0.9 以上",
        err=True,
    )
    for reason in proposal.wanting:
        click.echo(f"需人工确认：{reason}", err=True)
